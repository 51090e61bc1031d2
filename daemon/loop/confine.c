/* SPDX-License-Identifier: ISC */
#include "daemon/loop/confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW 4UL
#endif

/* The filters are the process's, as its threads are. */
static struct sock_fprog programs[CONFINE_KINDS];
static atomic_int failure;

void confine_prepare(enum confine kind, struct sock_filter *instructions, unsigned short count)
{
        programs[kind] = (struct sock_fprog){.len = count, .filter = instructions};
}

/*
 * Kernels before 5.16 take a filter as a wish for protection against Spectre v4 as well, which slows down all
 * that the process does; the flag declines it, since we run nobody's code. Kernels before 4.17 do not know
 * the flag.
 */
int confine_take(enum confine kind)
{
        if (!programs[kind].filter)
                return 0;
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &programs[kind]) ==
                    0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &programs[kind]) == 0)
                return 0;
        atomic_store(&failure, errno);
        return -errno;
}

int confine_failure(void)
{
        return atomic_load(&failure);
}
