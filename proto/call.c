/* SPDX-License-Identifier: ISC */
#include "proto/call.h"

#include <string.h>

#include <json-c/json.h>

#include "proto/json.h"
#include "proto/limits.h"

/* What a message may hold, and where it goes. Calls and replies differ only in this. */
struct call_member {
        const char *name;
        enum json_type type;
        bool required;
        void *target;           /* const char *, struct json_object * or bool, by the type */
        const char *wrong_type; /* for people */
        const char *missing;
};

static enum call_result call_fail(const char *reason, struct call_problem *problem)
{
        *problem = (struct call_problem){.json = {.reason = reason}};
        return CALL_INVALID;
}

static enum call_result call_fail_limit(struct json_problem json, const char *limit, size_t value,
                                        struct call_problem *problem)
{
        *problem = (struct call_problem){.json = json, .limit = limit, .limit_value = value};
        return CALL_LIMIT;
}

static enum call_result call_parse_json(const char *message, size_t length, struct json_bounds bounds,
                                        struct json_object **value, struct call_problem *problem)
{
        struct json_problem json;

        switch (json_strict_parse(message, length, bounds, value, &json)) {
        case JSON_OK:
                return CALL_OK;
        case JSON_DEPTH:
                return call_fail_limit(json, "json_depth", bounds.depth, problem);
        case JSON_VALUES:
                return call_fail_limit(json, "json_values", bounds.values, problem);
        case JSON_STRING:
                return call_fail_limit(json, "string_bytes", bounds.string_bytes, problem);
        case JSON_MEMORY:
                *problem = (struct call_problem){.json = json};
                return CALL_MEMORY;
        case JSON_SYNTAX:
        case JSON_ENCODING:
        case JSON_DUPLICATE:
        case JSON_NUMBER:
                break;
        }
        *problem = (struct call_problem){.json = json};
        return CALL_INVALID;
}

static void call_store(const struct call_member *member, struct json_object *value)
{
        if (member->type == json_type_string)
                *(const char **)member->target = json_object_get_string(value);
        else if (member->type == json_type_boolean)
                *(bool *)member->target = json_object_get_boolean(value);
        else
                *(struct json_object **)member->target = value;
}

static const struct call_member *call_find(const struct call_member *members, const char *name)
{
        for (; members->name; members++) {
                if (strcmp(members->name, name) == 0)
                        return members;
        }
        return NULL;
}

/* members ends with a NULL name. Only strings are ever required. Their targets may be half filled on
 * failure. */
static enum call_result call_take(struct json_object *message, const struct call_member *members,
                                  struct call_problem *problem)
{
        if (!json_object_is_type(message, json_type_object))
                return call_fail("not an object", problem);
        json_object_object_foreach(message, name, value)
        {
                const struct call_member *member = call_find(members, name);

                if (!member)
                        return call_fail("an unknown member", problem);
                if (!value)
                        continue;
                if (!json_object_is_type(value, member->type))
                        return call_fail(member->wrong_type, problem);
                call_store(member, value);
        }
        for (; members->name; members++) {
                if (members->required && !*(const char **)members->target)
                        return call_fail(members->missing, problem);
        }
        return CALL_OK;
}

/* *value, what the members' targets point into, is the caller's on success only. */
static enum call_result call_read(const char *message, size_t length, struct json_bounds bounds,
                                  const struct call_member *members, struct json_object **value,
                                  struct call_problem *problem)
{
        enum call_result result = call_parse_json(message, length, bounds, value, problem);

        if (result != CALL_OK)
                return result;
        result = call_take(*value, members, problem);
        if (result != CALL_OK)
                json_object_put(*value);
        return result;
}

enum call_result call_parse(const char *message, size_t length, struct call *call,
                            struct call_problem *problem)
{
        const struct json_bounds bounds = {
                .depth = LIMIT_JSON_DEPTH,
                .string_bytes = LIMIT_STRING_BYTES,
                .values = LIMIT_JSON_VALUES,
        };
        struct call parsed = {0};
        const struct call_member members[] = {
                {"method", json_type_string, true, &parsed.method, "method is not a string",
                 "method is missing"},
                {"parameters", json_type_object, false, &parsed.parameters, "parameters is not an object",
                 NULL},
                {"more", json_type_boolean, false, &parsed.more, "more is not a boolean", NULL},
                {"oneway", json_type_boolean, false, &parsed.oneway, "oneway is not a boolean", NULL},
                {"upgrade", json_type_boolean, false, &parsed.upgrade, "upgrade is not a boolean", NULL},
                {NULL},
        };
        enum call_result result = call_read(message, length, bounds, members, &parsed.message, problem);

        if (result == CALL_OK)
                *call = parsed;
        return result;
}

void call_deinit(struct call *call)
{
        json_object_put(call->message);
        *call = (struct call){0};
}

enum call_result reply_parse(const char *message, size_t length, struct reply *reply,
                             struct call_problem *problem)
{
        const struct json_bounds bounds = {
                .depth = LIMIT_REPLY_JSON_DEPTH,
                .string_bytes = LIMIT_REPLY_STRING_BYTES,
        };
        struct reply parsed = {0};
        const struct call_member members[] = {
                {"error", json_type_string, false, &parsed.error, "error is not a string", NULL},
                {"parameters", json_type_object, false, &parsed.parameters, "parameters is not an object",
                 NULL},
                {"continues", json_type_boolean, false, &parsed.continues, "continues is not a boolean",
                 NULL},
                {NULL},
        };
        enum call_result result = call_read(message, length, bounds, members, &parsed.message, problem);

        if (result == CALL_OK)
                *reply = parsed;
        return result;
}

void reply_deinit(struct reply *reply)
{
        json_object_put(reply->message);
        *reply = (struct reply){0};
}

/* The NUL byte that ends every message on the wire. */
static void call_write_end(struct text *text)
{
        text_append(text, "}", sizeof("}"));
}

void call_write(struct text *text, const char *method, const char *parameters, bool more, bool oneway)
{
        text_append_string(text, "{\"method\":");
        text_append_json_string(text, method);
        if (parameters) {
                text_append_string(text, ",\"parameters\":");
                text_append_string(text, parameters);
        }
        if (more)
                text_append_string(text, ",\"more\":true");
        if (oneway)
                text_append_string(text, ",\"oneway\":true");
        call_write_end(text);
}

void reply_write(struct text *text, const char *parameters, size_t length, bool continues)
{
        text_append_string(text, "{\"parameters\":");
        text_append(text, parameters, length);
        if (continues)
                text_append_string(text, ",\"continues\":true");
        call_write_end(text);
}

void reply_write_error(struct text *text, const char *error, const char *parameters)
{
        text_append_string(text, "{\"error\":");
        text_append_json_string(text, error);
        text_append_string(text, ",\"parameters\":");
        text_append_string(text, parameters ? parameters : "{}");
        call_write_end(text);
}
