/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <json-c/json.h>

#include "proto/call.h"
#include "proto/limits.h"

static enum call_result parse(const char *message, struct call *call, struct call_problem *problem)
{
        return call_parse(message, strlen(message), call, problem);
}

static void refused(const char *message)
{
        const struct call untouched = {.method = "untouched"};
        struct call call = untouched;
        struct call_problem problem = {.limit = "stale"};

        ck_assert_msg(parse(message, &call, &problem) == CALL_INVALID, "accepted: %s", message);
        ck_assert_mem_eq(&call, &untouched, sizeof(call));
        ck_assert_ptr_nonnull(problem.json.reason);
        ck_assert_ptr_null(problem.limit);
}

static void refused_reply(const char *message)
{
        struct reply reply = {.error = "untouched"};
        struct call_problem problem = {0};

        ck_assert_msg(reply_parse(message, strlen(message), &reply, &problem) == CALL_INVALID, "accepted: %s",
                      message);
        ck_assert_str_eq(reply.error, "untouched");
        ck_assert_ptr_nonnull(problem.json.reason);
}

static void written_is(struct text *text, const char *expected)
{
        ck_assert(!text->failed);
        ck_assert_uint_eq(text->length, strlen(expected) + 1);
        ck_assert_str_eq(text->bytes, expected);
        text_deinit(text);
}

START_TEST(smallest_call)
{
        struct call call;
        struct call_problem problem;

        ck_assert_int_eq(parse("{\"method\":\"a.b.C\"}", &call, &problem), CALL_OK);
        ck_assert_str_eq(call.method, "a.b.C");
        ck_assert_ptr_null(call.parameters);
        ck_assert(!call.more && !call.oneway && !call.upgrade);
        call_deinit(&call);
        ck_assert_ptr_null(call.message);
        call_deinit(&call);
}
END_TEST

START_TEST(largest_call)
{
        struct call call;
        struct call_problem problem;

        ck_assert_int_eq(parse("{\"upgrade\":true,\"parameters\":{\"x\":[1]},\"more\":true,\"oneway\":true,"
                               "\"method\":\"a.b.C\"}",
                               &call, &problem),
                         CALL_OK);
        ck_assert_str_eq(call.method, "a.b.C");
        ck_assert_int_eq(json_object_object_length(call.parameters), 1);
        ck_assert(call.more && call.oneway && call.upgrade);
        call_deinit(&call);
}
END_TEST

/* One at a time, so that no flag stands for another. */
START_TEST(flags)
{
        struct call call;
        struct call_problem problem;

        ck_assert_int_eq(parse("{\"method\":\"m\",\"more\":true,\"oneway\":false}", &call, &problem),
                         CALL_OK);
        ck_assert(call.more && !call.oneway && !call.upgrade);
        call_deinit(&call);
        ck_assert_int_eq(parse("{\"method\":\"m\",\"oneway\":true,\"upgrade\":false}", &call, &problem),
                         CALL_OK);
        ck_assert(!call.more && call.oneway && !call.upgrade);
        call_deinit(&call);
        ck_assert_int_eq(parse("{\"method\":\"m\",\"upgrade\":true,\"more\":false}", &call, &problem),
                         CALL_OK);
        ck_assert(!call.more && !call.oneway && call.upgrade);
        call_deinit(&call);
}
END_TEST

START_TEST(null_is_absent)
{
        struct call call;
        struct call_problem problem;

        ck_assert_int_eq(
                parse("{\"method\":\"m\",\"parameters\":null,\"more\":null,\"oneway\":null,\"upgrade\":null}",
                      &call, &problem),
                CALL_OK);
        ck_assert_ptr_null(call.parameters);
        ck_assert(!call.more && !call.oneway && !call.upgrade);
        call_deinit(&call);
}
END_TEST

