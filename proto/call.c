/* SPDX-License-Identifier: ISC */
#include "proto/call.h"

#include <string.h>

#include <json-c/json.h>

#include "proto/json.h"
#include "proto/json_scan.h"
#include "proto/limits.h"

/* A member that a message may have, and where its value goes. Calls and replies differ only in their
 * members. */
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

/* Stores the message's members in their targets, which may be half filled on failure. `members` ends with a
 * NULL name; only strings are ever required. */
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

/* Parses a message, and stores its members. The targets point into *value, which the caller owns on success
 * only. */
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

static const struct json_bounds call_bounds = {
        .depth = LIMIT_JSON_DEPTH,
        .string_bytes = LIMIT_STRING_BYTES,
        .values = LIMIT_JSON_VALUES,
};

enum call_result call_parse_tree(const char *message, size_t length, struct call *call,
                                 struct call_problem *problem)
{
        const char *method = NULL;
        struct json_object *tree, *parameters = NULL;
        bool more = false, oneway = false, upgrade = false;
        const struct call_member members[] = {
                {"method", json_type_string, true, &method, "method is not a string", "method is missing"},
                {"parameters", json_type_object, false, &parameters, "parameters is not an object", NULL},
                {"more", json_type_boolean, false, &more, "more is not a boolean", NULL},
                {"oneway", json_type_boolean, false, &oneway, "oneway is not a boolean", NULL},
                {"upgrade", json_type_boolean, false, &upgrade, "upgrade is not a boolean", NULL},
                {NULL},
        };
        enum call_result result = call_read(message, length, call_bounds, members, &tree, problem);

        if (result != CALL_OK)
                return result;
        call->method = method;
        call->parameters = parameters;
        call->values.count = 0;
        call->more = more;
        call->oneway = oneway;
        call->upgrade = upgrade;
        call->message = tree;
        return CALL_OK;
}

/* The members of a plain call, each NULL if it is absent. */
struct call_plain {
        const struct json_plain_member *method, *parameters, *more, *oneway, *upgrade;
};

static const struct json_plain_member **call_plain_place(struct call_plain *call,
                                                         const struct json_plain_member *member)
{
        if (plain_is_named(member, "method"))
                return &call->method;
        if (plain_is_named(member, "parameters"))
                return &call->parameters;
        if (plain_is_named(member, "more"))
                return &call->more;
        if (plain_is_named(member, "oneway"))
                return &call->oneway;
        return plain_is_named(member, "upgrade") ? &call->upgrade : NULL;
}

/* Whether the member is absent, null, or a value that begins with one of these characters. */
static bool call_plain_is(const struct json_plain_member *member, const char *begins)
{
        return !member || *member->value == 'n' || strchr(begins, *member->value);
}

/* Whether an inner member is a parameter with a value that needs no tree, and with a name that no other
 * has. */
static bool call_plain_is_parameter(const struct json_plain *plain, size_t number,
                                    const struct call_plain *call)
{
        const struct json_plain_member *member = &plain->members[number];

        if (!call->parameters || *member->value == '{')
                return false;
        for (const struct json_plain_member *other = call->parameters + 1; other < member; other++)
                if (other->name_bytes == member->name_bytes &&
                    memcmp(other->name, member->name, member->name_bytes) == 0)
                        return false;
        return true;
}

/* Sorts the members of a plain call. False: call_parse_tree() has to take it, because it needs a tree, or
 * because something is wrong with it, which only call_parse_tree() reports. */
static bool call_plain_check(const struct json_plain *plain, struct call_plain *call)
{
        if (plain->is_more)
                return false;
        for (size_t i = 0; i < plain->count; i++) {
                const struct json_plain_member *member = &plain->members[i], **place;

                if (member->is_inner) {
                        if (!call_plain_is_parameter(plain, i, call))
                                return false;
                        continue;
                }
                place = call_plain_place(call, member);
                if (!place || *place)
                        return false;
                *place = member;
        }
        return call->method && *call->method->value == '"' && call_plain_is(call->parameters, "{") &&
               call_plain_is(call->more, "tf") && call_plain_is(call->oneway, "tf") &&
               call_plain_is(call->upgrade, "tf");
}

static bool call_plain_flag(const struct json_plain_member *member)
{
        return member && *member->value == 't';
}

/* Takes a plain call; false: it needs a tree. Copies fit into call->strings: each is shorter than the same
 * string in the message with its quotes. */
static bool call_take_plain(const struct json_plain *plain, struct call *call)
{
        struct call_plain found = {NULL};
        char *to = call->strings;

        if (!call_plain_check(plain, &found))
                return false;
        call->method = plain_copy(&to, found.method->value + 1, found.method->value_bytes - 2);
        call->parameters = NULL;
        call->values.count = 0;
        for (size_t i = 0; i < plain->count; i++)
                if (plain->members[i].is_inner)
                        call->values.at[call->values.count++] = plain_take(&plain->members[i], &to);
        call->more = call_plain_flag(found.more);
        call->oneway = call_plain_flag(found.oneway);
        call->upgrade = call_plain_flag(found.upgrade);
        call->message = NULL;
        return true;
}

enum call_result call_parse(const char *message, size_t length, struct call *call,
                            struct call_problem *problem)
{
        struct json_problem unwanted;
        struct json_tally tally;
        struct json_plain plain;

        if (length <= CALL_PLAIN_BYTES &&
            json_scan(message, length, call_bounds, &tally, &plain, &unwanted) == JSON_OK &&
            call_take_plain(&plain, call))
                return CALL_OK;
        return call_parse_tree(message, length, call, problem);
}

void call_deinit(struct call *call)
{
        json_object_put(call->message);
        call->message = call->parameters = NULL;
        call->method = NULL;
        call->values.count = 0;
}

const char *call_fields(const struct call *call, const struct field *fields, void *target)
{
        if (call->message)
                return fields_read(call->parameters, fields, target);
        return fields_read_plain(&call->values, fields, target);
}

bool call_list(const struct call *call, const char *name, struct json_object **list)
{
        const struct plain_value *value = plain_find(&call->values, name);
        struct json_object *found = NULL;

        if (call->parameters)
                json_object_object_get_ex(call->parameters, name, &found);
        *list = json_object_is_type(found, json_type_array) ? found : NULL;
        return found == *list && (!value || value->type == PLAIN_NULL);
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

/* Appends "}" and the NUL byte that ends every message on the wire. */
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

void reply_write_begin(struct text *text)
{
        text_append_string(text, "{\"parameters\":");
}

void reply_write_end(struct text *text, bool continues)
{
        if (continues)
                text_append_string(text, ",\"continues\":true");
        call_write_end(text);
}

void reply_write(struct text *text, const char *parameters, size_t length, bool continues)
{
        reply_write_begin(text);
        text_append(text, parameters, length);
        reply_write_end(text, continues);
}

void reply_write_error(struct text *text, const char *error, const char *parameters)
{
        text_append_string(text, "{\"error\":");
        text_append_json_string(text, error);
        text_append_string(text, ",\"parameters\":");
        text_append_string(text, parameters ? parameters : "{}");
        call_write_end(text);
}
