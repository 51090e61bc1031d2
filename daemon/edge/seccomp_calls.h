/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SECCOMP_CALLS_H
#define EDGE_SECCOMP_CALLS_H

#include "daemon/loop/confine.h"

/* The lists that seccomp.c makes filters of. By name: what an architecture has no such call for is left out. */
struct seccomp_call {
        const char *name;
        unsigned who; /* 1 << CONFINE_...; the loop has them all */
};

/* Both end with a name NULL. */
extern const struct seccomp_call seccomp_allowed[];
extern const char *const seccomp_forbidden[];

/* The calls of Linux 5.17, and all before, were thought of. */
#define SECCOMP_CALL_LAST 450

#endif
