/* SPDX-License-Identifier: ISC */
#include "daemon/session/errors.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/session/audit.h"
#include "daemon/session/describe.h"
#include "proto/interface.h"
#include "proto/name.h"
#include "proto/sysname.h"

static void add_service(struct text *text, struct server *server, struct service *service)
{
        text_append_member(text, "service");
        describe_service(server, service, text);
}

static const char *const fault_errors[] = {
        [FAULT_NO_SUCH_SERVICE] = IO_SVCBROKER ".NoSuchService",
        [FAULT_NOT_REGISTERED] = IO_SVCBROKER ".NotRegistered",
        [FAULT_INVALID_NAME] = IO_SVCBROKER ".InvalidName",
        [FAULT_PROTECTED] = IO_SVCBROKER ".Protected",
        [FAULT_TOO_MANY_SERVICES] = IO_SVCBROKER ".TooManyServices",
        [FAULT_WAIT_TIMEOUT] = IO_SVCBROKER ".WaitTimeout",
        [FAULT_SUPERSEDED] = IO_SVCBROKER ".Superseded",
        [FAULT_FAILED] = IO_SVCBROKER ".Failed",
        [FAULT_UNSUPERVISED] = IO_SVCBROKER ".Unsupervised",
        [FAULT_HELD] = IO_SVCBROKER ".Held",
        [FAULT_BUSY] = IO_SVCBROKER ".Busy",
        [FAULT_NOT_RUNNING] = IO_SVCBROKER ".NotRunning",
        [FAULT_LIMIT] = ERROR_LIMIT,
        [FAULT_SYSTEM] = IO_SVCBROKER ".SystemError",
};

const char *errors_of_fault(struct server *server, const struct fault *fault, const char *name,
                            struct service *service, struct text *text)
{
        counts_refusal(&server->counts, fault_errors[fault->kind],
                       fault->kind == FAULT_LIMIT ? fault->text : NULL);
        if (fault->kind == FAULT_LIMIT) {
                errors_write_limit(text, fault->text, fault->number);
                return ERROR_LIMIT;
        }
        text_append_string(text, "{");
        switch (fault->kind) {
        case FAULT_NONE:
        case FAULT_LIMIT:
                break;
        case FAULT_NO_SUCH_SERVICE:
                text_append_member_string(text, "name", name);
                break;
        case FAULT_NOT_REGISTERED:
                text_append_member_string(text, "profile", name_profile_of(name) ?: name);
                break;
        case FAULT_INVALID_NAME:
        case FAULT_PROTECTED:
        case FAULT_UNSUPERVISED:
        case FAULT_HELD:
        case FAULT_NOT_RUNNING:
                text_append_member_string(text, "name", name);
                text_append_member_string(text, "reason", fault->text);
                if (fault->kind == FAULT_HELD && strcmp(fault->text, MULTIPLEX_REASON) == 0)
                        text_append_member_string(text, "cause", cause_name(CAUSE_SERVED));
                else if (fault->kind == FAULT_PROTECTED && fault->cause)
                        text_append_member_string(text, "cause", fault->cause);
                break;
        case FAULT_TOO_MANY_SERVICES:
                text_append_member_int(text, "limit", fault->number);
                if (fault->cause)
                        text_append_member_string(text, "cause", fault->cause);
                break;
        case FAULT_WAIT_TIMEOUT:
                add_service(text, server, service);
                text_append_member_int(text, "waited_msec", fault->number);
                break;
        case FAULT_SUPERSEDED:
        case FAULT_FAILED:
                add_service(text, server, service);
                break;
        case FAULT_BUSY:
                text_append_member_string(text, "name", name);
                text_append_member_string(text, "operation", fault->text);
                break;
        case FAULT_SYSTEM:
                text_append_member_string(text, "operation", fault->text);
                text_append_member_string(text, "errno_name", sysname_error(fault->error));
                text_append_member_string(text, "message", sysname_error_words(fault->error));
                break;
        }
        text_append_string(text, "}");
        return fault_errors[fault->kind];
}

static void errors_send(struct peer *peer, const char *error, struct text *parameters)
{
        text_append(parameters, "", 1);
        if (!parameters->failed)
                peer_error(peer, error, parameters->bytes);
        else
                peer_finish(peer);
        text_deinit(parameters);
}

void errors_fault(struct peer *peer, const struct fault *fault, const char *name, struct service *service)
{
        struct text parameters;
        const char *error;

        text_init(&parameters);
        error = errors_of_fault(peer->server, fault, name, service, &parameters);
        errors_send(peer, error, &parameters);
}

void errors_strings(struct peer *peer, const char *error, const char *name1, const char *value1,
                    const char *name2, const char *value2)
{
        struct text parameters;

        counts_refusal(&peer->server->counts, error, NULL);
        text_init(&parameters);
        text_append_string(&parameters, "{");
        if (name1)
                text_append_member_string(&parameters, name1, value1);
        if (name2)
                text_append_member_string(&parameters, name2, value2);
        text_append_string(&parameters, "}");
        errors_send(peer, error, &parameters);
}

void errors_parameter(struct peer *peer, const char *parameter)
{
        errors_strings(peer, ORG_VARLINK_SERVICE ".InvalidParameter", "parameter", parameter, NULL, NULL);
}

void errors_write_limit(struct text *text, const char *limit, int64_t value)
{
        text_append_string(text, "{");
        text_append_member_string(text, "limit", limit);
        text_append_member_int(text, "value", value);
        text_append_string(text, "}");
}

void errors_limit(struct peer *peer, const char *limit, int64_t value)
{
        struct text parameters;

        audit_limit(peer->access, &peer->identity, limit, value);
        counts_refusal(&peer->server->counts, ERROR_LIMIT, limit);
        text_init(&parameters);
        errors_write_limit(&parameters, limit, value);
        errors_send(peer, ERROR_LIMIT, &parameters);
}

void errors_invalid_message(struct peer *peer, const char *reason, size_t offset)
{
        struct text parameters;

        audit_invalid(peer);
        counts_refusal(&peer->server->counts, IO_SVCBROKER ".InvalidMessage", NULL);
        text_init(&parameters);
        text_append_string(&parameters, "{");
        text_append_member_string(&parameters, "reason", reason);
        text_append_member_int(&parameters, "offset", (int64_t)offset);
        text_append_string(&parameters, "}");
        errors_send(peer, IO_SVCBROKER ".InvalidMessage", &parameters);
}

void errors_denied(struct peer *peer)
{
        audit_denied(peer);
        errors_strings(peer, ORG_VARLINK_SERVICE ".PermissionDenied", NULL, NULL, NULL, NULL);
}
