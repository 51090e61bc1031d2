/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <json-c/json.h>

#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/service/persist.h"
#include "daemon/session/audit.h"
#include "daemon/session/describe.h"
#include "daemon/session/errors.h"
#include "daemon/session/ticket.h"
#include "daemon/slot/operation.h"
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

/* False: a variable is refused, or there are too many, and the call has been answered with an error.
 * Values appear in no answer and no log line. */
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

static void slot_register(struct peer *peer, const struct call *call)
{
        struct register_parameters parameters;

        if (parameters_read(peer, call, register_fields, &parameters) &&
            profile_is_valid(peer, parameters.profile) &&
            environment_is_valid(peer, parameters.environment)) {
                audit_profile(peer, "Register", parameters.profile);
                if (operation_register(peer->server->registry, peer_ticket(peer), parameters.profile,
                                       parameters.environment, parameters.start != FIELD_FALSE,
                                       peer->access == ACCESS_ROOT))
                        peer_finish(peer);
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

static void slot_unregister(struct peer *peer, const struct call *call)
{
        struct unregister_parameters parameters;
        int64_t timeout_msec;

        if (parameters_read(peer, call, unregister_fields, &parameters) &&
            profile_is_valid(peer, parameters.profile) &&
            orders_timeout(peer, parameters.timeout.value, parameters.timeout.present,
                           DEFAULT_UNREGISTER_MSEC, &timeout_msec)) {
                audit_profile(peer, "Unregister", parameters.profile);
                if (operation_unregister(peer->server->registry, peer_ticket(peer), parameters.profile,
                                         timeout_msec, peer->access == ACCESS_ROOT))
                        peer_finish(peer);
        }
}

static void slots_on_registered(void *owner, struct ticket ticket, const char *profile,
                                struct service *service, const struct fault *fault,
                                const struct registered *registered)
{
        struct server *server = owner;
        struct text text;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        if (fault) {
                name_service_of(profile, name, sizeof(name));
                ticket_fail(server, ticket, fault, name, service);
                return;
        }
        text_init(&text);
        text_append_string(&text, "{\"service\":");
        describe_service(server, service, &text);
        text_append_member_bool(&text, "created", registered->created);
        text_append_member_bool(&text, "changed", registered->changed);
        describe_persisted(!registered->persist_error, persist_problem(registered->persist_error), &text);
        text_append_string(&text, "}");
        ticket_reply(server, ticket, &text);
}

static void slots_on_unregistered(void *owner, struct ticket ticket, const char *profile,
                                  struct service *service, const struct fault *fault, int persist_error)
{
        struct text text;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        if (fault && fault->kind != FAULT_NOT_REGISTERED) {
                name_service_of(profile, name, sizeof(name));
                ticket_fail(owner, ticket, fault, name, service);
                return;
        }
        text_init(&text);
        text_append_string(&text, "{");
        text_append_member_bool(&text, "removed", !fault);
        describe_persisted(!persist_error, persist_problem(persist_error), &text);
        text_append_string(&text, "}");
        ticket_reply(owner, ticket, &text);
}

void slots_listen(struct registry *registry)
{
        registry->events.registered = slots_on_registered;
        registry->events.unregistered = slots_on_unregistered;
}

const struct method slots_methods[] = {
        {IO_SVCBROKER ".Register", ACCESS_CLIENT, true, false, slot_register},
        {IO_SVCBROKER ".Unregister", ACCESS_CLIENT, true, false, slot_unregister},
        {NULL},
};
