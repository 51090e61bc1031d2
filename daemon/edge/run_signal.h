/* SPDX-License-Identifier: ISC */
#ifndef EDGE_RUN_SIGNAL_H
#define EDGE_RUN_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/edge/s6_status.h"

/*
 * A signal to the run of a service that reaches this very run or nobody: the run is marked in the loop, which
 * may read s6's status file, and signalled in the deputy, which has the right. A mark holds no descriptor,
 * since hundreds of signals may wait to be sent.
 */
struct run_mark {
        pid_t pid;
        unsigned long long birth; /* process_birth() */
};

enum run_signal {
        RUN_SIGNALLED,
        RUN_OVER,
        RUN_NOT_YET, /* the run has not dropped root's privileges, or something was short: to be retried */
};

/* Marks the run that the service `name` below `at` has, if that is still the one of `status`. 0; -ESRCH: the
 * run is over; or another negative errno: nobody knows. */
int run_mark(int at, const char *name, const struct s6_status *status, struct run_mark *mark);

/* Sends the marked run those signals, in order, where the user may. */
enum run_signal run_signal_send(const struct run_mark *mark, uid_t uid, const int *signals, size_t count);

#endif