START_TEST(no_calls)
{
        refused("");
        refused("null");
        refused("1");
        refused("\"method\"");
        refused("[]");
        refused("[{\"method\":\"m\"}]");
        refused("{}");
        refused("{\"parameters\":{}}");
        refused("{\"method\":null}");
        refused("{\"method\":1}");
        refused("{\"method\":true}");
        refused("{\"method\":[\"m\"]}");
        refused("{\"method\":{}}");
        refused("{\"Method\":\"m\"}");
        refused("{\"method\":\"m\",\"parameters\":[]}");
        refused("{\"method\":\"m\",\"parameters\":\"{}\"}");
        refused("{\"method\":\"m\",\"parameters\":false}");
        refused("{\"method\":\"m\",\"more\":1}");
        refused("{\"method\":\"m\",\"more\":\"true\"}");
        refused("{\"method\":\"m\",\"oneway\":0}");
        refused("{\"method\":\"m\",\"oneway\":{}}");
        refused("{\"method\":\"m\",\"upgrade\":\"\"}");
        refused("{\"method\":\"m\",\"upgrade\":[]}");
        refused("{\"method\":\"m\",\"continues\":true}");
        refused("{\"method\":\"m\",\"error\":null}");
        refused("{\"method\":\"m\",\"\":null}");
        refused("{\"method\":\"m\",\"method\":\"n\"}");
        refused("{\"method\":\"m\",\"\\u006dethod\":\"n\"}");
        refused("{\"method\":\"m\"}{\"method\":\"m\"}");
        refused("{\"method\":\"m\",\"parameters\":{\"a\":1e999}}");
}
END_TEST

static char *call_with_string(size_t bytes)
{
        char *message = malloc(bytes + 64);
        char *string = malloc(bytes + 1);

        memset(string, 's', bytes);
        string[bytes] = '\0';
        sprintf(message, "{\"method\":\"m\",\"parameters\":{\"a\":\"%s\"}}", string);
        free(string);
        return message;
}

START_TEST(limits)
{
        struct call call;
        struct call_problem problem;
        char *message = call_with_string(LIMIT_STRING_BYTES);

        ck_assert_int_eq(parse(message, &call, &problem), CALL_OK);
        call_deinit(&call);
        free(message);
        message = call_with_string(LIMIT_STRING_BYTES + 1);
        ck_assert_int_eq(parse(message, &call, &problem), CALL_LIMIT);
        ck_assert_str_eq(problem.limit, "string_bytes");
        ck_assert_uint_eq(problem.limit_value, LIMIT_STRING_BYTES);
        free(message);
        ck_assert_int_eq(parse("{\"method\":\"m\",\"parameters\":{\"a\":[[[[[[]]]]]]}}", &call, &problem),
                         CALL_OK);
        call_deinit(&call);
        ck_assert_int_eq(parse("{\"method\":\"m\",\"parameters\":{\"a\":[[[[[[[]]]]]]]}}", &call, &problem),
                         CALL_LIMIT);
        ck_assert_str_eq(problem.limit, "json_depth");
        ck_assert_uint_eq(problem.limit_value, LIMIT_JSON_DEPTH);
        for (int extra = 0; extra < 2; extra++) {
                size_t count;
                char *many;
                size_t length;

                /* method, parameters, a, and its elements: two of them make one value more than allowed */
                count = LIMIT_JSON_VALUES - 3 + (size_t)extra;
                many = malloc(64 + 2 * count);
                ck_assert_ptr_nonnull(many);
                length = (size_t)sprintf(many, "{\"method\":\"m\",\"parameters\":{\"a\":[");

                for (size_t i = 0; i < count; i++)
                        length += (size_t)sprintf(many + length, i ? ",1" : "1");
                sprintf(many + length, "]}}");
                ck_assert_int_eq(parse(many, &call, &problem), extra ? CALL_LIMIT : CALL_OK);
                if (extra)
                        ck_assert_str_eq(problem.limit, "json_values");
                else
                        call_deinit(&call);
                free(many);
        }
        ck_assert_ptr_nonnull(problem.json.reason);
}
END_TEST

START_TEST(replies)
{
        static const char nulls[] = "{\"error\":null,\"parameters\":null,\"continues\":null}";
        struct reply reply;
        struct call_problem problem;

        ck_assert_int_eq(reply_parse("{}", 2, &reply, &problem), CALL_OK);
        ck_assert_ptr_null(reply.error);
        ck_assert_ptr_null(reply.parameters);
        ck_assert(!reply.continues);
        reply_deinit(&reply);
        ck_assert_int_eq(reply_parse(nulls, strlen(nulls), &reply, &problem), CALL_OK);
        ck_assert_ptr_null(reply.error);
        reply_deinit(&reply);
        ck_assert_ptr_null(reply.message);
        refused_reply("[]");
        refused_reply("null");
        refused_reply("{\"error\":1}");
        refused_reply("{\"parameters\":[]}");
        refused_reply("{\"continues\":1}");
        refused_reply("{\"method\":\"m\"}");
        refused_reply("{\"parameters\":{},\"parameters\":{}}");
}
END_TEST

