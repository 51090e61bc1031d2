/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <json-c/json.h>

#include "proto/fields.h"
#include "proto/json.h"

struct target {
        const char *string;
        enum field_bool yes;
        struct field_int number;
        struct json_object *list;
        struct json_object *map;
        int choice;
        int canary; /* no field names it */
};

static const char *const choices[] = {"no", "up", "down", NULL};

static const struct field fields[] = {
        {"string", FIELD_STRING, true, offsetof(struct target, string)},
        {"yes", FIELD_BOOL, false, offsetof(struct target, yes)},
        {"number", FIELD_INT, false, offsetof(struct target, number)},
        {"list", FIELD_STRING_LIST, false, offsetof(struct target, list)},
        {"map", FIELD_STRING_MAP, false, offsetof(struct target, map)},
        {"choice", FIELD_CHOICE, false, offsetof(struct target, choice), choices},
        {NULL},
};

static struct json_object *parsed;
static struct target target;

static void setup(void)
{
        parsed = NULL;
        memset(&target, 0xa5, sizeof(target));
        target.canary = 4711;
}

static void teardown(void)
{
        ck_assert_int_eq(target.canary, 4711);
        json_object_put(parsed);
        parsed = NULL;
}

/* The wrong parameter's name, or NULL. */
static const char *read_into_target(const char *parameters)
{
        enum json_result result;

        json_object_put(parsed);
        parsed = NULL;
        result = json_strict_parse(parameters, strlen(parameters), (struct json_bounds){8, 100}, &parsed,
                                   NULL);
        ck_assert_int_eq(result, JSON_OK);
        return fields_read(parsed, fields, &target);
}

static void wrong(const char *name, const char *parameters)
{
        const char *got = read_into_target(parameters);

        ck_assert_msg(got, "accepted: %s", parameters);
        ck_assert_str_eq(got, name);
}

static void all_optional_absent(void)
{
        ck_assert_int_eq(target.yes, FIELD_ABSENT);
        ck_assert(!target.number.present);
        ck_assert_ptr_null(target.list);
        ck_assert_ptr_null(target.map);
        ck_assert_int_eq(target.choice, -1);
}

START_TEST(all_present)
{
        ck_assert_ptr_null(
                read_into_target("{\"choice\":\"down\",\"map\":{\"A\":\"1\"},\"list\":[\"x\",\"y\"],"
                                 "\"number\":-5,\"yes\":true,\"string\":\"s\"}"));
        ck_assert_str_eq(target.string, "s");
        ck_assert_int_eq(target.yes, FIELD_TRUE);
        ck_assert(target.number.present);
        ck_assert_int_eq(target.number.value, -5);
        ck_assert_uint_eq(json_object_array_length(target.list), 2);
        ck_assert_int_eq(json_object_object_length(target.map), 1);
        ck_assert_int_eq(target.choice, 2);
}
END_TEST

START_TEST(optional_absent)
{
        ck_assert_ptr_null(read_into_target("{\"string\":\"\"}"));
        ck_assert_str_eq(target.string, "");
        all_optional_absent();
}
END_TEST

START_TEST(optional_null)
{
        ck_assert_ptr_null(read_into_target("{\"string\":\"s\",\"yes\":null,\"number\":null,\"list\":null,"
                                            "\"map\":null,\"choice\":null}"));
        all_optional_absent();
}
END_TEST

START_TEST(no_parameters_at_all)
{
        static const struct field optional[] = {{"yes", FIELD_BOOL, false, offsetof(struct target, yes)},
                                                {NULL}};
        static const struct field none[] = {{NULL}};

        ck_assert_str_eq(fields_read(NULL, fields, &target), "string");
        all_optional_absent();
        target.yes = FIELD_TRUE;
        ck_assert_ptr_null(fields_read(NULL, optional, &target));
        ck_assert_int_eq(target.yes, FIELD_ABSENT);
        ck_assert_ptr_null(fields_read(NULL, none, NULL));
        wrong("string", "{}");
        ck_assert_ptr_null(fields_read(parsed, none, NULL));
}
END_TEST

START_TEST(required_missing)
{
        wrong("string", "{}");
        wrong("string", "{\"string\":null}");
        wrong("string", "{\"yes\":true}");
}
END_TEST

START_TEST(unknown)
{
        wrong("other", "{\"string\":\"s\",\"other\":1}");
        wrong("other", "{\"string\":\"s\",\"other\":null}");
        wrong("String", "{\"String\":\"s\"}");
        wrong("", "{\"string\":\"s\",\"\":1}");
        wrong("strin", "{\"strin\":\"s\"}");
        ck_assert_ptr_null(target.string);
}
END_TEST

START_TEST(ill_typed)
{
        wrong("string", "{\"string\":1}");
        wrong("string", "{\"string\":[\"s\"]}");
        wrong("string", "{\"string\":{}}");
        wrong("yes", "{\"string\":\"s\",\"yes\":1}");
        wrong("yes", "{\"string\":\"s\",\"yes\":\"true\"}");
        wrong("number", "{\"string\":\"s\",\"number\":\"1\"}");
        wrong("number", "{\"string\":\"s\",\"number\":1.0}");
        wrong("number", "{\"string\":\"s\",\"number\":1e3}");
        wrong("number", "{\"string\":\"s\",\"number\":true}");
        wrong("list", "{\"string\":\"s\",\"list\":\"x\"}");
        wrong("list", "{\"string\":\"s\",\"list\":{}}");
        wrong("list", "{\"string\":\"s\",\"list\":[1]}");
        wrong("list", "{\"string\":\"s\",\"list\":[\"x\",null]}");
        wrong("list", "{\"string\":\"s\",\"list\":[[\"x\"]]}");
        wrong("map", "{\"string\":\"s\",\"map\":[]}");
        wrong("map", "{\"string\":\"s\",\"map\":\"x\"}");
        wrong("map", "{\"string\":\"s\",\"map\":{\"a\":\"1\",\"b\":2}}");
        wrong("map", "{\"string\":\"s\",\"map\":{\"a\":null}}");
        wrong("choice", "{\"string\":\"s\",\"choice\":\"maybe\"}");
        wrong("choice", "{\"string\":\"s\",\"choice\":\"\"}");
        wrong("choice", "{\"string\":\"s\",\"choice\":\"Up\"}");
        wrong("choice", "{\"string\":\"s\",\"choice\":1}");
}
END_TEST

START_TEST(edges)
{
        ck_assert_ptr_null(
                read_into_target("{\"string\":\"s\",\"yes\":false,\"number\":0,\"list\":[],\"map\":{},"
                                 "\"choice\":\"no\"}"));
        ck_assert_int_eq(target.yes, FIELD_FALSE);
        ck_assert(target.number.present);
        ck_assert_int_eq(target.number.value, 0);
        ck_assert_ptr_nonnull(target.list);
        ck_assert_ptr_nonnull(target.map);
        ck_assert_int_eq(target.choice, 0);
        ck_assert_ptr_null(read_into_target("{\"string\":\"s\",\"number\":9223372036854775807}"));
        ck_assert(target.number.value == INT64_MAX);
}
END_TEST

int main(void)
{
        Suite *suite;
        TCase *tcase;

        const TTest *tests[] = {
                all_present,      optional_absent, optional_null, no_parameters_at_all,
                required_missing, unknown,         ill_typed,     edges,
        };
        suite = suite_create("proto_fields");
        tcase = tcase_create("proto_fields");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
