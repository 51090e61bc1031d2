/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "proto/sysname.h"

/* Linux has no number above that. */
#define ERRORS 200
#define SIGNALS 80

/* glibc has our names and words; where it has none, so have we. */
START_TEST(errors_are_the_c_librarys)
{
        int known = 0;

        for (int error = 0; error < ERRORS; error++) {
                const char *name = sysname_error(error), *words = sysname_error_words(error);

#ifdef __GLIBC__
                ck_assert_str_eq(name, strerrorname_np(error) ?: "EUNKNOWN");
                ck_assert_str_eq(words, strerrordesc_np(error) ?: "Unknown error");
#endif
                if (strcmp(name, "EUNKNOWN") == 0) {
                        ck_assert_str_eq(words, "Unknown error");
                        continue;
                }
                known++;
                ck_assert_msg(name[0] == (error ? 'E' : '0') && words[0], "%d", error);
                /* Some C library may have no word for what this machine does not say: Arm knows as many. */
                ck_assert_msg(strerror(error) && strerror(error)[0], "%s", name);
        }
        ck_assert_int_gt(known, 120);
}
END_TEST

/* Some numbers that no architecture of ours has in another way, and the two that have two names. */
START_TEST(errors_by_name)
{
        ck_assert_str_eq(sysname_error(ENOENT), "ENOENT");
        ck_assert_str_eq(sysname_error_words(ENOENT), "No such file or directory");
        ck_assert_str_eq(sysname_error_words(EBUSY), "Device or resource busy");
        ck_assert_str_eq(sysname_error_words(EROFS), "Read-only file system");
        ck_assert_str_eq(sysname_error(EWOULDBLOCK), "EAGAIN");
        ck_assert_str_eq(sysname_error(EDEADLOCK), "EDEADLK");
        ck_assert_str_eq(sysname_error(EHWPOISON), "EHWPOISON");
}
END_TEST

START_TEST(signals_are_the_c_librarys)
{
        int known = 0;

        for (int number = 1; number < SIGNALS; number++) {
                const char *name = sysname_signal(number);

#ifdef __GLIBC__
                ck_assert_pstr_eq(name, sigabbrev_np(number));
#endif
                known += name != NULL;
        }
        ck_assert_int_eq(known, 31);
        ck_assert_str_eq(sysname_signal(SIGTERM), "TERM");
        ck_assert_str_eq(sysname_signal(SIGABRT), "ABRT");
        ck_assert_ptr_null(sysname_signal(SIGRTMIN));
}
END_TEST

START_TEST(what_is_no_number)
{
        static const int numbers[] = {-1, -2147483647 - 1, 4095, 2147483647};

        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
                ck_assert_str_eq(sysname_error(numbers[i]), "EUNKNOWN");
                ck_assert_str_eq(sysname_error_words(numbers[i]), "Unknown error");
                ck_assert_ptr_null(sysname_signal(numbers[i]));
        }
}
END_TEST

int main(void)
{
        const TTest *tests[] = {errors_are_the_c_librarys, errors_by_name, signals_are_the_c_librarys,
                                what_is_no_number};

        return unit_run(unit_suite_of("proto_sysname", tests));
}