/* What the daemon answers is longer and deeper than what it takes. */
START_TEST(replies_have_bounds_of_their_own)
{
        char *message = malloc(LIMIT_REPLY_STRING_BYTES + 64);
        struct reply reply;
        struct call_problem problem;
        size_t length;

        memset(message, 's', LIMIT_REPLY_STRING_BYTES + 64);
        memcpy(message, "{\"parameters\":{\"a\":\"", 20);
        length = 20 + LIMIT_REPLY_STRING_BYTES;
        memcpy(message + length, "\"}}", 4);
        ck_assert_int_eq(reply_parse(message, length + 3, &reply, &problem), CALL_OK);
        reply_deinit(&reply);
        memcpy(message + length, "s\"}}", 5);
        ck_assert_int_eq(reply_parse(message, length + 4, &reply, &problem), CALL_LIMIT);
        ck_assert_str_eq(problem.limit, "string_bytes");
        ck_assert_uint_eq(problem.limit_value, LIMIT_REPLY_STRING_BYTES);
        strcpy(message,
               "{\"parameters\":{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}");
        ck_assert_int_eq(reply_parse(message, strlen(message), &reply, &problem), CALL_OK);
        reply_deinit(&reply);
        strcpy(message,
               "{\"parameters\":{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}");
        ck_assert_int_eq(reply_parse(message, strlen(message), &reply, &problem), CALL_LIMIT);
        ck_assert_str_eq(problem.limit, "json_depth");
        ck_assert_uint_eq(problem.limit_value, LIMIT_REPLY_JSON_DEPTH);
        free(message);
}
END_TEST

static const struct {
        const char *message;
        bool plain;
} forms[] = {
        {"{\"method\":\"m\"}", true},
        {" { \"more\" : true , \"method\" : \"m\" , \"parameters\" : { } } ", true},
        {"{\"method\":\"m\",\"parameters\":{\"a\":\"Ã©\",\"b\":12,\"c\":true,\"d\":null}}", true},
        {"{\"method\":\"m\",\"parameters\":null,\"upgrade\":false}", true},
        {"{\"method\":\"\\u006d\"}", false},
        {"{\"\\u006dethod\":\"m\"}", false},
        {"{\"method\":\"m\",\"parameters\":{\"\\n\":1}}", false},
        {"{\"method\":\"m\",\"parameters\":{\"a\":\"\\/\"}}", false},
        {"{\"method\":\"m\",\"parameters\":{\"a\":[]}}", false},
        {"{\"method\":\"m\",\"parameters\":{\"a\":{}}}", false},
        {"{\"method\":\"m\",\"parameters\":{\"a\":-1}}", false},
        {"{\"method\":\"m\",\"parameters\":{\"a\":1.0}}", false},
        {"{\"method\":\"m\",\"parameters\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
         "\"i\":1,\"j\":1,\"k\":1}}",
         false},
};

/* Most calls cost no tree and no memory. */
START_TEST(plain_calls_have_no_tree)
{
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                struct call call;
                struct call_problem problem;

                ck_assert_int_eq(parse(forms[i].message, &call, &problem), CALL_OK);
                ck_assert_msg(!call.message == forms[i].plain, "%s", forms[i].message);
                ck_assert_str_eq(call.method, "m");
                call_deinit(&call);
        }
}
END_TEST

/* As long as may be, and one byte longer. */
START_TEST(plain_calls_are_short)
{
        char message[CALL_PLAIN_BYTES + 2];
        struct call call;
        struct call_problem problem;

        for (size_t length = CALL_PLAIN_BYTES; length <= CALL_PLAIN_BYTES + 1; length++) {
                memset(message, 'x', length);
                memcpy(message, "{\"method\":\"", 11);
                strcpy(message + length - 2, "\"}");
                ck_assert_int_eq(parse(message, &call, &problem), CALL_OK);
                ck_assert_uint_eq(strlen(call.method), length - 13);
                ck_assert(!call.message == (length == CALL_PLAIN_BYTES));
                call_deinit(&call);
        }
}
END_TEST

