/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <regex.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/judge/boot_log.h"
#include "daemon/order/boot_report.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STAMP "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+]0000"

static char home[] = "/tmp/model-boot-report-XXXXXX";
static uv_loop_t loop;
static uv_async_t alive; /* the store does not keep the loop */
static struct store store;
static int written;

static const struct reconcile_action actions[] = {
        {"default", "running", RECONCILE_STARTED, "", PRIOR_EXIT_UNCLEAN},
        {"a", "", RECONCILE_REGISTERED, ""},
        {"Not A Profile", "", RECONCILE_SKIPPED, "its name cannot be a profile's"},
        {"b", "startup_failed", RECONCILE_KEPT, ""},
        {"c-1_x", "unreadable", RECONCILE_HELD, "it runs elsewhere"},
        {"d", "stopped", RECONCILE_REGISTERED, ""},
        {"e", "stopped", RECONCILE_HELD, "it is of a newer one", .why = "newer_record"},
        {"f", "", RECONCILE_SKIPPED, "it leads outside", .why = "outside"},
};

static const char *const lines[] = {
        "^" STAMP " profile=default prior_state=running action=started prior_exit=unclean\n",
        "^" STAMP " profile=a prior_state=None action=registered prior_exit=unknown\n",
        "^" STAMP " profile=b prior_state=startup_failed action=registered prior_exit=unknown\n",
        "^" STAMP " profile=c-1_x prior_state=unreadable action=registered prior_exit=unknown\n",
        "^" STAMP " profile=d prior_state=stopped action=registered prior_exit=unknown\n",
        "^" STAMP " profile=e prior_state=stopped action=registered why=newer_record prior_exit=unknown\n",
        "^" STAMP " profile=f prior_state=None action=skipped why=outside prior_exit=unknown\n",
};

static void on_alive(uv_async_t *async)
{
        (void)async;
}

static void set_up(void)
{
        alarm(60);
        ck_assert_ptr_nonnull(mkdtemp(home));
        uv_loop_init(&loop);
        uv_async_init(&loop, &alive, on_alive);
        ck_assert_int_eq(store_open(&store, &loop, NULL, home, geteuid(), getegid(), false), 0);
}

static void tear_down(void)
{
        char command[100];

        store_close(&store);
        uv_close((uv_handle_t *)&alive, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        snprintf(command, sizeof(command), "rm -rf '%s'", home);
        ck_assert_int_eq(system(command), 0);
}

static void on_written(void *owner)
{
        *(int *)owner += 1;
}

static void report(bool again)
{
        const struct plan plan = {.actions = (struct reconcile_action *)actions, .count = COUNT(actions)};
        int before = written;

        ck_assert_int_eq(boot_report_write(&store, &plan, again, on_written, &written), 0);
        while (written == before)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert_int_eq(written, before + 1);
}

/* free() it. */
static char *log_text(void)
{
        char path[100];
        size_t length;

        snprintf(path, sizeof(path), "%s/" BOOT_LOG, home);
        return unit_read(path, &length);
}

/* Goes past that line. */
static const char *match(const char *text, const char *pattern)
{
        regex_t regex;
        regmatch_t found;

        ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE), 0);
        ck_assert_msg(regexec(&regex, text, 1, &found, 0) == 0 && found.rm_so == 0, "%s is not %s", text,
                      pattern);
        regfree(&regex);
        return text + found.rm_eo;
}

/* A line for each profile with a slot; of one without, only where a word says why. */
START_TEST(the_lines)
{
        const char *at;
        char *text;

        report(false);
        report(false);
        at = text = log_text();
        for (int boot = 0; boot < 2; boot++)
                for (size_t i = 0; i < COUNT(lines); i++)
                        at = match(at, lines[i]);
        ck_assert_str_eq(at, "");
        free(text);
}
END_TEST

/* What boot_log.h reads is what is written here. */
START_TEST(is_read_again)
{
        struct boot_log log;
        char *text;

        report(false);
        report(false);
        text = log_text();
        boot_log_init(&log);
        boot_log_read(&log, text);
        ck_assert_uint_eq(log.count, COUNT(lines));
        for (size_t i = 0; i < log.count; i++)
                ck_assert_uint_eq(log.profiles[i].failures, strcmp(log.profiles[i].name, "b") ? 0 : 2);
        boot_log_deinit(&log);
        free(text);
}
END_TEST

/* A log that cannot be written is no reason not to go on. */
START_TEST(cannot_be_written)
{
        char path[100];

        snprintf(path, sizeof(path), "%s/logs", home);
        ck_assert_int_eq(symlink("/tmp", path), 0);
        report(false);
        ck_assert_int_eq(unlink(path), 0);
        store.home = "/nowhere/at/all";
        report(false);
        ck_assert_int_eq(written, 2);
}
END_TEST

/* Those that hung at first come later, and the others have their lines. */
START_TEST(the_lines_of_those_that_come_later)
{
        char *text;

        report(true);
        text = log_text();
        ck_assert_ptr_null(strstr(text, "profile=b "));
        ck_assert_ptr_nonnull(strstr(text, "profile=d "));
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("order_boot_report");
        TCase *cases = tcase_create("boot_report");

        tcase_add_checked_fixture(cases, set_up, tear_down);
        tcase_add_test(cases, the_lines);
        tcase_add_test(cases, the_lines_of_those_that_come_later);
        tcase_add_test(cases, is_read_again);
        tcase_add_test(cases, cannot_be_written);
        suite_add_tcase(suite, cases);
        return unit_run(suite);
}
