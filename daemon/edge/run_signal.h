/* SPDX-License-Identifier: ISC */
#ifndef EDGE_RUN_SIGNAL_H
#define EDGE_RUN_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/edge/s6_status.h"

/*
 * A signal to the run of a service that reaches this very run or nobody: marked in the loop, which may read
 * s6's status file, and sent in the deputy, which has the right. A mark holds no descriptor, since hundreds may
 * wait to be sent.
 */
struct run_mark {
        pid_t pid;
        unsigned long long birth; /* process_birth() */
};

enum run_signal {
        RUN_SIGNALLED,
        RUN_OVER,
        RUN_NOT_YET, /* it has not dropped root's privileges, or something was short: to be tried again */
};

/* Marks the run that `name` below `at` has, if it still is the one of `status`. 0; -ESRCH: it is over; or
 * another negative errno: nobody knows. */
int run_mark(int at, const char *name, const struct s6_status *status, struct run_mark *mark);

/* Sends it those signals, in order, where the user may. */
enum run_signal run_signal_send(const struct run_mark *mark, uid_t uid, const int *signals, size_t count);

#endif
