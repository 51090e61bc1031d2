/* SPDX-License-Identifier: ISC */
#include "daemon/session/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/sysname.h"

static void add_exit(struct text *text, const struct view *view)
{
        char name[32];

        text_append_member(text, "last_exit");
        text_append_string(text, "{");
        if (view->exit_signal) {
                snprintf(name, sizeof(name), "SIG%s", sysname_signal(view->exit_signal) ?: "UNKNOWN");
                text_append_member_string(text, "signal", name);
        } else {
                text_append_member_int(text, "code", view->exit_code);
        }
        text_append_member_int(text, "at_usec", view->exit_at_usec);
        if (view->exit_order != EXIT_ORDER_UNKNOWN)
                text_append_member_bool(text, "ordered", view->exit_order == EXIT_ORDERED);
        if (view->oom_kills) {
                text_append_member_int(text, "oom_kills", view->oom_kills);
                text_append_member_int(text, "oom_since_usec", view->oom_since_usec);
        }
        text_append_string(text, "}");
}

static void add_log_directory(struct text *text, const char *hermes_home, const char *profile)
{
        char path[4096];

        snprintf(path, sizeof(path), "%s/logs/gateways/%s", hermes_home, profile);
        text_append_member_string(text, "log_directory", path);
}

/* Writes the members that are kept: those of struct view, which change with events.changed only, and those
 * that never change. A comma for lists comes behind them. */
static void describe_kept(struct server *server, const struct service *service, struct text *text)
{
        const struct view *view = &service->shown;
        char problem[LOCKS_PROBLEM_BYTES];

        text_append_string(text, "{");
        text_append_member_string(text, "name", service->name);
        text_append_member_string(text, "kind", service->profile ? "gateway" : "static");
        if (service->profile)
                text_append_member_string(text, "profile", service->profile);
        text_append_member_string(text, "state", service_state_name(view->state));
        text_append_member_string(text, "want", view->want_up ? "up" : "down");
        if (view->reason[0])
                text_append_member_string(text, "reason", view->reason);
        if (trouble_name(view->trouble))
                text_append_member_string(text, "problem", trouble_name(view->trouble));
        if (view->step_since_usec) {
                text_append_member_int(text, "step_since_usec", view->step_since_usec);
                text_append_member_int(text, "step_until_usec", view->step_until_usec);
        }
        if (cause_name(view->cause))
                text_append_member_string(text, "cause", cause_name(view->cause));
        if (view->pid)
                text_append_member_int(text, "pid", view->pid);
        text_append_member_int(text, "since_usec", view->since_usec);
        if (view->ready_usec)
                text_append_member_int(text, "ready_usec", view->ready_usec);
        text_append_member_int(text, "restarts", view->restarts);
        text_append_member_int(text, "log_restarts", view->log_restarts);
        if (view->next_start_usec)
                text_append_member_int(text, "next_start_usec", view->next_start_usec);
        if (view->has_exit)
                add_exit(text, view);
        if (view->note != NOTE_NONE)
                text_append_member_string(text, "note", view_note_text(view->note));
        if (service->profile)
                add_log_directory(text, server->hermes_home, service->profile);
        locks_log_problem(service, problem, sizeof(problem));
        if (problem[0])
                text_append_member_string(text, "log_problem", problem);
        if (locks_problem(service))
                text_append_member_string(text, "lock_problem", locks_problem(service));
        text_append_string(text, "},");
}

/* Makes and keeps the JSON of a service: List asks for a thousand more often than one of them changes. */
static void describe_keep(struct server *server, struct service *service)
{
        struct text made;

        text_init(&made);
        describe_kept(server, service, &made);
        service->text = made.failed ? NULL : realloc(made.bytes, made.length);
        service->text_length = made.length;
        if (!service->text)
                text_deinit(&made);
}

/* The kept JSON of the service, made now if need be. NULL: out of memory. */
static const char *describe_kept_text(struct server *server, struct service *service)
{
        /* Changes that were noted, and that wait for the service's step, are shown already. */
        if (ready_is_waiting(&service->ready))
                service_show(service);
        if (!service->text)
                describe_keep(server, service);
        return service->text;
}

void describe_service(struct server *server, struct service *service, struct text *text)
{
        const char *kept = describe_kept_text(server, service);

        /* A member that moves all the time (a load, a count of bytes) is to be appended here and in
         * describe_in_list(), each time anew, and the closing brace behind it, which is then no longer kept.
         * What is neither in struct view nor kept is no change, so Watch does not tell of it each turn. */
        if (kept)
                text_append(text, kept, service->text_length - 1);
        else
                text->failed = true;
}

void describe_in_list(struct server *server, struct service *service, struct text *text)
{
        const char *kept = describe_kept_text(server, service);

        if (kept)
                text_append(text, kept, service->text_length);
        else
                text->failed = true;
}

void describe_end_list(struct text *text)
{
        if (text->length && text->bytes[text->length - 1] == ',')
                text->length--;
}

void describe_forget(struct service *service)
{
        free(service->text);
        service->text = NULL;
        service->text_length = 0;
}

void describe_persisted(bool persisted, const char *problem, struct text *text)
{
        text_append_member_bool(text, "persisted", persisted);
        if (problem)
                text_append_member_string(text, "persist_error", problem);
}
