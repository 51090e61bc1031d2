/* SPDX-License-Identifier: ISC */
#include "daemon/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "proto/sysname.h"

bool failure_passes(int error)
{
        switch (error) {
        case 0:
        /* What was named is not there, of another kind, or not ours to use, until somebody sees to it. */
        case ENOENT:
        case ENOTDIR:
        case EISDIR:
        case EEXIST:
        case ELOOP:
        case ENAMETOOLONG:
        case EXDEV:
        case EACCES:
        case EPERM:
        case EROFS:
        /* This kernel, or this container, does not have it. */
        case ENOSYS:
        case EOPNOTSUPP:
        case EAFNOSUPPORT:
        case EPROTONOSUPPORT:
        case EINVAL:
        case EBADMSG:
        /* The broker was told of a descriptor, and not given it. */
        case EBADF:
                return false;
        default:
                return true;
        }
}

int fail(int error, const char *remedy, const char *format, ...)
{
        va_list arguments;
        bool passes = failure_passes(error);

        fputs("svcbrokerd: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        if (error && remedy)
                fprintf(stderr, ": %s", sysname_error_words(error));
        if (passes)
                fputs(": it is tried again", stderr);
        else if (remedy)
                fprintf(stderr, ": %s", remedy);
        fputc('\n', stderr);
        return passes ? EX_TEMPFAIL : EX_CONFIG;
}
