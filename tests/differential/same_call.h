/* SPDX-License-Identifier: ISC */
#ifndef DIFFERENTIAL_SAME_CALL_H
#define DIFFERENTIAL_SAME_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <json-c/json.h>

#include "proto/call.h"
#include "proto/fields.h"

/* Whether a call is read the same with and without a tree: for a test and for a fuzzer. */

/* One parameter of each type that a method of ours has, and some of the rest. */
struct same_parameters {
        struct json_object *names;
        struct json_object *environment;
        const char *profile;
        const char *name;
        enum field_bool all;
        struct field_int timeout_msec;
        int wait;
};

static const char *const same_waits[] = {"no", "up", "down", NULL};

#define SAME_FIELDS(needs_name)                                                                              \
        {                                                                                                    \
                {"names", FIELD_STRING_LIST, false, offsetof(struct same_parameters, names), NULL},          \
                {"environment", FIELD_STRING_MAP, false, offsetof(struct same_parameters, environment),      \
                 NULL},                                                                                      \
                {"profile", FIELD_STRING, false, offsetof(struct same_parameters, profile), NULL},           \
                {"name", FIELD_STRING, needs_name, offsetof(struct same_parameters, name), NULL},            \
                {"all", FIELD_BOOL, false, offsetof(struct same_parameters, all), NULL},                     \
                {"timeout_msec", FIELD_INT, false, offsetof(struct same_parameters, timeout_msec), NULL},    \
                {"wait", FIELD_CHOICE, false, offsetof(struct same_parameters, wait), same_waits},           \
                {NULL, FIELD_STRING, false, 0, NULL},                                                        \
        }

static inline bool same_string(const char *one, const char *other)
{
        return one && other ? strcmp(one, other) == 0 : one == other;
}

static inline bool same_fields(const struct call *one, const struct call *other, const struct field *fields)
{
        struct same_parameters left = {.wait = 7}, right = {.wait = 7};
        const char *wrong = call_fields(one, fields, &left);

        if (!same_string(wrong, call_fields(other, fields, &right)))
                return false;
        return wrong ||
               (json_object_equal(left.names, right.names) &&
                json_object_equal(left.environment, right.environment) &&
                same_string(left.profile, right.profile) && same_string(left.name, right.name) &&
                left.all == right.all && left.timeout_msec.present == right.timeout_msec.present &&
                left.timeout_msec.value == right.timeout_msec.value && left.wait == right.wait);
}

static inline bool same_value(const struct plain_value *value, struct json_object *member)
{
        switch (value->type) {
        case PLAIN_NULL:
                return !member;
        case PLAIN_BOOL:
                return json_object_is_type(member, json_type_boolean) &&
                       json_object_get_boolean(member) == value->number;
        case PLAIN_INT:
                return json_object_is_type(member, json_type_int) &&
                       json_object_get_int64(member) == value->number;
        case PLAIN_STRING:
                return json_object_is_type(member, json_type_string) &&
                       same_string(json_object_get_string(member), value->string);
        }
        return false;
}

/* As many, each with its name and value. */
static inline bool same_values(const struct call *plain, const struct call *tree)
{
        if (plain->message)
                return json_object_equal(plain->parameters, tree->parameters);
        if (plain->parameters ||
            plain->values.count !=
                    (size_t)(tree->parameters ? json_object_object_length(tree->parameters) : 0))
                return false;
        for (size_t i = 0; i < plain->values.count; i++) {
                struct json_object *member;

                if (!json_object_object_get_ex(tree->parameters, plain->values.at[i].name, &member) ||
                    !same_value(&plain->values.at[i], member))
                        return false;
        }
        return true;
}

static inline bool same_lists(const struct call *one, const struct call *other, const char *name)
{
        struct json_object *left, *right;

        return call_list(one, name, &left) == call_list(other, name, &right) && json_object_equal(left, right);
}

static inline bool same_calls(const struct call *plain, const struct call *tree)
{
        static const struct field fields[] = SAME_FIELDS(false), needing[] = SAME_FIELDS(true);
        static const struct field none[] = {{NULL, FIELD_STRING, false, 0, NULL}};

        return strcmp(plain->method, tree->method) == 0 && plain->more == tree->more &&
               plain->oneway == tree->oneway && plain->upgrade == tree->upgrade && same_values(plain, tree) &&
               same_fields(plain, tree, fields) && same_fields(plain, tree, needing) &&
               same_fields(plain, tree, none) && same_lists(plain, tree, "names") &&
               same_lists(plain, tree, "profile");
}

static inline bool same_problems(const struct call_problem *one, const struct call_problem *other)
{
        return same_string(one->json.reason, other->json.reason) && one->json.offset == other->json.offset &&
               same_string(one->limit, other->limit) && one->limit_value == other->limit_value;
}

/* *plain: it was read without a tree. A NUL byte is behind the message. */
static inline bool same_call(const char *message, size_t length, bool *plain)
{
        struct call_problem problems[2] = {{.limit = NULL}, {.limit = NULL}};
        struct call calls[2];
        enum call_result result = call_parse(message, length, &calls[0], &problems[0]);
        enum call_result with_tree = call_parse_tree(message, length, &calls[1], &problems[1]);
        bool same = result == with_tree;

        *plain = result == CALL_OK && !calls[0].message;
        if (same && result == CALL_OK)
                same = same_calls(&calls[0], &calls[1]);
        else if (same)
                same = same_problems(&problems[0], &problems[1]);
        if (result == CALL_OK)
                call_deinit(&calls[0]);
        if (with_tree == CALL_OK)
                call_deinit(&calls[1]);
        return same;
}

#endif
