/* SPDX-License-Identifier: ISC */
#include "client/talk/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <json-c/json.h>

#include "proto/interface.h"
#include "unit.h"

#define LINE_BYTES 1024

/* What failure_report() says on stderr, without its newline. */
static enum outcome report(const char *error, const char *parameters, char *line)
{
        struct json_object *object = json_tokener_parse(parameters);
        FILE *file = tmpfile();
        int saved = dup(STDERR_FILENO);
        enum outcome outcome;

        ck_assert(file && saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
        outcome = failure_report(error, object, "caller");
        dup2(saved, STDERR_FILENO);
        close(saved);
        json_object_put(object);
        rewind(file);
        ck_assert_ptr_nonnull(fgets(line, LINE_BYTES, file));
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        *strchr(line, '\n') = '\0';
        ck_assert_int_eq(fgetc(file), EOF);
        fclose(file);
        return outcome;
}

static const struct {
        const char *error;
        const char *parameters;
        enum outcome outcome;
        const char *begins;
} cases[] = {
        {"io.svcbroker.NoSuchService", "{\"name\":\"x\"}", OUTCOME_NOT_REGISTERED,
         "svcctl: x: no such service: "},
        {"io.svcbroker.NotRegistered", "{\"profile\":\"x\"}", OUTCOME_NOT_REGISTERED,
         "svcctl: x: not registered: make its gateway with 'svcctl register x'"},
        {"io.svcbroker.Protected", "{\"name\":\"x\",\"reason\":\"r\"}", OUTCOME_DENIED, "svcctl: x: r: "},
        {"io.svcbroker.Protected", "{\"name\":\"x\",\"reason\":\"r\",\"cause\":\"link\"}", OUTCOME_DENIED,
         "svcctl: x: r: put a directory in its place"},
        {"io.svcbroker.WaitTimeout",
         "{\"service\":{\"name\":\"x\",\"state\":\"stopping\"},\"waited_msec\":90000}", OUTCOME_DEADLINE,
         "svcctl: x: still stopping after 1m 30s: the order stands: "},
        {"io.svcbroker.Failed", "{\"service\":{\"name\":\"x\",\"state\":\"failed\",\"reason\":\"exit 78\"}}",
         OUTCOME_HELD, "svcctl: x: failed: exit 78: "},
        {"io.svcbroker.Held", "{\"name\":\"x\",\"reason\":\"r\"}", OUTCOME_HELD, "svcctl: x: held: r: "},
        {"io.svcbroker.LimitExceeded", "{\"limit\":\"request_bytes\",\"value\":65536}", OUTCOME_FAILED,
         "svcctl: caller: the limit request_bytes of 65536 is exceeded: "},
        {"org.varlink.service.PermissionDenied", "{}", OUTCOME_DENIED, "svcctl: caller: permission denied: "},
        {"com.example.Other", "{}", OUTCOME_FAILED, "svcctl: caller: com.example.Other: "},
        /* A broker that leaves its fields out, or gives them other types, or hostile ones. */
        {"io.svcbroker.NoSuchService", "{}", OUTCOME_NOT_REGISTERED, "svcctl: no reason given: "},
        {"io.svcbroker.WaitTimeout", "{\"service\":[],\"waited_msec\":\"x\"}", OUTCOME_DEADLINE,
         "svcctl: no reason given: "},
        {"io.svcbroker.Held", "{\"name\":\"\\u001b[2J\\nx\",\"reason\":\"%s{x}\"}", OUTCOME_HELD,
         "svcctl: \\x1b[2J\\x0ax: held: %s{x}: "},
};

START_TEST(errors_become_lines_and_codes)
{
        char line[LINE_BYTES];

        ck_assert_int_eq(report(cases[_i].error, cases[_i].parameters, line), cases[_i].outcome);
        ck_assert_msg(strncmp(line, cases[_i].begins, strlen(cases[_i].begins)) == 0, "%s", line);
}
END_TEST

/* An error added to the interface needs its row here too. */
static size_t check_interface(const char *interface, const char *name)
{
        const char *at = interface;
        size_t count = 0;

        while ((at = strstr(at, "\nerror ")) != NULL) {
                char error[128], line[LINE_BYTES], unknown[LINE_BYTES];
                size_t length;

                at += strlen("\nerror ");
                length = strcspn(at, " (");
                snprintf(error, sizeof(error), "%s.%.*s", name, (int)length, at);
                snprintf(unknown, sizeof(unknown), ": %s: ", error);
                report(error, "{}", line);
                ck_assert_msg(strstr(line, unknown) == NULL, "%s is not explained", error);
                count++;
        }
        return count;
}

START_TEST(every_error_of_the_interface_is_explained)
{
        ck_assert_uint_ge(check_interface(interface_io_svcbroker, IO_SVCBROKER), 14);
        ck_assert_uint_ge(check_interface(interface_org_varlink_service, ORG_VARLINK_SERVICE), 6);
}
END_TEST

START_TEST(the_worst_decides)
{
        static const enum outcome order[] = {
                OUTCOME_DONE,   OUTCOME_NOT_RUNNING,    OUTCOME_DEADLINE,
                OUTCOME_HELD,   OUTCOME_NOT_REGISTERED, OUTCOME_FAILED,
                OUTCOME_DENIED, OUTCOME_USAGE,          OUTCOME_UNREACHABLE,
        };
        size_t count = sizeof(order) / sizeof(order[0]);

        for (size_t i = 0; i < count; i++) {
                for (size_t j = 0; j < count; j++)
                        ck_assert_int_eq(failure_worse(order[i], order[j]), order[i > j ? i : j]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("failure");
        TCase *tcase = tcase_create("failure");

        tcase_add_loop_test(tcase, errors_become_lines_and_codes, 0, sizeof(cases) / sizeof(cases[0]));
        tcase_add_test(tcase, every_error_of_the_interface_is_explained);
        tcase_add_test(tcase, the_worst_decides);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
