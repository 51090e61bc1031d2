/* SPDX-License-Identifier: ISC */
#include "daemon/failure.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "unit.h"

#undef fail /* Check has one too */

/* What nobody has to mend passes, and is no reason to stay down for good. */
START_TEST(by_the_errno)
{
        static const int passing[] = {EAGAIN, EINTR,     ENOMEM,       ENOBUFS,   EMFILE, ENFILE,
                                      ENOSPC, EDQUOT,    EIO,          ESTALE,    EBUSY,  EADDRINUSE,
                                      ENOLCK, ETIMEDOUT, ECONNREFUSED, ESRCH,     ENXIO,  ETXTBSY,
                                      EUSERS, EOVERFLOW, ENODEV,       EREMOTEIO, 4711};
        static const int lasting[] = {0,      ENOENT,       ENOTDIR,    EISDIR,  EEXIST,
                                      ELOOP,  ENAMETOOLONG, EACCES,     EPERM,   EROFS,
                                      ENOSYS, EINVAL,       EOPNOTSUPP, EBADMSG, EBADF};

        for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
                ck_assert_msg(failure_passes(passing[i]), "%s", strerror(passing[i]));
        for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
                ck_assert_msg(!failure_passes(lasting[i]), "%s", strerror(lasting[i]));
}
END_TEST

/* What fail() says of it, and its exit code. */
static void says(int error, const char *remedy, int code, const char *expected)
{
        int ends[2], before = dup(STDERR_FILENO), result;
        char text[512] = "";

        ck_assert_int_eq(0, pipe(ends));
        dup2(ends[1], STDERR_FILENO);
        result = fail(error, remedy, "thing %d", 7);
        dup2(before, STDERR_FILENO);
        ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
        close(ends[0]);
        close(ends[1]);
        close(before);
        ck_assert_str_eq(expected, text);
        ck_assert_int_eq(code, result);
}

START_TEST(in_words)
{
        says(0, "mend it", EX_CONFIG, "svcbrokerd: thing 7: mend it\n");
        says(ENOENT, "mend it", EX_CONFIG, "svcbrokerd: thing 7: No such file or directory: mend it\n");
        says(EMFILE, "mend it", EX_TEMPFAIL, "svcbrokerd: thing 7: Too many open files: it is tried again\n");
        says(EADDRINUSE, NULL, EX_TEMPFAIL, "svcbrokerd: thing 7: it is tried again\n");
        says(0, NULL, EX_CONFIG, "svcbrokerd: thing 7\n");
}
END_TEST

int main(void)
{
        const TTest *tests[] = {by_the_errno, in_words};

        return unit_run(unit_suite_of("start_failure", tests));
}
