/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

#include <json-c/json.h>

#include "proto/json.h"
#include "proto/limits.h"

/* A wrong path or a lost pattern must not pass for success. */
#define CORPUS_LEAST_EACH 40

static const struct json_bounds request_bounds = {LIMIT_JSON_DEPTH, LIMIT_STRING_BYTES, 0};

static const char *const result_names[] = {
        [JSON_OK] = "ok",
        [JSON_SYNTAX] = "syntax",
        [JSON_ENCODING] = "encoding",
        [JSON_DUPLICATE] = "duplicate",
        [JSON_NUMBER] = "number",
        [JSON_DEPTH] = "depth",
        [JSON_VALUES] = "values",
        [JSON_STRING] = "string",
        [JSON_MEMORY] = "memory",
};

/*
 * y_WHATEVER.json is accepted; n_REASON_WHATEVER.json is refused, and for that reason (one of result_names):
 * a file that is refused for another one does not test what it was written for.
 */
static bool file_passes(const char *directory, const char *name)
{
        char path[8192];
        size_t length;
        char *text;
        struct json_object *value = NULL;
        struct json_problem problem = {0};
        const char *expected = result_names[JSON_OK];
        const char *got;
        bool passes;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        text = unit_read(path, &length);
        got = result_names[json_strict_parse(text, length, request_bounds, &value, &problem)];
        if (name[0] == 'n')
                expected = name + strlen("n_");
        passes = strncmp(expected, got, strlen(got)) == 0 && strchr("_.", expected[strlen(got)]);
        if (!passes)
                fprintf(stderr, "%s: %s at byte %zu: %s\n", name, got, problem.offset,
                        problem.reason ? problem.reason : "accepted");
        if (got != result_names[JSON_OK] && (value || !problem.reason || problem.offset > length)) {
                fprintf(stderr, "%s: refused with a value, without a reason or at no byte of it\n", name);
                passes = false;
        }
        json_object_put(value);
        free(text);
        return passes;
}

START_TEST(corpus)
{
        char path[4096];
        DIR *directory = opendir(unit_path("json", path, sizeof(path)));
        struct dirent *entry;
        unsigned accepted = 0;
        unsigned refused = 0;
        unsigned failed = 0;

        ck_assert_msg(directory, "%s cannot be opened", path);
        while ((entry = readdir(directory))) {
                bool yes = strncmp(entry->d_name, "y_", 2) == 0;
                bool no = strncmp(entry->d_name, "n_", 2) == 0;

                if (!yes && !no)
                        continue;
                accepted += yes;
                refused += no;
                failed += !file_passes(path, entry->d_name);
        }
        closedir(directory);
        ck_assert_msg(failed == 0, "%u files failed, named above", failed);
        ck_assert_uint_ge(accepted, CORPUS_LEAST_EACH);
        ck_assert_uint_ge(refused, CORPUS_LEAST_EACH);
}
END_TEST

static enum json_result parse(const char *text, size_t depth, size_t string_bytes,
                              struct json_problem *problem)
{
        struct json_object *value = NULL;
        enum json_result result;

        result = json_strict_parse(text, strlen(text), (struct json_bounds){depth, string_bytes}, &value,
                                   problem);
        json_object_put(value);
        return result;
}

static void fails_at(const char *text, enum json_result result, size_t offset)
{
        struct json_problem problem = {0};

        ck_assert_int_eq(parse(text, 8, 8, &problem), result);
        ck_assert_ptr_nonnull(problem.reason);
        ck_assert_msg(problem.offset == offset, "%s: at %zu, not %zu", text, problem.offset, offset);
}

START_TEST(offsets)
{
        fails_at("", JSON_SYNTAX, 0);
        fails_at("{\"a\":x}", JSON_SYNTAX, 5);
        fails_at("{\"a\":1", JSON_SYNTAX, 6);
        fails_at("[1,]", JSON_SYNTAX, 3);
        fails_at("[] []", JSON_SYNTAX, 3);
        fails_at("[01]", JSON_SYNTAX, 2);
        fails_at("[\"a\xff\"]", JSON_ENCODING, 3);
        fails_at("[\"a\nb\"]", JSON_ENCODING, 3);
        fails_at("[[[[[[[[[", JSON_DEPTH, 8);
        fails_at("[\"123456789\"]", JSON_STRING, 11);
}
END_TEST

START_TEST(bounds_are_the_callers)
{
        ck_assert_int_eq(parse("1", 0, 0, NULL), JSON_OK);
        ck_assert_int_eq(parse("\"\"", 0, 0, NULL), JSON_OK);
        ck_assert_int_eq(parse("\"a\"", 0, 0, NULL), JSON_STRING);
        ck_assert_int_eq(parse("[]", 0, 0, NULL), JSON_DEPTH);
        ck_assert_int_eq(parse("[]", 1, 0, NULL), JSON_OK);
        ck_assert_int_eq(parse("[[1]]", 1, 0, NULL), JSON_DEPTH);
        ck_assert_int_eq(parse("[[1]]", 2, 0, NULL), JSON_OK);
        ck_assert_int_eq(parse("{\"ab\":1}", 1, 1, NULL), JSON_STRING);
        ck_assert_int_eq(parse("{\"ab\":1}", 1, 2, NULL), JSON_OK);
}
END_TEST

