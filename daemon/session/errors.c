#include "daemon/session/errors.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/edge/log.h"
#include "daemon/session/describe.h"
#include "proto/interface.h"
#include "proto/name.h"

static void add_string(struct text *text, const char *name, const char *value)
{
        text_append_string(text, text->length > 1 ? "," : "");
        text_append_json_string(text, name);
        text_append_string(text, ":");
        text_append_json_string(text, value);
}

static void add_int(struct text *text, const char *name, int64_t value)
{
        text_append_string(text, text->length > 1 ? "," : "");
        text_append_json_string(text, name);
        text_append_string(text, ":");
        text_append_int(text, value);
}

static void add_service(struct text *text, struct server *server, struct service *service)
{
        text_append_string(text, "\"service\":");
        describe_service(server, service, text);
}

static void add_profile(struct text *text, const char *name)
{
        add_string(text, "profile", name_profile_of(name) ?: name);
}

const char *errors_of_fault(struct server *server, const struct fault *fault, const char *name,
                            struct service *service, struct text *text)
{
        const char *error = NULL;

        text_append_string(text, "{");
        switch (fault->kind) {
        case FAULT_NONE:
                break;
        case FAULT_NO_SUCH_SERVICE:
                error = IO_SVCBROKER ".NoSuchService";
                add_string(text, "name", name);
                break;
        case FAULT_NOT_REGISTERED:
                error = IO_SVCBROKER ".NotRegistered";
                add_profile(text, name);
                break;
        case FAULT_INVALID_NAME:
                error = IO_SVCBROKER ".InvalidName";
                add_string(text, "name", name);
                add_string(text, "reason", fault->text);
                break;
        case FAULT_PROTECTED:
                error = IO_SVCBROKER ".Protected";
                add_string(text, "name", name);
                add_string(text, "reason", fault->text);
                break;
        case FAULT_TOO_MANY_SERVICES:
                error = IO_SVCBROKER ".TooManyServices";
                add_int(text, "limit", fault->number);
                break;
        case FAULT_WAIT_TIMEOUT:
                error = IO_SVCBROKER ".WaitTimeout";
                add_service(text, server, service);
                add_int(text, "waited_msec", fault->number);
                break;
        case FAULT_SUPERSEDED:
                error = IO_SVCBROKER ".Superseded";
                add_service(text, server, service);
                break;
        case FAULT_FAILED:
                error = IO_SVCBROKER ".Failed";
                add_service(text, server, service);
                break;
        case FAULT_UNSUPERVISED:
                error = IO_SVCBROKER ".Unsupervised";
                add_string(text, "name", name);
                add_string(text, "reason", fault->text);
                break;
        case FAULT_HELD:
                error = IO_SVCBROKER ".Held";
                add_string(text, "name", name);
                add_string(text, "reason", fault->text);
                break;
        case FAULT_BUSY:
                error = IO_SVCBROKER ".Busy";
                add_string(text, "name", name);
                add_string(text, "operation", fault->text);
                break;
        case FAULT_SYSTEM:
                error = IO_SVCBROKER ".SystemError";
                add_string(text, "operation", fault->text);
                add_string(text, "errno_name", strerrorname_np(fault->error) ?: "EUNKNOWN");
                add_string(text, "message", strerror(fault->error));
                break;
        }
        text_append_string(text, "}");
        return error;
}

static void errors_send(struct peer *peer, const char *error, struct text *parameters)
{
        text_append(parameters, "", 1);
        if (!parameters->failed)
                peer_error(peer, error, parameters->bytes);
        else
                peer->closing = true; /* out of memory */
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

        text_init(&parameters);
        text_append_string(&parameters, "{");
        if (name1)
                add_string(&parameters, name1, value1);
        if (name2)
                add_string(&parameters, name2, value2);
        text_append_string(&parameters, "}");
        errors_send(peer, error, &parameters);
}

void errors_parameter(struct peer *peer, const char *parameter)
{
        errors_strings(peer, ORG_VARLINK_SERVICE ".InvalidParameter", "parameter", parameter, NULL, NULL);
}

void errors_limit(struct peer *peer, const char *limit, int64_t value)
{
        struct text parameters;

        log_refusal("refused: limit=%s value=%lld uid=%d pid=%d", limit, (long long)value,
                    (int)peer->identity.uid, (int)peer->identity.pid);
        text_init(&parameters);
        text_append_string(&parameters, "{");
        add_string(&parameters, "limit", limit);
        add_int(&parameters, "value", value);
        text_append_string(&parameters, "}");
        errors_send(peer, IO_SVCBROKER ".LimitExceeded", &parameters);
}

void errors_denied(struct peer *peer)
{
        log_refusal("refused: no permission: uid=%d pid=%d", (int)peer->identity.uid,
                    (int)peer->identity.pid);
        errors_strings(peer, ORG_VARLINK_SERVICE ".PermissionDenied", NULL, NULL, NULL, NULL);
}
