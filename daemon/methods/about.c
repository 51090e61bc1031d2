#include <string.h>

#include <json-c/json.h>

#include "daemon/session/errors.h"
#include "daemon/methods/methods.h"
#include "proto/fields.h"
#include "proto/interface.h"

static const struct field no_fields[] = {{NULL, FIELD_STRING, false, 0, NULL}};

void method_get_info(struct peer *peer, const struct call *call)
{
        static const char info[] =
                "{\"vendor\":\"svcbroker\",\"product\":\"svcbrokerd\",\"version\":\"" SVCBROKER_VERSION
                "\",\"url\":\"https://varlink.org/\",\"interfaces\":[\"" ORG_VARLINK_SERVICE
                "\",\"" IO_SVCBROKER "\"]}";
        const char *wrong = fields_read(call->parameters, no_fields, NULL);

        if (wrong)
                errors_parameter(peer, wrong);
        else
                peer_reply(peer, info, strlen(info), false);
}

struct description_parameters {
        const char *interface;
};

static const struct field description_fields[] = {
        {"interface", FIELD_STRING, true, offsetof(struct description_parameters, interface), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

void method_get_interface_description(struct peer *peer, const struct call *call)
{
        struct description_parameters parameters;
        const char *wrong = fields_read(call->parameters, description_fields, &parameters);
        const char *description = NULL;
        struct text text;

        if (wrong) {
                errors_parameter(peer, wrong);
                return;
        }
        if (!strcmp(parameters.interface, IO_SVCBROKER))
                description = interface_io_svcbroker;
        else if (!strcmp(parameters.interface, ORG_VARLINK_SERVICE))
                description = interface_org_varlink_service;
        if (!description) {
                errors_strings(peer, ORG_VARLINK_SERVICE ".InterfaceNotFound", "interface",
                               parameters.interface, NULL, NULL);
                return;
        }
        text_init(&text);
        text_append_string(&text, "{\"description\":");
        text_append_json_string(&text, description);
        text_append_string(&text, "}");
        peer_reply_text(peer, &text, false);
}
