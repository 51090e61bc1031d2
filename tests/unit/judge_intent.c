/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/judge/intent.h"
#include "proto/limits.h"

/* What it is written as; free() it. */
static char *written(bool want_up, struct json_object *environment)
{
        struct text text;
        char *bytes;

        text_init(&text);
        intent_write(want_up, environment, &text);
        ck_assert(!text.failed);
        bytes = strndup(text.bytes, text.length);
        text_deinit(&text);
        return bytes;
}

START_TEST(the_format)
{
        struct json_object *environment = json_object_new_object();
        char *text = written(false, NULL);

        ck_assert_str_eq(text, "{\"version\":1,\"want\":\"down\"}\n");
        free(text);
        json_object_object_add(environment, "A", json_object_new_string("b\"\n"));
        json_object_object_add(environment, "EMPTY", json_object_new_string(""));
        text = written(true, environment);
        ck_assert_str_eq(
                text,
                "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":\"b\\\"\\n\",\"EMPTY\":\"\"}}\n");
        free(text);
        json_object_put(environment);
}
END_TEST

START_TEST(goes_round)
{
        struct json_object *environment = json_object_new_object();
        struct json_object *value;
        struct intent intent;
        char name[32], *text;

        for (int i = 0; i < LIMIT_ENVIRONMENT_VARIABLES; i++) {
                snprintf(name, sizeof(name), "V%d", i);
                json_object_object_add(environment, name, json_object_new_string("\\ \xc3\xa9 \x01"));
        }
        text = written(true, environment);
        ck_assert_int_eq(intent_read(text, &intent), 0);
        ck_assert(intent.want_up);
        ck_assert_int_eq(json_object_object_length(intent.environment), LIMIT_ENVIRONMENT_VARIABLES);
        ck_assert(json_object_object_get_ex(intent.environment, "V7", &value));
        ck_assert_str_eq(json_object_get_string(value), "\\ \xc3\xa9 \x01");
        intent_deinit(&intent);
        free(text);
        text = written(false, NULL);
        ck_assert_int_eq(intent_read(text, &intent), 0);
        ck_assert(!intent.want_up);
        ck_assert_ptr_null(intent.environment);
        free(text);
        json_object_put(environment);
}
END_TEST

START_TEST(truncated_at_every_byte)
{
        struct json_object *environment = json_object_new_object();
        struct intent intent;
        char *text;

        json_object_object_add(environment, "A", json_object_new_string("b"));
        text = written(true, environment);
        for (size_t length = strlen(text) - 1; length-- > 0;) { /* the newline is for people */
                char *part = strndup(text, length);

                ck_assert_int_eq(intent_read(part, &intent), -EBADMSG);
                free(part);
        }
        free(text);
        json_object_put(environment);
}
END_TEST

static const char *const malformed[] = {
        "",
        "null",
        "[]",
        "\"up\"",
        "{}",
        "{\"want\":\"up\"}",
        "{\"version\":1}",
        "{\"version\":0,\"want\":\"up\"}",
        "{\"version\":\"1\",\"want\":\"up\"}",
        "{\"version\":1e0,\"want\":\"up\"}",
        "{\"version\":1,\"want\":\"UP\"}",
        "{\"version\":1,\"want\":\"\"}",
        "{\"version\":1,\"want\":true}",
        "{\"version\":1,\"want\":null}",
        "{\"version\":1,\"want\":\"up\",\"want\":\"up\"}",
        "{\"version\":1,\"want\":\"up\",\"\":1}",
        "{\"version\":1,\"want\":\"up\",\"\\u0077ant\":\"down\"}",
        "{\"version\":1,\"want\":\"up\",\"x\":1,\"x\":1}",
        "{\"version\":1,\"want\":\"up\",\"x\":{\"y\":1,\"y\":1}}",
        "{\"version\":1,\"want\":\"up\",\"x\":[[[[[[[[1]]]]]]]]}",
        "{\"version\":1,\"want\":\"up\",\"version\":2}",
        "{\"version\":\"1.1\",\"want\":\"paused\"}",
        "{\"version\":1,\"want\":\"up\"}{}",
        "{\"version\":1,\"want\":\"up\"} x",
        "{'version':1,'want':'up'}",
        "{\"version\":1,\"want\":\"up\",\"environment\":[]}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":1}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":{}}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":\"\\u0000\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":\"\xff\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":\"a\",\"A\":\"a\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"\":\"a\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"1A\":\"a\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A=B\":\"a\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"../A\":\"a\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"HOME\":\"/\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"HERMES_HOME\":\"/\"}}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"HERMES_S6_X\":\"/\"}}",
};