/* As deep as the scanner can go, json-c must go too. */
START_TEST(deepest)
{
        char text[2 * JSON_DEPTH_MAX + 4];
        size_t depth = JSON_DEPTH_MAX;

        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        text[2 * depth + 1] = '\0';
        ck_assert_int_eq(parse(text, depth, 1, NULL), JSON_OK);
        ck_assert_int_eq(parse(text, depth + 100, 1, NULL), JSON_OK);
        ck_assert_int_eq(parse(text, depth - 1, 1, NULL), JSON_DEPTH);
        depth++;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        ck_assert_int_eq(parse(text, depth + 100, 1, NULL), JSON_DEPTH);
}
END_TEST

START_TEST(values_arrive)
{
        static const char text[] =
                "{\"n\":-9223372036854775808,\"s\":\"\\ud83d\\ude00\\n\",\"r\":-1.5e3,\"x\":null}";
        struct json_object *tree;
        struct json_object *value;

        ck_assert_int_eq(json_strict_parse(text, strlen(text), request_bounds, &tree, NULL), JSON_OK);
        ck_assert(json_object_object_get_ex(tree, "n", &value));
        ck_assert_int_eq(json_object_get_int64(value), INT64_MIN);
        ck_assert(json_object_object_get_ex(tree, "s", &value));
        ck_assert_str_eq(json_object_get_string(value), "\xf0\x9f\x98\x80\n");
        ck_assert(json_object_object_get_ex(tree, "r", &value));
        ck_assert(json_object_get_double(value) == -1500.0);
        ck_assert(json_object_object_get_ex(tree, "x", &value));
        ck_assert_ptr_null(value);
        json_object_put(tree);
}
END_TEST

START_TEST(null_is_a_null_pointer)
{
        struct json_object *value = json_object_new_int(1);
        struct json_object *before = value;

        ck_assert_int_eq(json_strict_parse("nul", 3, request_bounds, &value, NULL), JSON_SYNTAX);
        ck_assert_ptr_eq(value, before);
        ck_assert_int_eq(json_strict_parse("null", 4, request_bounds, &value, NULL), JSON_OK);
        ck_assert_ptr_null(value);
        json_object_put(before);
}
END_TEST

static enum json_tokener_error pretended = json_tokener_success;

/* In front of json-c's own: a text that our scanner takes and json-c refuses is not known. */
enum json_tokener_error json_tokener_get_error(struct json_tokener *tokener)
{
        return pretended == json_tokener_success ? tokener->err : pretended;
}

static void fails_when(enum json_tokener_error error, enum json_result result, const char *reason)
{
        struct json_problem problem = {0};

        pretended = error;
        ck_assert_int_eq(parse("{\"a\":[1]}", 8, 8, &problem), result);
        pretended = json_tokener_success;
        ck_assert_str_eq(problem.reason, reason);
        ck_assert_uint_le(problem.offset, strlen("{\"a\":[1]}"));
}

/* Whoever reads "out of memory" looks for the wrong thing. */
START_TEST(a_refusal_of_json_c_is_no_want_of_memory)
{
        fails_when(json_tokener_error_depth, JSON_SYNTAX, "json-c cannot read it");
        fails_when(json_tokener_error_parse_unexpected, JSON_SYNTAX, "json-c cannot read it");
        fails_when(json_tokener_error_parse_number, JSON_SYNTAX, "json-c cannot read it");
        fails_when(json_tokener_error_parse_string, JSON_SYNTAX, "json-c cannot read it");
        fails_when(json_tokener_error_parse_utf8_string, JSON_SYNTAX, "json-c cannot read it");
        /* Want of memory is one of the last two, which depends on the version; no text is too long by
         * then. */
        fails_when(json_tokener_error_parse_utf8_string + 1, JSON_MEMORY, "out of memory");
        fails_when(json_tokener_error_parse_utf8_string + 2, JSON_MEMORY, "out of memory");
        fails_when(json_tokener_error_parse_eof, JSON_MEMORY, "out of memory");
        fails_when(json_tokener_continue, JSON_MEMORY, "out of memory");
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                corpus,
                offsets,
                bounds_are_the_callers,
                deepest,
                values_arrive,
                null_is_a_null_pointer,
                a_refusal_of_json_c_is_no_want_of_memory,
        };

        return unit_run(unit_suite_of("proto_json", tests));
}
