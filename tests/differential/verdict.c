/* SPDX-License-Identifier: ISC */
#include "tests/differential/verdict.h"

#include <inttypes.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/judge/intent.h"
#include "daemon/judge/record.h"
#include "proto/call.h"
#include "proto/fields.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/text.h"

/* Of a value that is spelt longer than this, the beginning and a sum of all of it are printed. */
#define VERDICT_BYTES 160

/* One parameter of each type that a method of ours has. */
struct parameters {
        struct json_object *names;
        struct json_object *environment;
        const char *profile;
        enum field_bool all;
        struct field_int timeout_msec;
        int wait;
};

static const char *const waits[] = {"no", "up", "down", NULL};

static const struct field fields[] = {
        {"names", FIELD_STRING_LIST, false, offsetof(struct parameters, names), NULL},
        {"environment", FIELD_STRING_MAP, false, offsetof(struct parameters, environment), NULL},
        {"profile", FIELD_STRING, false, offsetof(struct parameters, profile), NULL},
        {"all", FIELD_BOOL, false, offsetof(struct parameters, all), NULL},
        {"timeout_msec", FIELD_INT, false, offsetof(struct parameters, timeout_msec), NULL},
        {"wait", FIELD_CHOICE, false, offsetof(struct parameters, wait), waits},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static void print_bytes(FILE *file, const char *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)bytes[i];

                if (byte >= ' ' && byte < 0x7f && byte != '\\')
                        fputc(byte, file);
                else
                        fprintf(file, "\\x%02x", byte);
        }
}

static void print_short(FILE *file, const char *bytes, size_t length)
{
        uint64_t sum = 0xcbf29ce484222325; /* FNV-1a */

        print_bytes(file, bytes, length < VERDICT_BYTES ? length : VERDICT_BYTES);
        if (length <= VERDICT_BYTES)
                return;
        for (size_t i = 0; i < length; i++)
                sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3;
        fprintf(file, "...%zu/%016" PRIx64, length, sum);
}

static void spell_number(struct text *text, char type, const char *number)
{
        text_append(text, &type, 1);
        text_append_string(text, number);
}

/* Spells a value by what json-c's getters say of it, not by json-c's own way of writing. */
static void spell(struct text *text, struct json_object *value)
{
        char number[64];

        switch (json_object_get_type(value)) {
        case json_type_null:
                text_append_string(text, "null");
                break;
        case json_type_boolean:
                text_append_string(text, json_object_get_boolean(value) ? "true" : "false");
                break;
        case json_type_int:
                snprintf(number, sizeof(number), "%" PRId64 "/%" PRIu64, json_object_get_int64(value),
                         json_object_get_uint64(value));
                spell_number(text, 'i', number);
                break;
        case json_type_double:
                snprintf(number, sizeof(number), "%a", json_object_get_double(value));
                spell_number(text, 'd', number);
                break;
        case json_type_string:
                text_append_string(text, "\"");
                text_append(text, json_object_get_string(value), (size_t)json_object_get_string_len(value));
                text_append_string(text, "\"");
                break;
        case json_type_array:
                text_append_string(text, "[");
                for (size_t i = 0; i < json_object_array_length(value); i++) {
                        spell(text, json_object_array_get_idx(value, i));
                        text_append_string(text, ",");
                }
                text_append_string(text, "]");
                break;
        case json_type_object:
                text_append_string(text, "{");
                json_object_object_foreach(value, name, member)
                {
                        text_append_string(text, name);
                        text_append_string(text, ":");
                        spell(text, member);
                        text_append_string(text, ",");
                }
                text_append_string(text, "}");
                break;
        }
}

static void print_value(FILE *file, struct json_object *value)
{
        struct text text;

        text_init(&text);
        spell(&text, value);
        fputc(' ', file);
        print_short(file, text.bytes, text.length);
        text_deinit(&text);
}