START_TEST(nothing_else_is_read)
{
        for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
                struct intent intent = {.want_up = true};

                ck_assert_msg(intent_read(malformed[i], &intent) == -EBADMSG, "taken: %s", malformed[i]);
                ck_assert_msg(intent.want_up && !intent.environment, "touched by: %s", malformed[i]);
        }
}
END_TEST

/* What was there; what is written over it, where an order says down; result of reading it, and of passing it on. */
static const struct passed {
        const char *before, *after;
        int read, pass_on;
} passed[] = {
        {"{\"version\":1,\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", 0, 0},
        {"{\"version\":1.5,\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", 0, 0},
        {"{\"version\":1,\"want\":\"up\",\"unknown\":1}", "{\"version\":1,\"want\":\"down\",\"unknown\":1}\n", 0, 0},
        {"{\"version\":1.5,\"x\":[1, {\"want\":\"]\"}],\"want\":\"up\"}",
         "{\"version\":1.5,\"want\":\"down\",\"x\":[1, {\"want\":\"]\"}]}\n", 0, 0},
        {" {\n \"version\" : \"1.10\" ,\n \"x\" : \"\\\"}\" ,\"want\": \"up\", \"y\":{} }\n",
         "{\"version\":\"1.10\",\"want\":\"down\",\"x\":\"\\\"}\",\"y\":{}}\n", 0, 0},
        {"{\"version\":1,\"want\":\"up\",\"Want\":1,\"environments\":null}",
         "{\"version\":1,\"want\":\"down\",\"Want\":1,\"environments\":null}\n", 0, 0},
        {"{\"version\":2,\"wanted\":[[[[[[[[[[]]]]]]]]]]}", NULL, -EPROTONOSUPPORT, -EPROTONOSUPPORT},
        {"{\"version\":\"2.0\",\"want\":\"up\"}", NULL, -EPROTONOSUPPORT, -EPROTONOSUPPORT},
        {"{\"version\":\"2\",\"want\":\"up\"}", NULL, -EPROTONOSUPPORT, -EPROTONOSUPPORT},
        {"{\"version\":\"1\",\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":2", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":1,\"x\":1,\"x\":1,\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":1,\"\\u0077ant\":1,\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        /* What cannot be read where it is passed on, is not. */
        {"{\"version\":1.5,\"x\":{\"y\":1,\"y\":1},\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":1.5,\"x\":[{\"y\":1,\"\\u0079\":1}],\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":1.5,\"x\":[0,-1e999],\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":1.5,\"x\":1e999,\"want\":\"up\"}", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"{\"version\":1.5,\"x\":{\"y\":1,\"\\u0059\":[1e308]},\"want\":\"up\"}",
         "{\"version\":1.5,\"want\":\"down\",\"x\":{\"y\":1,\"\\u0059\":[1e308]}}\n", 0, 0},
        {"[]", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
        {"", "{\"version\":1,\"want\":\"down\"}\n", -EBADMSG, 0},
};

START_TEST(what_a_newer_version_wrote)
{
        for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
                const struct passed *row = &passed[i];
                struct intent intent = {.environment = NULL};
                struct text text;

                ck_assert_msg(intent_read(row->before, &intent) == row->read, "%s", row->before);
                intent_deinit(&intent);
                text_init(&text);
                intent_write(false, NULL, &text);
                ck_assert_msg(intent_pass_on(row->before, &text) == row->pass_on, "%s", row->before);
                text_append(&text, "", 1);
                if (row->after) {
                        ck_assert_str_eq(text.bytes, row->after);
                        ck_assert_int_eq(intent_read(text.bytes, &intent), 0);
                        ck_assert(!intent.want_up);
                }
                text_deinit(&text);
        }
}
END_TEST

/* Unknown members of so many bytes together. */
static int read_unknown(size_t bytes, int *pass_on)
{
        const size_t around = strlen(",\"x\":\"\"");
        char *value = calloc(1, bytes + 1), *file = calloc(1, bytes + 100);
        struct intent intent;
        struct text text;
        int result;

        memset(value, 'x', bytes - around);
        sprintf(file, "{\"version\":1,\"want\":\"up\",\"x\":\"%s\"}", value);
        result = intent_read(file, &intent);
        if (!result)
                intent_deinit(&intent);
        text_init(&text);
        intent_write(true, NULL, &text);
        *pass_on = intent_pass_on(file, &text) ? -1 : text.length > bytes;
        text_deinit(&text);
        free(value);
        free(file);
        return result;
}

START_TEST(not_more_than_is_passed_on)
{
        char many[64 + 20 * MEMBERS_MOST] = "{\"version\":1,\"want\":\"up\"", *end = strchr(many, '\0');
        struct intent intent;
        int passed_on;

        ck_assert_int_eq(read_unknown(INTENT_UNKNOWN_BYTES, &passed_on), 0);
        ck_assert_int_eq(passed_on, 1);
        ck_assert_int_eq(read_unknown(INTENT_UNKNOWN_BYTES + 1, &passed_on), -EBADMSG);
        ck_assert_int_eq(passed_on, 0);
        for (int i = 0; i < MEMBERS_MOST - 2; i++)
                end += sprintf(end, ",\"m%d\":%d", i, i);
        strcpy(end, "}");
        ck_assert_int_eq(intent_read(many, &intent), 0);
        strcpy(end, ",\"m\":0}");
        ck_assert_int_eq(intent_read(many, &intent), -EBADMSG);
}
END_TEST

/* An environment of so many variables of so many bytes each. */
static int read_environment(int count, int bytes)
{
        struct json_object *environment = json_object_new_object();
        char *value = calloc(1, (size_t)bytes + 1);
        struct intent intent;
        char name[32], *text;
        int result;

        memset(value, 'x', (size_t)bytes);
        for (int i = 0; i < count; i++) {
                snprintf(name, sizeof(name), "V%03d", i);
                json_object_object_add(environment, name, json_object_new_string(value));
        }
        text = written(true, environment);
        result = intent_read(text, &intent);
        if (result == 0)
                intent_deinit(&intent);
        free(text);
        free(value);
        json_object_put(environment);
        return result;
}

START_TEST(environments_no_client_could_set)
{
        ck_assert_int_eq(read_environment(LIMIT_ENVIRONMENT_VARIABLES, 1), 0);
        ck_assert_int_eq(read_environment(LIMIT_ENVIRONMENT_VARIABLES + 1, 1), -EBADMSG);
        ck_assert_int_eq(read_environment(1, LIMIT_STRING_BYTES), 0);
        ck_assert_int_eq(read_environment(1, LIMIT_STRING_BYTES + 1), -EBADMSG);
        ck_assert_int_eq(read_environment(8, LIMIT_ENVIRONMENT_BYTES / 8 - 4), 0);
        ck_assert_int_eq(read_environment(8, LIMIT_ENVIRONMENT_BYTES / 8 - 3), -EBADMSG);
}
END_TEST

/* NULL: the file has no such member. */
static const struct fallback {
        const char *desired;
        const char *state;
        bool want_up;
        const char *shown;
} fallbacks[] = {
        {NULL, "running", true, "running"},
        {NULL, "draining", true, "draining"},
        {NULL, "degraded", true, "degraded"},
        {NULL, "starting", false, "starting"},
        {NULL, "startup_failed", false, "startup_failed"},
        {NULL, "stopped", false, "stopped"},
        {NULL, "RUNNING", false, "unreadable"},
        {NULL, "", false, "unreadable"},
        {NULL, "a line\\nof its own", false, "unreadable"},
        {NULL, "a_word_that_is_much_longer_than_any_state", false, "unreadable"},
        {"running", NULL, true, "running"},
        {"stopped", NULL, false, "stopped"},
        {"running", "stopped", true, "stopped"},
        {"running", "startup_failed", true, "startup_failed"},
        {"stopped", "running", false, "running"},
        {"stopped", "draining", false, "draining"},
        {"nonsense", "running", false, "running"},
        {"", "running", false, "running"},
};

START_TEST(the_applications_own_state)
{
        for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
                const struct fallback *fallback = &fallbacks[i];
                struct prior prior;
                char text[512];

                snprintf(text, sizeof(text),
                         "{\"kind\":\"gateway\",\"pid\":7,\"argv\":[\"\\ud876\\udc00\",[]]%s%s%s%s%s%s}",
                         fallback->desired ? ",\"desired_state\":\"" : "",
                         fallback->desired ? fallback->desired : "", fallback->desired ? "\"" : "",
                         fallback->state ? ",\"gateway_state\":\"" : "",
                         fallback->state ? fallback->state : "", fallback->state ? "\"" : "");
                prior_read(text, &prior);
                ck_assert_msg(prior.known && prior.want_up == fallback->want_up &&
                                      strcmp(prior.state, fallback->shown) == 0,
                              "%s: known %d, up %d, %s", text, prior.known, prior.want_up, prior.state);
        }
}
END_TEST

