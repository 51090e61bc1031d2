/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/talk/options.h"
#include "client/talk/select.h"
#include "client/text/document.h"
#include "client/verbs/logs.h"
#include "proto/sysname.h"

/* Tells why a log cannot be shown, and notes that. Where there are several logs the document of --json names
 * the service. */
static void fail(struct logs *logs, enum outcome outcome, const char *name, const char *subject,
                 const char *what, const char *next)
{
        struct json_object *parameters = NULL;

        if (logs->lines.json && logs->several) {
                parameters = json_object_new_object();
                json_object_object_add(parameters, "name", json_object_new_string(name));
        }
        if (logs->lines.json)
                document_write_error(outcome == OUTCOME_DENIED ? "denied" : "failed", parameters);
        json_object_put(parameters);
        json_object_object_add(logs->refused, name, NULL);
        fflush(stdout);
        failure_print(subject, what, next);
        logs->outcome = failure_worse(logs->outcome, outcome);
}

static void tell_failure(struct logs *logs, const char *name, const char *path, int result)
{
        if (result == -ENOENT && strcmp(path, FACTS_BROKER_LOG) == 0)
                fail(logs, OUTCOME_FAILED, name, name, "it has no log directory, " FACTS_BROKER_LOG,
                     "see the container's log, which has every line of it");
        else if (result == -ENOENT)
                fail(logs, OUTCOME_FAILED, name, name, "has no log yet",
                     "its first start makes one; if it did not, the container's log says why");
        else if (result == -EACCES)
                fail(logs, OUTCOME_DENIED, name, path, "permission denied",
                     "run it as root or as the user whose gateways these are");
        else if (result == -ENOTDIR)
                fail(logs, OUTCOME_FAILED, name, path,
                     "it is no directory, or behind a link, which is not followed",
                     "see what is in its place, or run it as the user whose gateways these are");
        else if (result == -ELOOP || result == -EINVAL)
                fail(logs, OUTCOME_FAILED, name, path, "current in it is no plain file",
                     "see what is in its place");
        else
                fail(logs, OUTCOME_FAILED, name, path, sysname_error_words(-result),
                     "see that it is a directory as s6-log keeps it");
}

void logs_tell_loss(void *context, const char *name, const char *path, int result)
{
        struct logs *logs = context;

        if (result != -ENOENT) {
                tell_failure(logs, name, path, result);
        } else if (logs->several) {
                fflush(stdout);
                failure_print(name, "its log directory is gone",
                              "it comes back with the gateway's next start");
        } else {
                fail(logs, OUTCOME_FAILED, name, name, "its log directory is gone",
                     "it comes back with the gateway's next start");
        }
}

/* Whether no run of a gateway has ended yet, so that its log may be yet to come: the logger makes the directory
 * when there is something to log. */
static bool is_new(struct json_object *service)
{
        return member_string(service, "profile") && !json_object_object_get(service, "last_exit");
}

/* Opens the log of a new gateway, which is not there yet. One that runs has a logger that makes it, sooner or later
 * or never: nobody but who follows it can wait for that. */
static int open_new(struct logs *logs, struct json_object *service, const char *path)
{
        const char *name = member_string(service, "name");
        bool runs = json_object_object_get(service, "pid");

        if (runs && !logs->options->follow)
                return -ENOENT;
        if (runs)
                failure_print(name, "has no log yet",
                              "its logger makes one; if it does not, the container's log says why");
        else if (isatty(STDERR_FILENO))
                failure_print(name, "has no log yet", "its first start makes one");
        return logs->options->follow ? logmerge_add(logs->merge, name, path, true) : 0;
}

void logs_add(struct logs *logs, struct json_object *service)
{
        const char *name = member_string(service, "name"), *path = facts_log_directory(service);
        int result;

        if (!path) {
                fail(logs, OUTCOME_FAILED, name, name, "it has no log directory",
                     "only gateways have one; see the container's log");
                return;
        }
        /* Where many services are meant, one that never ran is not told: it has printed nothing. */
        result = logmerge_add(logs->merge, name, path, logs->several && logs->options->follow);
        if (result == -ENOENT && (logs->options->all || select_is_asked(logs->options)))
                return;
        if (result == -ENOENT && is_new(service))
                result = open_new(logs, service, path);
        if (result == 0)
                loglines_expect(&logs->lines, name);
        else
                tell_failure(logs, name, path, result);
}
