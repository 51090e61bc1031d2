/* SPDX-License-Identifier: ISC */
#include "daemon/judge/locks.h"

#include <errno.h>

#include "daemon/bounds.h"
#include "unit.h"

#define LOGGER 42
#define OLD_MSEC LOCKS_GRACE_MSEC
#define YOUNG_MSEC (LOCKS_GRACE_MSEC - 1)

#define HELD                                                                                                 \
        {                                                                                                    \
                .held = true, .holder = LOGGER                                                               \
        }

static const struct {
        struct volume_locks found;
        int64_t age_msec;
        struct log_place expected;
} logs[] = {
        {{.log = HELD, .log_writable = true}, 0, {.trouble = LOG_WELL}},
        {{.opened = -EACCES}, OLD_MSEC, {.trouble = LOG_UNKNOWN}},
        /* It has the directory, and cannot go on. */
        {{.log = HELD, .log_uid = 7}, 0, {.trouble = LOG_WELL}},
        {{.log = HELD, .log_writable = true, .log_read_only = true}, 0, {.trouble = LOG_WELL}},
        {{.log = HELD, .log_writable = true, .log_full = true}, 0, {.trouble = LOG_FULL, .held = true}},
        /* What cannot be used is so at any age; what may be on the way is not yet. */
        {{.log_uid = 7}, 0, {.trouble = LOG_OWNER, .detail = 7}},
        {{.log_writable = true, .log_read_only = true}, 0, {.trouble = LOG_READ_ONLY}},
        {{.log = {.result = -ENOTDIR}}, 0, {.trouble = LOG_ERROR, .detail = ENOTDIR}},
        {{.log = {.result = -ELOOP}}, 0, {.trouble = LOG_ERROR, .detail = ELOOP}},
        {{.log = {.result = -ENOENT}}, YOUNG_MSEC, {.trouble = LOG_UNKNOWN}},
        {{.log = {.result = -ENOENT}}, OLD_MSEC, {.trouble = LOG_ERROR, .detail = ENOENT}},
        {{.log_writable = true}, YOUNG_MSEC, {.trouble = LOG_UNKNOWN}},
        {{.log_writable = true}, OLD_MSEC, {.trouble = LOG_UNUSED}},
        {{.log_writable = true, .log_full = true}, OLD_MSEC, {.trouble = LOG_FULL}},
        /* Somebody else holds the lock; 0: in another container. */
        {{.log = {.held = true, .holder = 43}, .log_writable = true}, YOUNG_MSEC, {.trouble = LOG_UNKNOWN}},
        {{.log = {.held = true, .holder = 43}, .log_writable = true},
         OLD_MSEC,
         {.trouble = LOG_BUSY, .detail = 43}},
        {{.log = {.held = true}, .log_writable = true}, OLD_MSEC, {.trouble = LOG_BUSY}},
};

START_TEST(every_log)
{
        struct log_place place = locks_judge_log(&logs[_i].found, LOGGER, logs[_i].age_msec);

        ck_assert_int_eq(place.trouble, logs[_i].expected.trouble);
        ck_assert_int_eq(place.detail, logs[_i].expected.detail);
        ck_assert_int_eq(place.held, logs[_i].expected.held);
        ck_assert_int_eq(locks_judge_log(&logs[_i].found, 0, logs[_i].age_msec).trouble, LOG_UNKNOWN);
}
END_TEST

START_TEST(gateways)
{
        const struct volume_locks none = {.gateway = {.held = false}}, held = {.gateway = {.held = true}};
        const struct volume_locks failed = {.gateway = {.result = -ENOLCK}}, closed = {.opened = -EACCES};

        ck_assert(!locks_judge_gateway(&held, OLD_MSEC));
        ck_assert(locks_judge_gateway(&none, OLD_MSEC));
        ck_assert(!locks_judge_gateway(&none, YOUNG_MSEC));
        ck_assert(locks_judge_gateway(&failed, 0));
        ck_assert(!locks_judge_gateway(&closed, OLD_MSEC)); /* nothing is known */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("locks");
        TCase *tcase = tcase_create("locks");

        tcase_add_loop_test(tcase, every_log, 0, sizeof(logs) / sizeof(logs[0]));
        tcase_add_test(tcase, gateways);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
