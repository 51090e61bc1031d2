/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>

#include "daemon/judge/shortage.h"

static const struct row {
        int result;
        bool passes;
} rows[] = {
        {0, false},       {-EMFILE, true},  {-ENFILE, true},     {-ENOMEM, true},
        {EMFILE, false},  {ENFILE, false},  {ENOMEM, false}, /* descriptors of these numbers */
        {-ENOENT, false}, {-EIO, false},    {-EACCES, false},    {-ENOSPC, false},
        {-ESRCH, false},  {-EAGAIN, false}, {-ETIMEDOUT, false}, {-ESTALE, false},
};

START_TEST(each_error)
{
        ck_assert(shortage_is_why(rows[_i].result) == rows[_i].passes);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("judge_shortage");
        TCase *tcase = tcase_create("all");

        tcase_add_loop_test(tcase, each_error, 0, sizeof(rows) / sizeof(rows[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
