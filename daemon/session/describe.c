#include "daemon/session/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *state_name(enum service_state state)
{
        switch (state) {
        case STATE_DOWN:
                return "down";
        case STATE_STARTING:
                return "starting";
        case STATE_UP:
                return "up";
        case STATE_STOPPING:
                return "stopping";
        case STATE_FINISHING:
                return "finishing";
        case STATE_BACKOFF:
                return "backoff";
        case STATE_FAILED:
                return "failed";
        case STATE_HELD:
                return "held";
        case STATE_UNSUPERVISED:
                return "unsupervised";
        }
        return "unsupervised";
}

static void add_string(struct text *text, const char *name, const char *value)
{
        text_append_string(text, name);
        text_append_json_string(text, value);
}

static void add_int(struct text *text, const char *name, int64_t value)
{
        text_append_string(text, name);
        text_append_int(text, value);
}

static void add_exit(struct text *text, const struct view *view)
{
        char name[32];

        if (view->exit_signal) {
                snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(view->exit_signal) ?: "UNKNOWN");
                add_string(text, ",\"last_exit\":{\"signal\":", name);
        } else {
                add_int(text, ",\"last_exit\":{\"code\":", view->exit_code);
        }
        add_int(text, ",\"at_usec\":", view->exit_at_usec);
        text_append_string(text, "}");
}

static void add_log_directory(struct text *text, const char *hermes_home, const char *profile)
{
        char path[4096];

        snprintf(path, sizeof(path), "%s/logs/gateways/%s", hermes_home, profile);
        add_string(text, ",\"log_directory\":", path);
}

static void describe_make(struct server *server, const struct service *service, struct text *text)
{
        const struct view *view = &service->shown;

        add_string(text, "{\"name\":", service->name);
        text_append_string(text, service->profile ? ",\"kind\":\"gateway\"" : ",\"kind\":\"static\"");
        if (service->profile)
                add_string(text, ",\"profile\":", service->profile);
        add_string(text, ",\"state\":", state_name(view->state));
        text_append_string(text, view->want_up ? ",\"want\":\"up\"" : ",\"want\":\"down\"");
        if (view->reason[0])
                add_string(text, ",\"reason\":", view->reason);
        if (view->pid)
                add_int(text, ",\"pid\":", view->pid);
        add_int(text, ",\"since_usec\":", view->since_usec);
        if (view->ready_usec)
                add_int(text, ",\"ready_usec\":", view->ready_usec);
        add_int(text, ",\"restarts\":", view->restarts);
        add_int(text, ",\"log_restarts\":", view->log_restarts);
        if (view->next_start_usec)
                add_int(text, ",\"next_start_usec\":", view->next_start_usec);
        if (view->has_exit)
                add_exit(text, view);
        if (service->profile)
                add_log_directory(text, server->hermes_home, service->profile);
        text_append_string(text, "}");
}

void describe_service(struct server *server, struct service *service, struct text *text)
{
        struct text made;

        if (service->text) {
                text_append(text, service->text, service->text_length);
                return;
        }
        text_init(&made);
        describe_make(server, service, &made);
        text_append(text, made.bytes, made.length);
        text->failed = text->failed || made.failed;
        service->text = made.failed ? NULL : realloc(made.bytes, made.length);
        service->text_length = made.length;
        if (!service->text)
                text_deinit(&made);
}

void describe_forget(struct service *service)
{
        free(service->text);
        service->text = NULL;
        service->text_length = 0;
}

void describe_persisted(bool persisted, const char *problem, struct text *text)
{
        text_append_string(text, persisted ? ",\"persisted\":true" : ",\"persisted\":false");
        if (problem)
                add_string(text, ",\"persist_error\":", problem);
}
