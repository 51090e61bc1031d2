/* SPDX-License-Identifier: ISC */
/*
 * What ThreadSanitizer is there for: a job of the deputy's that writes what the loop reads meanwhile. Built with it only, and to be
 * found by it (meson.build): a sanitizer that does not see this one sees none.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "daemon/loop/deputy.h"

static int shared;
static bool over;

static void work(struct deputy_job *job)
{
        for (int i = 0; i < 1000; i++)
                shared++;
}

static void done(struct deputy_job *job, bool late)
{
        over = true;
}

static void drop(struct deputy_job *job)
{
}

int main(void)
{
        static struct deputy_job job = {.work = work, .done = done, .drop = drop, .timeout_msec = 20000};
        static struct deputy deputy;
        volatile int read = 0;
        uv_loop_t loop;

        if (uv_loop_init(&loop) || deputy_open(&deputy, &loop, geteuid(), getegid(), false, false, 1))
                return 1;
        deputy_run(&deputy, &job);
        while (!over) {
                read = shared;
                uv_run(&loop, UV_RUN_NOWAIT);
        }
        printf("%d\n", read);
        deputy_close(&deputy);
        uv_run(&loop, UV_RUN_DEFAULT);
        return uv_loop_close(&loop) ? 1 : 0;
}
