/* SPDX-License-Identifier: ISC */
#include "daemon/loop/stall.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

#include "daemon/bounds.h"

static bool enabled; /* of the process, as its signal handlers are */

static void interrupt(int number)
{
        (void)number; /* that the sleep ended is all that is wanted */
}

static void set_interval(suseconds_t usec)
{
        const struct itimerval interval = {{0, usec}, {0, usec}};

        setitimer(ITIMER_REAL, &interval, NULL);
}

void stall_guard_enable(void)
{
        const struct sigaction action = {.sa_handler = interrupt}; /* no SA_RESTART */

        enabled = sigaction(SIGALRM, &action, NULL) == 0;
}

void stall_guard_begin(void)
{
        if (enabled)
                set_interval(STALL_MSEC * 1000);
}

void stall_guard_end(void)
{
        if (enabled)
                set_interval(0);
}
