/* SPDX-License-Identifier: ISC */
/*
 * What a peer's bytes go through before anything acts on them: frame, JSON, call, parameters. Besides not
 * crashing it must keep some promises, each an abort() here. Built and run by the script beside it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "proto/call.h"
#include "proto/fields.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/name.h"
#include "proto/text.h"
#include "tests/differential/same_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_LIMIT_BYTES 8192 /* smaller than the real one, so that it is met */

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
        {"names", FIELD_STRING_LIST, false, offsetof(struct parameters, names)},
        {"environment", FIELD_STRING_MAP, false, offsetof(struct parameters, environment)},
        {"profile", FIELD_STRING, false, offsetof(struct parameters, profile)},
        {"all", FIELD_BOOL, false, offsetof(struct parameters, all)},
        {"timeout_msec", FIELD_INT, false, offsetof(struct parameters, timeout_msec)},
        {"wait", FIELD_CHOICE, false, offsetof(struct parameters, wait), waits},
        {NULL},
};

static void must(bool promise)
{
        if (!promise)
                abort();
}

/* What was accepted is accepted again when written by us, and is the same. */
static void check_round_trip(const struct call *call)
{
        struct call_problem problem;
        struct call again;
        struct text text;
        const char *parameters = NULL;

        text_init(&text);
        if (call->parameters)
                parameters = json_object_to_json_string_ext(call->parameters, JSON_C_TO_STRING_PLAIN);
        call_write(&text, call->method, parameters, call->more, call->oneway);
        must(!text.failed && text.bytes[text.length - 1] == '\0' && strlen(text.bytes) == text.length - 1);
        must(call_parse(text.bytes, text.length - 1, &again, &problem) == CALL_OK);
        must(strcmp(call->method, again.method) == 0);
        must(call->more == again.more && call->oneway == again.oneway);
        must(same_values(&again, call));
        call_deinit(&again);
        text_deinit(&text);
}

static void check_parameters(const struct call *call)
{
        struct parameters parameters;
        char service[LIMIT_SERVICE_NAME_BYTES + 1];

        if (call_fields(call, fields, &parameters))
                return;
        must(parameters.wait >= -1 && parameters.wait < 3);
        if (parameters.profile && name_check_profile(parameters.profile) == NAME_OK) {
                name_service_of(parameters.profile, service, sizeof(service));
                must(name_check_service(service) == NAME_OK);
                must(strcmp(name_profile_of(service), parameters.profile) == 0);
        }
        if (parameters.environment) {
                json_object_object_foreach(parameters.environment, name, value)
                        environment_check(name, json_object_get_string(value));
        }
}

static void check_message(const char *message, size_t length)
{
        struct call_problem problem;
        struct reply reply;
        struct call call;
        enum call_result result;
        bool plain;

        must(message[length] == '\0' && strlen(message) == length);
        must(same_call(message, length, &plain));
        if (reply_parse(message, length, &reply, &problem) == CALL_OK)
                reply_deinit(&reply);
        result = call_parse(message, length, &call, &problem);
        must(result != CALL_MEMORY);
        if (result != CALL_OK) {
                must(problem.json.reason && problem.json.offset <= length);
                must((result == CALL_LIMIT) == (problem.limit != NULL));
                return;
        }
        must(call.method != NULL);
        check_parameters(&call);
        call_deinit(&call);
        must(call_parse_tree(message, length, &call, &problem) == CALL_OK);
        check_round_trip(&call);
        check_parameters(&call);
        call_deinit(&call);
}

/* The first byte says how the rest is cut into pieces, and how many messages are taken behind each. */
static void check_stream(const char *bytes, size_t size, unsigned cut)
{
        struct frame_buffer buffer;
        enum frame_result result = FRAME_PARTIAL;
        char *message;
        size_t length;
        size_t at = 0;

        frame_buffer_init(&buffer, FUZZ_LIMIT_BYTES);
        while (at < size && result != FRAME_TOO_LARGE) {
                size_t room;
                char *where = frame_buffer_reserve(&buffer, &room);
                size_t part = 1 + (cut & 0x3f) * (cut & 0x3f);
                unsigned takes = where ? 1 + (cut >> 6) : 1; /* when full, one must go */

                part = part < room ? part : room;
                part = part < size - at ? part : size - at;
                if (where) {
                        memcpy(where, bytes + at, part);
                        frame_buffer_commit(&buffer, part);
                        at += part;
                }
                must(where || room == 0);
                must(frame_buffer_pending(&buffer) <= FUZZ_LIMIT_BYTES + 1);
                do {
                        size_t complete = frame_buffer_complete(&buffer, 1);

                        result = frame_buffer_next(&buffer, &message, &length);
                        must(complete == (result == FRAME_READY));
                        if (result == FRAME_READY)
                                check_message(message, length);
                } while (result == FRAME_READY && --takes > 0);
        }
        frame_buffer_deinit(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *message;

        if (size == 0)
                return 0;
        check_stream((const char *)data + 1, size - 1, data[0]);
        /* Once more as one message of exactly this size, so that a byte too many read is a byte outside. */
        message = malloc(size);
        memcpy(message, data + 1, size - 1);
        message[size - 1] = '\0';
        if (strlen(message) == size - 1)
                check_message(message, size - 1);
        free(message);
        return 0;
}
