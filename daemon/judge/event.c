/* SPDX-License-Identifier: ISC */
#include "daemon/judge/event.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "proto/fields.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/name.h"
#include "proto/sysname.h"

static const char *const kind_names[] = {"order",       "began",  "ended",     "state",
                                         "environment", "logger", "container", NULL};
static const char *const order_names[] = {"start",    "stop",       "restart", "reset",
                                          "register", "unregister", "signal",  NULL};
static const char *const starter_names[] = {"s6", "person", "retry", "boot", NULL};
static const char *const state_names[] = {"backoff", "failed", "held", NULL};

static bool is_plain(unsigned char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("_.:@/+-", c));
}

void event_set_process(struct event_by *by, const char *name)
{
        size_t length = 0;

        for (; *name && length + 3 < sizeof(by->process); name++) {
                unsigned char c = (unsigned char)*name;

                if (is_plain(c))
                        by->process[length++] = *name;
                else
                        length += (size_t)snprintf(by->process + length, 4, "%%%02X", c);
        }
        by->process[length] = '\0';
}

void event_add_variable(struct event *event, const char *name)
{
        size_t length = strlen(event->text), more = strlen(name) + 1;

        if (length + more >= sizeof(event->text))
                event->left_out++;
        else
                snprintf(event->text + length, sizeof(event->text) - length, "%s ", name);
}

#define NAMELESS "UNKNOWN" /* stands for a signal without a name, as those of real time */

static void write_signal(int number, struct text *text)
{
        char name[32];

        snprintf(name, sizeof(name), "SIG%s", sysname_signal(number) ?: NAMELESS);
        text_append_member_string(text, "signal", name);
}

static void write_order(const struct event *event, struct text *text)
{
        text_append_member_string(text, "order", order_names[event->order]);
        if (event->order == EVENT_SIGNAL && event->exit_signal)
                write_signal(event->exit_signal, text);
        if (!event->by.known)
                return;
        text_append_member_int(text, "uid", event->by.uid);
        if (event->by.pid)
                text_append_member_int(text, "caller_pid", event->by.pid);
        if (event->by.process[0])
                text_append_member_string(text, "process", event->by.process);
}

static void write_end(const struct event *event, struct text *text)
{
        if (event->has_exit && event->exit_signal)
                write_signal(event->exit_signal, text);
        else if (event->has_exit)
                text_append_member_int(text, "code", event->exit_code);
        text_append_member_bool(text, "ordered", event->ordered);
        text_append_member_int(text, "lasted_msec", event->lasted_msec);
        if (event->oom_kills)
                text_append_member_int(text, "oom_kills", event->oom_kills);
}

static void write_variables(const struct event *event, struct text *text)
{
        const char *separator = "";

        text_append_member(text, "variables");
        text_append_string(text, "[");
        for (const char *at = event->text, *end; (end = strchr(at, ' ')); at = end + 1) {
                text_append_string(text, separator);
                text_append_string(text, "\"");
                text_append(text, at, (size_t)(end - at));
                text_append_string(text, "\"");
                separator = ",";
        }
        text_append_string(text, "]");
        if (event->left_out)
                text_append_member_int(text, "left_out", event->left_out);
}

void event_write(const struct event *event, struct text *text)
{
        text_append_string(text, "{");
        text_append_member_int(text, "at_usec", event->at_usec);
        text_append_member_string(text, "event", kind_names[event->kind]);
        switch (event->kind) {
        case EVENT_ORDER:
                write_order(event, text);
                break;
        case EVENT_BEGAN:
                text_append_member_string(text, "started_by", starter_names[event->starter]);
                break;
        case EVENT_ENDED:
                write_end(event, text);
                break;
        case EVENT_STATE:
                text_append_member_string(text, "state", state_names[event->state]);
                break;
        case EVENT_ENVIRONMENT:
                write_variables(event, text);
                break;
        case EVENT_LOGGER:
        case EVENT_CONTAINER:
                break;
        }
        if (event->pid)
                text_append_member_int(text, "pid", event->pid);
        if (event->kind != EVENT_ENVIRONMENT && event->text[0])
                text_append_member_string(text, "reason", event->text);
        text_append_string(text, "}");
}

struct parsed {
        struct field_int at, uid, caller, pid, code, lasted, oom_kills, left_out;
        int kind, order, starter, state;
        const char *process, *signal, *reason;
        enum field_bool ordered;
        struct json_object *variables;
};