START_TEST(states_that_say_nothing)
{
        static const char *const texts[] = {
                "",
                "{",
                "[]",
                "null",
                "\"running\"",
                "{}",
                "{\"gateway_state\":1}",
                "{\"gateway_state\":null}",
                "{\"gateway_state\":[\"running\"]}",
                "{\"desired_state\":true}",
                "{\"gateway_state\":\"running\",\"gateway_state\":\"running\"}",
                "{\"gateway_state\":\"running\"}}",
                "{\"gateway_state\":\"run\\u0000ning\"}",
                "{\"gateway_state\":\"\xff\"}",
                "{\"gateway_state\":NaN}",
                "\xef\xbb\xbf",
                "\xef\xbb\xbf\xef\xbb\xbf{\"gateway_state\":\"running\"}",
                "{\"gateway_state\":\"running\",}",
                "{\"gateway_state\":\"running\" \"x\":1}",
                "{\"gateway_state\":\"running\",\"x\":01}",
                "{\"gateway_state\":\"running\",\"x\":-NaN}",
                "{\"gateway_state\":\"running\",\"x\":+1}",
                "{\"gateway_state\":\"running\",\"x\":.5}",
                "{\"gateway_state\":\"running\",\"x\":1.}",
                "{\"gateway_state\":\"running\",\"x\":nil}",
                "{\"gateway_state\":\"running\",\"x\":\"a\tb\"}",
                "{\"gateway_state\":\"running\",\"x\":\"\\x41\"}",
                "{\"gateway_state\":\"running\",\"x\":\"\\u12g4\"}",
                "{\"gateway_state\":\"running\",\"x\":\"\\u12",
                "{\"gateway_state\":\"running\",\"x\":\"\\",
                "{'gateway_state':'running'}",
                "{\"gateway_state\":\"running\"",
                "{\"gateway_state\":\"runn",
                "{\"gateway_state\"",
        };
        struct prior prior = {.want_up = true, .known = true};

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                prior_read(texts[i], &prior);
                ck_assert_msg(!prior.known && !prior.want_up, "it says something: %s", texts[i]);
                ck_assert_str_eq(prior.state, "unreadable");
        }
        prior_read(NULL, &prior);
        ck_assert(!prior.known && !prior.want_up);
        ck_assert_str_eq(prior.state, "");
}
END_TEST

