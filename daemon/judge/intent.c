/* SPDX-License-Identifier: ISC */
#include "daemon/judge/intent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/judge/foreign.h"
#include "daemon/judge/members.h"
#include "proto/fields.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/name.h"

/* How many values an intent may have: version, want, environment and its variables, and unknown members. */
#define INTENT_VALUES (3 + LIMIT_ENVIRONMENT_VARIABLES + INTENT_UNKNOWN_BYTES / 2)
#define INTENT_BEGIN "{\"version\":"
#define INTENT_END "}\n"

static const char *const want_names[] = {"down", "up", NULL};

static void write_environment(struct json_object *environment, struct text *text)
{
        const char *separator = "";

        text_append_string(text, ",\"environment\":{");
        json_object_object_foreach(environment, name, value)
        {
                text_append_string(text, separator);
                text_append_json_string(text, name);
                text_append_string(text, ":");
                text_append_json_string(text, json_object_get_string(value));
                separator = ",";
        }
        text_append_string(text, "}");
}

void intent_write(bool want_up, struct json_object *environment, struct text *text)
{
        text_append_string(text, INTENT_BEGIN);
        text_append_int(text, MEMBERS_MAJOR);
        text_append_string(text, ",\"want\":");
        text_append_json_string(text, want_names[want_up]);
        if (environment)
                write_environment(environment, text);
        text_append_string(text, INTENT_END);
}

/* The members of an intent, but for the version, which members.h reads. */
struct parsed {
        int want;
        struct json_object *environment;
};

static const struct field intent_fields[] = {
        {"want", FIELD_CHOICE, true, offsetof(struct parsed, want), want_names},
        {"environment", FIELD_STRING_MAP, false, offsetof(struct parsed, environment), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static bool environment_is_valid(struct json_object *environment)
{
        size_t bytes = 0;

        if (!environment)
                return true;
        json_object_object_foreach(environment, name, value)
        {
                const char *string = json_object_get_string(value);

                bytes += strlen(name) + strlen(string);
                if (environment_check(name, string) != ENVIRONMENT_OK)
                        return false;
        }
        return bytes <= LIMIT_ENVIRONMENT_BYTES &&
               json_object_object_length(environment) <= LIMIT_ENVIRONMENT_VARIABLES;
}

int intent_pass_on(const char *before, struct text *text)
{
        const size_t head = strlen(INTENT_BEGIN "1"), end = strlen(INTENT_END);
        struct members members;
        struct text whole;
        int result = members_read(foreign_begin(before), intent_fields, INTENT_UNKNOWN_BYTES, &members);

        if (result || !members.unknown.length) {
                if (!result)
                        members_deinit(&members);
                return result == -EBADMSG ? 0 : result;
        }
        text_init(&whole);
        /* The text is allocated as large as it will be, and no larger: it is kept for a while. */
        whole.capacity = text->length + strlen(members.version) + members.unknown.length;
        whole.bytes = malloc(whole.capacity);
        whole.failed = !whole.bytes;
        text_append_string(&whole, INTENT_BEGIN);
        text_append_string(&whole, members.version);
        text_append(&whole, text->bytes + head, text->length - head - end);
        text_append(&whole, members.unknown.bytes, members.unknown.length);
        text_append_string(&whole, INTENT_END);
        members_deinit(&members);
        if (whole.failed) {
                text_deinit(&whole);
                return -ENOMEM;
        }
        text_deinit(text);
        *text = whole;
        return 0;
}

int intent_read(const char *text, struct intent *intent)
{
        struct json_object *object = NULL;
        struct members members;
        struct parsed parsed;
        int result;

        text = foreign_begin(text); /* the editor of a person who mends it by hand may write a mark */
        result = members_read(text, intent_fields, INTENT_UNKNOWN_BYTES, &members);
        if (result)
                return result;
        members_deinit(&members);
        if (json_strict_parse(text, strlen(text),
                              (struct json_bounds){MEMBERS_DEPTH, LIMIT_STRING_BYTES, INTENT_VALUES}, &object,
                              NULL))
                return -EBADMSG;
        result = -EBADMSG;
        if (!fields_take(object, intent_fields, &parsed) && environment_is_valid(parsed.environment)) {
                *intent = (struct intent){parsed.want == 1, json_object_get(parsed.environment)};
                result = 0;
        }
        json_object_put(object);
        return result;
}

void intent_deinit(struct intent *intent)
{
        json_object_put(intent->environment);
        intent->environment = NULL;
}

static bool is_word(const char *state)
{
        size_t length = strlen(state);

        return length && length < PRIOR_STATE_BYTES && strspn(state, "abcdefghijklmnopqrstuvwxyz_") == length;
}

static bool means_running(const char *state)
{
        return strcmp(state, "running") == 0 || strcmp(state, "draining") == 0 ||
               strcmp(state, "degraded") == 0;
}

void prior_read(const char *text, struct prior *prior)
{
        struct foreign members[] = {{.name = "desired_state"}, {.name = "gateway_state"}};
        const char *desired = NULL;
        const char *state = NULL;

        *prior = (struct prior){.want_up = false};
        if (!text)
                return;
        snprintf(prior->state, sizeof(prior->state), "unreadable");
        if (!foreign_read(text, members, 2))
                return;
        if (members[0].kind == FOREIGN_STRING)
                desired = members[0].value;
        if (members[1].kind == FOREIGN_STRING)
                state = members[1].value;
        if (!desired && !state)
                return;
        prior->known = true;
        prior->stopped = desired && strcmp(desired, "stopped") == 0;
        prior->want_up = desired ? strcmp(desired, "running") == 0 : means_running(state);
        if (is_word(state ? state : desired))
                snprintf(prior->state, sizeof(prior->state), "%s", state ? state : desired);
}

const char *prior_exit_name(enum prior_exit how)
{
        static const char *const names[] = {"unknown", "clean", "unclean"};

        return names[how];
}

enum prior_exit prior_exit_read(const char *text)
{
        struct foreign phase = {.name = "phase"};

        if (!foreign_read(text, &phase, 1) || phase.kind != FOREIGN_STRING)
                return PRIOR_EXIT_UNKNOWN;
        return strcmp(phase.value, "exited") == 0    ? PRIOR_EXIT_CLEAN
               : strcmp(phase.value, "running") == 0 ? PRIOR_EXIT_UNCLEAN
                                                     : PRIOR_EXIT_UNKNOWN;
}