static const struct field event_fields[] = {
        {"at_usec", FIELD_INT, true, offsetof(struct parsed, at), NULL},
        {"event", FIELD_CHOICE, true, offsetof(struct parsed, kind), kind_names},
        {"order", FIELD_CHOICE, false, offsetof(struct parsed, order), order_names},
        {"uid", FIELD_INT, false, offsetof(struct parsed, uid), NULL},
        {"caller_pid", FIELD_INT, false, offsetof(struct parsed, caller), NULL},
        {"process", FIELD_STRING, false, offsetof(struct parsed, process), NULL},
        {"started_by", FIELD_CHOICE, false, offsetof(struct parsed, starter), starter_names},
        {"pid", FIELD_INT, false, offsetof(struct parsed, pid), NULL},
        {"code", FIELD_INT, false, offsetof(struct parsed, code), NULL},
        {"signal", FIELD_STRING, false, offsetof(struct parsed, signal), NULL},
        {"ordered", FIELD_BOOL, false, offsetof(struct parsed, ordered), NULL},
        {"lasted_msec", FIELD_INT, false, offsetof(struct parsed, lasted), NULL},
        {"oom_kills", FIELD_INT, false, offsetof(struct parsed, oom_kills), NULL},
        {"state", FIELD_CHOICE, false, offsetof(struct parsed, state), state_names},
        {"variables", FIELD_STRING_LIST, false, offsetof(struct parsed, variables), NULL},
        {"left_out", FIELD_INT, false, offsetof(struct parsed, left_out), NULL},
        {"reason", FIELD_STRING, false, offsetof(struct parsed, reason), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static bool is_within(const struct field_int *number, long long most)
{
        return number->value >= 0 && number->value <= most;
}

/* Is the name one that event_set_process() can have made? NULL, where there is none, is too. */
static bool is_process(const char *name)
{
        size_t length = name ? strlen(name) : 0;

        for (size_t i = 0; i < length; i++)
                if (!is_plain((unsigned char)name[i]) && name[i] != '%')
                        return false;
        return length < EVENT_PROCESS_BYTES;
}

/* The number of a signal; NSIG for one without a name, whose number is not known; 0: the name is none. */
static int signal_of(const char *name)
{
        if (name && strcmp(name, "SIG" NAMELESS) == 0)
                return NSIG;
        for (int number = 1; name && number < NSIG; number++) {
                const char *known = sysname_signal(number);

                if (known && strncmp(name, "SIG", 3) == 0 && strcmp(name + 3, known) == 0)
                        return number;
        }
        return 0;
}

static bool parsed_is_sound(const struct parsed *parsed)
{
        return parsed->at.value >= 0 && is_within(&parsed->uid, UINT32_MAX) &&
               is_within(&parsed->caller, INT_MAX) && is_within(&parsed->pid, INT_MAX) &&
               parsed->code.value >= 0 && parsed->code.value <= UINT8_MAX && parsed->lasted.value >= 0 &&
               is_within(&parsed->oom_kills, UINT32_MAX) && is_within(&parsed->left_out, INT_MAX) &&
               is_process(parsed->process) &&
               (!parsed->reason || strlen(parsed->reason) < EVENT_TEXT_BYTES) &&
               (parsed->kind != EVENT_ORDER || parsed->order >= 0) &&
               (parsed->kind != EVENT_BEGAN || parsed->starter >= 0) &&
               (parsed->kind != EVENT_STATE || parsed->state >= 0) &&
               (parsed->kind != EVENT_ENVIRONMENT || parsed->variables);
}

static bool take_variables(struct json_object *variables, struct event *event)
{
        for (size_t i = 0; i < json_object_array_length(variables); i++) {
                const char *name = json_object_get_string(json_object_array_get_idx(variables, i));

                if (!environment_is_name(name))
                        return false;
                event_add_variable(event, name);
        }
        return true;
}

static bool take(const struct parsed *parsed, struct event *event)
{
        const char *process = parsed->process ? parsed->process : "";

        *event = (struct event){
                .kind = (enum event_kind)parsed->kind,
                .at_usec = parsed->at.value,
                .order = parsed->order >= 0 ? (enum event_order)parsed->order : EVENT_START,
                .by = {.known = parsed->uid.present,
                       .uid = (uid_t)parsed->uid.value,
                       .pid = (pid_t)parsed->caller.value},
                .starter = parsed->starter >= 0 ? (enum event_starter)parsed->starter : STARTER_S6,
                .pid = (pid_t)parsed->pid.value,
                .state = parsed->state >= 0 ? (enum event_state)parsed->state : EVENT_BACKOFF,
                .has_exit = parsed->code.present || parsed->signal,
                .exit_code = parsed->signal ? -1 : (int)parsed->code.value,
                .exit_signal = signal_of(parsed->signal),
                .ordered = parsed->ordered == FIELD_TRUE,
                .lasted_msec = parsed->lasted.value,
                .oom_kills = (unsigned)parsed->oom_kills.value,
                .left_out = (unsigned)parsed->left_out.value,
        };
        snprintf(event->by.process, sizeof(event->by.process), "%s", process);
        if (parsed->signal && !event->exit_signal)
                return false;
        if (event->kind == EVENT_ENVIRONMENT)
                return take_variables(parsed->variables, event);
        snprintf(event->text, sizeof(event->text), "%s", parsed->reason ? parsed->reason : "");
        return true;
}

int event_read(const char *line, struct event *event)
{
        struct json_object *object = NULL;
        struct parsed parsed;
        struct event read;
        int result = -EBADMSG;

        if (json_strict_parse(line, strlen(line), (struct json_bounds){EVENT_DEPTH, LIMIT_STRING_BYTES, 0},
                              &object, NULL))
                return -EBADMSG;
        if (json_object_is_type(object, json_type_object) && !fields_take(object, event_fields, &parsed) &&
            parsed_is_sound(&parsed) && take(&parsed, &read)) {
                *event = read;
                result = 0;
        }
        json_object_put(object);
        return result;
}