static bool print_json(FILE *file, const char *name, struct json_bounds bounds, const char *bytes,
                       size_t length)
{
        struct json_problem problem = {0};
        struct json_object *value = NULL;
        enum json_result result = json_strict_parse(bytes, length, bounds, &value, &problem);

        fprintf(file, " | %s %d@%zu", name, result, problem.offset);
        if (problem.reason)
                fprintf(file, " %s", problem.reason);
        if (result == JSON_OK) {
                print_value(file, value);
                /* What svcctl prints and sends is written by json-c. */
                fputs(" = ", file);
                bytes = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                      JSON_C_TO_STRING_NOSLASHESCAPE);
                print_short(file, bytes, strlen(bytes));
        }
        json_object_put(value);
        return result == JSON_OK;
}

static void print_problem(FILE *file, const char *name, enum call_result result,
                          const struct call_problem *problem)
{
        fprintf(file, " | %s %d@%zu", name, result, problem->json.offset);
        if (problem->json.reason)
                fprintf(file, " %s", problem->json.reason);
        if (problem->limit)
                fprintf(file, " %s=%zu", problem->limit, problem->limit_value);
}

static void print_fields(FILE *file, const struct call *call)
{
        struct parameters parameters;
        const char *wrong = call_fields(call, fields, &parameters);

        if (wrong) {
                fputs(" wrong ", file);
                print_short(file, wrong, strlen(wrong));
                return;
        }
        fprintf(file, " all=%d wait=%d timeout=%d/%lld profile=", parameters.all, parameters.wait,
                parameters.timeout_msec.present, parameters.timeout_msec.value);
        print_short(file, parameters.profile ? parameters.profile : "-",
                    parameters.profile ? strlen(parameters.profile) : 1);
        print_value(file, parameters.names);
        print_value(file, parameters.environment);
}

static void print_call(FILE *file, const char *bytes, size_t length)
{
        struct call_problem problem = {0};
        struct call call;
        enum call_result result = call_parse(bytes, length, &call, &problem);

        print_problem(file, "call", result, &problem);
        if (result != CALL_OK)
                return;
        fprintf(file, " more=%d oneway=%d upgrade=%d method=", call.more, call.oneway, call.upgrade);
        print_short(file, call.method, strlen(call.method));
        print_fields(file, &call);
        call_deinit(&call);
}

static void print_reply(FILE *file, const char *bytes, size_t length)
{
        struct call_problem problem = {0};
        struct reply reply;
        enum call_result result = reply_parse(bytes, length, &reply, &problem);

        print_problem(file, "reply", result, &problem);
        if (result != CALL_OK)
                return;
        fprintf(file, " continues=%d error=", reply.continues);
        print_short(file, reply.error ? reply.error : "-", reply.error ? strlen(reply.error) : 1);
        print_value(file, reply.parameters);
        reply_deinit(&reply);
}

/* What is read from the volume and the slot ends at its first NUL byte. */
static void print_files(FILE *file, const char *bytes)
{
        struct intent intent = {0};
        struct record record;
        struct prior prior;
        struct text text;
        int result = intent_read(bytes, &intent);

        fprintf(file, " | intent %d", result);
        if (result == 0) {
                fprintf(file, " %d", intent.want_up);
                print_value(file, intent.environment);
                intent_deinit(&intent);
        }
        prior_read(bytes, &prior);
        fprintf(file, " | prior %d %d %s", prior.want_up, prior.known, prior.state);
        result = record_read(bytes, &record);
        fprintf(file, " | record %d", result);
        if (result)
                return;
        text_init(&text);
        record_write(&record, NULL, &text);
        fputc(' ', file);
        print_short(file, text.bytes, text.length);
        text_deinit(&text);
}

bool verdict_print(FILE *file, const char *label, const char *text, size_t length)
{
        const struct json_bounds request = {LIMIT_JSON_DEPTH, LIMIT_STRING_BYTES, LIMIT_JSON_VALUES};
        const struct json_bounds deepest = {JSON_DEPTH_MAX, LIMIT_REPLY_STRING_BYTES, 0};
        bool ours;

        fprintf(file, "%s: ", label);
        print_short(file, text, length);
        print_json(file, "request", request, text, length);
        ours = print_json(file, "deepest", deepest, text, length);
        print_call(file, text, length);
        print_reply(file, text, length);
        print_files(file, text);
        fputc('\n', file);
        return ours;
}
