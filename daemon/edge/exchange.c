/* SPDX-License-Identifier: ISC */
#include "daemon/edge/exchange.h"

#include <linux/fs.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int exchange_names(int directory, const char *one, const char *other)
{
#ifdef HAVE_RENAMEAT2
        return renameat2(directory, one, directory, other, RENAME_EXCHANGE);
#else
        return (int)syscall(SYS_renameat2, directory, one, directory, other, RENAME_EXCHANGE);
#endif
}