/* As Python's json reads it (utf-8-sig), and writes it. */
START_TEST(states_that_are_no_strict_json)
{
        static const char *const texts[] = {
                "\xef\xbb\xbf{\"gateway_state\":\"running\"}",
                "\xef\xbb\xbf \r\n{\"gateway_state\" : \"running\"}\r\n",
                "{\"gateway_state\":\"running\",\"load\":NaN,\"x\":[Infinity,-Infinity,1e999,-0.5E+7]}",
                "{\"argv\":[\"\\udcff\"],\"gateway_state\":\"runn\\u0069ng\"}",
                "{\"pid\":123456789012345678901234567890,\"gateway_state\":\"running\"}",
                "{\"x\":{\"gateway_state\":\"stopped\"},\"gateway_state\":\"running\"}",
                "{\"x\":1,\"x\":2,\"gateway_state\":\"running\"}",
        };
        struct prior prior;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                prior_read(texts[i], &prior);
                ck_assert_msg(prior.known && prior.want_up, "not read: %s", texts[i]);
                ck_assert_str_eq(prior.state, "running");
        }
}
END_TEST

START_TEST(a_record_behind_a_byte_order_mark)
{
        struct intent intent;

        ck_assert_int_eq(intent_read("\xef\xbb\xbf{\"version\":1,\"want\":\"up\"}\r\n", &intent), 0);
        ck_assert(intent.want_up);
        intent_deinit(&intent);
        ck_assert_int_eq(intent_read("\xef\xbb\xbf\xef\xbb\xbf{\"version\":1,\"want\":\"up\"}", &intent), -EBADMSG);
}
END_TEST

START_TEST(a_state_as_deep_as_it_may_be)
{
        char deep[200] = "{\"gateway_state\":\"running\",\"x\":";
        size_t length = strlen(deep);
        struct prior prior;

        for (int depth = 1; depth < 100; depth += 90) {
                memset(deep + length, '[', (size_t)depth);
                snprintf(deep + length + depth, sizeof(deep) - length - (size_t)depth, "1");
                memset(deep + length + depth + 1, ']', (size_t)(depth < 50 ? depth : 50));
                snprintf(deep + length + depth + 1 + (depth < 50 ? depth : 50), 3, "}");
                prior_read(deep, &prior);
                ck_assert_int_eq(prior.known, depth == 1);
        }
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                the_format,
                goes_round,
                truncated_at_every_byte,
                nothing_else_is_read,
                what_a_newer_version_wrote,
                not_more_than_is_passed_on,
                environments_no_client_could_set,
                the_applications_own_state,
                states_that_say_nothing,
                states_that_are_no_strict_json,
                a_record_behind_a_byte_order_mark,
                a_state_as_deep_as_it_may_be,
        };

        return unit_run(unit_suite_of("judge_intent", tests));
}
