/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_PARTS_LOOP_H
#define SIMULATION_PARTS_LOOP_H

/* What the tests of the loop (parts_loop.c, parts_polls.c) begin with; each is a program of its own. SIMULATED: what loop.c asks of the core. */

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "tests/unit/unit.h"

#ifdef SIMULATED
#include "core.h"

static struct core own_core = {.now_usec = 1000000000};
struct core *core = &own_core;

int64_t sim_now_usec(void)
{
        return core->now_usec;
}

unsigned sim_below(unsigned most)
{
        static unsigned number;

        return most ? number++ % most : 0;
}

_Noreturn void sim_violation(const char *invariant, const char *format, ...)
{
        ck_abort_msg("%s: %s", invariant, format);
}

bool descriptor_is_inotify(int fd)
{
        return false;
}

void life_runs(void)
{
}

void turn_once(uv_loop_t *its)
{
        if (!loop_is_ready())
                core->now_usec = loop_due_usec();
        loop_turn(its);
}

#define SIGNAL(number) loop_signal(number)
#else
#define SIGNAL(number) raise(number)
#endif

/* Each test is a process of its own, and leaves its loop as it is: that is no leak (asked by LeakSanitizer). */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
        return 1;
}

static uv_loop_t loop;
static char happened[256];

static void begin(void)
{
        happened[0] = '\0';
        ck_assert_int_eq(uv_loop_init(&loop), 0);
}

static void name_it(void *handle, const char *name)
{
        ((uv_handle_t *)handle)->data = (void *)name;
}

static void note(const void *handle)
{
        strcat(happened, ((const uv_handle_t *)handle)->data);
}

static void run(const char *expected)
{
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert_str_eq(happened, expected);
}

#endif
