/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/judge/boot_log.h"

#define STAMP "2026-05-07T12:00:00+0000"
#define LINE(profile, prior, action) STAMP " profile=" profile " prior_state=" prior " action=" action "\n"
#define FAILED(profile) LINE(profile, "startup_failed", "started")

/* Of that profile; -1: the log has none. */
static int failures(const struct boot_log *log, const char *name)
{
        for (size_t i = 0; i < log->count; i++)
                if (strcmp(log->profiles[i].name, name) == 0)
                        return (int)log->profiles[i].failures;
        return -1;
}

START_TEST(newest_starts_in_a_row)
{
        static const struct {
                const char *text;
                int failures;
        } logs[] = {
                {"", -1},
                {LINE("a", "running", "started"), 0},
                {LINE("a", "None", "registered"), 0},
                {FAILED("a"), 1},
                {FAILED("a") FAILED("a") FAILED("a"), 3},
                {FAILED("a") FAILED("b") FAILED("a") LINE("b", "running", "started") FAILED("a"), 3},
                {LINE("a", "startup_failed", "registered") FAILED("a"), 2},
                {FAILED("a") FAILED("a") LINE("a", "stopped", "registered"), 0},
                {FAILED("a") LINE("a", "draining", "started") FAILED("a") FAILED("a"), 2},
                {LINE("a", "startup_failed_not", "started"), 0},
                {LINE("a", "starting", "started"), 0},
                /* Not of its kind: as if they were not there. */
                {FAILED("a") "\n\nnonsense\n profile=a\n" FAILED("a"), 2},
                {FAILED("a") STAMP " profile=a action=started\n" FAILED("a"), 2},
                {FAILED("a") STAMP " profile=a prior_state=running\n" FAILED("a"), 2},
                {FAILED("a") STAMP " profile=a prior_state= action=started\n" FAILED("a"), 2},
                {FAILED("a") STAMP "profile=a prior_state=running action=started\n" FAILED("a"), 2},
                {FAILED("a") LINE("A", "running", "started") LINE("a/..", "running", "started"), 1},
                /* The last line without its end; and with members that nobody knows yet. */
                {FAILED("a") STAMP " profile=a prior_state=startup_failed action=started", 2},
                {STAMP " zone=1 profile=a more=2 prior_state=startup_failed action=started x=y\n", 1},
                {STAMP " profile=a prior_state=startup_failed action=started\r\n", 1},
        };

        for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
                struct boot_log log;

                boot_log_init(&log);
                boot_log_read(&log, logs[i].text);
                ck_assert_msg(failures(&log, "a") == logs[i].failures, "%s: %d", logs[i].text,
                              failures(&log, "a"));
                boot_log_deinit(&log);
        }
}
END_TEST

START_TEST(an_older_file_comes_first)
{
        struct boot_log log;

        boot_log_init(&log);
        boot_log_read(&log, FAILED("a") FAILED("b") FAILED("b"));
        boot_log_read(&log, FAILED("a") LINE("b", "running", "started") FAILED("default"));
        ck_assert_int_eq(failures(&log, "a"), 2);
        ck_assert_int_eq(failures(&log, "b"), 0);
        ck_assert_int_eq(failures(&log, "default"), 1);
        boot_log_deinit(&log);
}
END_TEST

START_TEST(many_profiles_and_long_names)
{
        char line[1024], name[LIMIT_PROFILE_NAME_BYTES + 2];
        struct boot_log log;

        boot_log_init(&log);
        for (unsigned i = 0; i < BOOT_LOG_PROFILES + 10; i++)
                for (int twice = 0; twice < 2; twice++) {
                        /* In an order that is neither up nor down. */
                        snprintf(line, sizeof(line), FAILED("p%u"), i * 7919 % 65537);
                        boot_log_read(&log, line);
                }
        ck_assert_uint_eq(log.count, BOOT_LOG_PROFILES);
        for (size_t i = 0; i < log.count; i++) {
                ck_assert_uint_eq(log.profiles[i].failures, 2);
                ck_assert(i == 0 || strcmp(log.profiles[i - 1].name, log.profiles[i].name) < 0);
        }
        boot_log_deinit(&log);
        memset(name, 'x', sizeof(name));
        name[LIMIT_PROFILE_NAME_BYTES + 1] = '\0';
        snprintf(line, sizeof(line), FAILED("%s"), name);
        boot_log_read(&log, line);
        ck_assert_uint_eq(log.count, 0);
        name[LIMIT_PROFILE_NAME_BYTES] = '\0';
        snprintf(line, sizeof(line), FAILED("%s"), name);
        boot_log_read(&log, line);
        ck_assert_int_eq(failures(&log, name), 1);
        boot_log_deinit(&log);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {newest_starts_in_a_row, an_older_file_comes_first,
                                many_profiles_and_long_names};

        return unit_run(unit_suite_of("judge_boot_log", tests));
}