static const char *const nulls_and_lists[] = {
        "{\"method\":\"m\"}",
        "{\"method\":\"m\",\"parameters\":{\"names\":null}}",
        "{\"method\":\"m\",\"parameters\":{\"names\":null,\"x\":[]}}",
        "{\"method\":\"m\",\"parameters\":{\"names\":[\"a\"]}}",
        "{\"method\":\"m\",\"parameters\":{\"names\":\"a\"}}",
        "{\"method\":\"m\",\"parameters\":{\"names\":{}}}",
};

/* A null list is none: what is charged for that is what is done. */
START_TEST(lists)
{
        for (size_t i = 0; i < sizeof(nulls_and_lists) / sizeof(nulls_and_lists[0]); i++) {
                struct json_object *list;
                struct call call;
                struct call_problem problem;

                ck_assert_int_eq(parse(nulls_and_lists[i], &call, &problem), CALL_OK);
                ck_assert_msg(call_list(&call, "names", &list) == (i < 4), "%s", nulls_and_lists[i]);
                ck_assert_msg(i >= 4 || !list == (i < 3), "%s", nulls_and_lists[i]);
                call_deinit(&call);
        }
}
END_TEST

START_TEST(writes_calls)
{
        struct text text;

        text_init(&text);
        call_write(&text, "a.b.C", NULL, false, false);
        written_is(&text, "{\"method\":\"a.b.C\"}");
        call_write(&text, "a.b.C", "{\"x\":1}", true, false);
        written_is(&text, "{\"method\":\"a.b.C\",\"parameters\":{\"x\":1},\"more\":true}");
        call_write(&text, "a\"b", NULL, false, true);
        written_is(&text, "{\"method\":\"a\\\"b\",\"oneway\":true}");
}
END_TEST

START_TEST(writes_replies)
{
        struct text text;

        text_init(&text);
        reply_write(&text, "{\"x\":1}garbage", 7, false);
        written_is(&text, "{\"parameters\":{\"x\":1}}");
        reply_write(&text, "{}", 2, true);
        written_is(&text, "{\"parameters\":{},\"continues\":true}");
        reply_write_error(&text, "a.b.Gone", NULL);
        written_is(&text, "{\"error\":\"a.b.Gone\",\"parameters\":{}}");
        reply_write_error(&text, "a.b.Gone", "{\"name\":\"x\"}");
        written_is(&text, "{\"error\":\"a.b.Gone\",\"parameters\":{\"name\":\"x\"}}");
}
END_TEST

START_TEST(reads_what_it_writes)
{
        struct text text;
        struct call call;
        struct reply reply;
        struct call_problem problem;

        text_init(&text);
        call_write(&text, "a.b.C", "{\"x\":1}", true, true);
        ck_assert_int_eq(call_parse(text.bytes, text.length - 1, &call, &problem), CALL_OK);
        ck_assert_str_eq(call.method, "a.b.C");
        ck_assert_uint_eq(call.values.count, 1);
        ck_assert_str_eq(call.values.at[0].name, "x");
        ck_assert(call.values.at[0].type == PLAIN_INT && call.values.at[0].number == 1);
        ck_assert(call.more && call.oneway);
        call_deinit(&call);
        text_clear(&text);
        reply_write_error(&text, "a.b.Gone", "{\"x\":1}");
        ck_assert_int_eq(reply_parse(text.bytes, text.length - 1, &reply, &problem), CALL_OK);
        ck_assert_str_eq(reply.error, "a.b.Gone");
        ck_assert_int_eq(json_object_object_length(reply.parameters), 1);
        reply_deinit(&reply);
        text_clear(&text);
        reply_write(&text, "{}", 2, true);
        ck_assert_int_eq(reply_parse(text.bytes, text.length - 1, &reply, &problem), CALL_OK);
        ck_assert(reply.continues);
        reply_deinit(&reply);
        text_deinit(&text);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                smallest_call,
                largest_call,
                flags,
                null_is_absent,
                no_calls,
                limits,
                plain_calls_have_no_tree,
                plain_calls_are_short,
                lists,
                replies,
                replies_have_bounds_of_their_own,
                writes_calls,
                writes_replies,
                reads_what_it_writes,
        };

        return unit_run(unit_suite_of("proto_call", tests));
}
