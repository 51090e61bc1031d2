#include <string.h>

#include <json-c/json.h>

#include "daemon/slot/operation.h"
#include "daemon/service/persist.h"
#include "daemon/session/audit.h"
#include "daemon/methods/describe.h"
#include "daemon/session/errors.h"
#include "daemon/methods/methods.h"
#include "proto/fields.h"
#include "proto/interface.h"
#include "proto/name.h"

struct register_parameters {
        const char *profile;
        struct json_object *environment;
        enum field_bool start;
};

static const struct field register_fields[] = {
        {"profile", FIELD_STRING, true, offsetof(struct register_parameters, profile), NULL},
        {"environment", FIELD_STRING_MAP, false, offsetof(struct register_parameters, environment), NULL},
        {"start", FIELD_BOOL, false, offsetof(struct register_parameters, start), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static bool profile_is_valid(struct peer *peer, const char *profile)
{
        enum name_result result = name_check_profile(profile);

        if (result == NAME_OK)
                return true;
        errors_strings(peer, IO_SVCBROKER ".InvalidName", "name", profile, "reason",
                       name_result_text(result));
        return false;
}

/* False: something of it is refused, and answered so. Values appear in no answer and no log line. */
static bool environment_is_valid(struct peer *peer, struct json_object *environment)
{
        size_t bytes = 0;

        if (!environment)
                return true;
        if (json_object_object_length(environment) > LIMIT_ENVIRONMENT_VARIABLES) {
                errors_limit(peer, "environment_variables", LIMIT_ENVIRONMENT_VARIABLES);
                return false;
        }
        json_object_object_foreach(environment, name, value)
        {
                const char *string = json_object_get_string(value);
                enum environment_result result = environment_check(name, string);

                bytes += strlen(name) + strlen(string);
                if (result != ENVIRONMENT_OK) {
                        errors_strings(peer, IO_SVCBROKER ".InvalidEnvironment", "variable", name, "reason",
                                       environment_result_text(result));
                        return false;
                }
        }
        if (bytes > LIMIT_ENVIRONMENT_BYTES) {
                errors_limit(peer, "environment_bytes", LIMIT_ENVIRONMENT_BYTES);
                return false;
        }
        return true;
}

void method_register(struct peer *peer, const struct call *call)
{
        struct register_parameters parameters;
        const char *wrong = fields_read(call->parameters, register_fields, &parameters);

        if (wrong) {
                errors_parameter(peer, wrong);
        } else if (profile_is_valid(peer, parameters.profile) &&
                   environment_is_valid(peer, parameters.environment)) {
                audit_profile(peer, "Register", parameters.profile);
                operation_register(peer->server->registry, peer_ticket(peer), parameters.profile,
                                   parameters.environment, parameters.start != FIELD_FALSE,
                                   peer->access == ACCESS_ROOT);
        }
}

struct unregister_parameters {
        const char *profile;
        struct field_int timeout;
};

static const struct field unregister_fields[] = {
        {"profile", FIELD_STRING, true, offsetof(struct unregister_parameters, profile), NULL},
        {"timeout_msec", FIELD_INT, false, offsetof(struct unregister_parameters, timeout), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

void method_unregister(struct peer *peer, const struct call *call)
{
        struct unregister_parameters parameters;
        const char *wrong = fields_read(call->parameters, unregister_fields, &parameters);
        int64_t timeout_msec;

        if (wrong) {
                errors_parameter(peer, wrong);
        } else if (profile_is_valid(peer, parameters.profile) &&
                   methods_timeout(peer, parameters.timeout.value, parameters.timeout.present,
                                   DEFAULT_UNREGISTER_MSEC, &timeout_msec)) {
                audit_profile(peer, "Unregister", parameters.profile);
                operation_unregister(peer->server->registry, peer_ticket(peer), parameters.profile,
                                     timeout_msec, peer->access == ACCESS_ROOT);
        }
}

static struct peer *peer_of(struct server *server, struct ticket ticket)
{
        struct peer *peer = server_find_peer(server, ticket.peer);

        return peer && peer->request.running && peer->request.call == ticket.call ? peer : NULL;
}

void methods_on_registered(void *owner, struct ticket ticket, const char *profile, struct service *service,
                           const struct fault *fault, const struct registered *registered)
{
        struct server *server = owner;
        struct peer *peer = peer_of(server, ticket);
        struct text text;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        if (!peer)
                return;
        if (fault) {
                name_service_of(profile, name, sizeof(name));
                errors_fault(peer, fault, name, service);
                peer_answered(peer);
                return;
        }
        text_init(&text);
        text_append_string(&text, "{\"service\":");
        describe_service(server, service, &text);
        text_append_string(&text, registered->created ? ",\"created\":true" : ",\"created\":false");
        text_append_string(&text, registered->changed ? ",\"changed\":true" : ",\"changed\":false");
        describe_persisted(!registered->persist_error, persist_problem(registered->persist_error), &text);
        text_append_string(&text, "}");
        peer_reply_text(peer, &text, false);
        peer_answered(peer);
}

static void reply_removed(struct peer *peer, bool removed, int persist_error)
{
        struct text text;

        text_init(&text);
        text_append_string(&text, removed ? "{\"removed\":true" : "{\"removed\":false");
        describe_persisted(!persist_error, persist_problem(persist_error), &text);
        text_append_string(&text, "}");
        peer_reply_text(peer, &text, false);
}

void methods_on_unregistered(void *owner, struct ticket ticket, const char *profile, struct service *service,
                             const struct fault *fault, int persist_error)
{
        struct peer *peer = peer_of(owner, ticket);
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        if (!peer)
                return;
        name_service_of(profile, name, sizeof(name));
        if (!fault || fault->kind == FAULT_NOT_REGISTERED)
                reply_removed(peer, !fault, persist_error);
        else
                errors_fault(peer, fault, name, service);
        peer_answered(peer);
}
