/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SECCOMP_H
#define EDGE_SECCOMP_H

#include <stdbool.h>

/*
 * The last layer: which system calls the process can still make when somebody else's code runs in it. Filters
 * of the kernel (seccomp), made with libseccomp; which call is for which thread is seccomp_calls.c.
 *
 * - What a broker never does, and no library on its behalf, ends the process (SIGSYS): another program or
 *   process, mounts, modules, sockets but for its own kind, io_uring, looks into other processes.
 * - What nobody has listed fails with EPERM. A call that is newer than the list fails with ENOSYS, as on the
 *   older kernels for which C libraries have another way.
 *
 * A program with a sanitizer in it needs calls of its own: there are no filters then.
 */
enum seccomp_mode {
        SECCOMP_ON,
        SECCOMP_LOG, /* what is not listed is done, and noted by the kernel (audit, or its own log) */
        SECCOMP_OFF,
};

struct seccomp {
        enum seccomp_mode mode; /* as it was asked for */
        bool sanitized;         /* there are no filters, whatever was asked for */
        int refused; /* errno: the kernel, or the container, takes no filter; 0: none was refused */
};

/*
 * Refuses io_uring, as kernels without it do: libuv 1.49 and later would use it for good whenever it is
 * there. Called before libuv is used, and with no_new_privs set. Sets *seccomp.
 */
void seccomp_begin(struct seccomp *seccomp, enum seccomp_mode mode);

/*
 * Takes the loop's filter, and makes those that threads take (loop/confine.h). Called when what only the
 * start needs is done, and before the first thread is started.
 */
void seccomp_settle(struct seccomp *seccomp);

/* Is the process confined, if only as SECCOMP_LOG does it? */
bool seccomp_holds(const struct seccomp *seccomp);

#endif
