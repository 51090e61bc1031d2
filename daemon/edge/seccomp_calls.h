/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SECCOMP_CALLS_H
#define EDGE_SECCOMP_CALLS_H

#include "daemon/loop/confine.h"

/* The lists that seccomp.c makes filters of, by name: calls that an architecture lacks are left out. */
struct seccomp_call {
        const char *name;
        unsigned who; /* which threads may make it: bits 1 << CONFINE_...; the loop may make all */
};

/* Both lists end with a name that is NULL. */
extern const struct seccomp_call seccomp_allowed[];
extern const char *const seccomp_forbidden[];

/* The last call that the lists take account of: those of Linux 5.17, and all before. */
#define SECCOMP_CALL_LAST 450

#endif
