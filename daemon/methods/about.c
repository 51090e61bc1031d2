/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <json-c/json.h>

#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/session/errors.h"
#include "proto/interface.h"

static void get_info(struct peer *peer, const struct call *call)
{
        static const char info[] =
                "{\"vendor\":\"svcbroker\",\"product\":\"svcbrokerd\",\"version\":\"" SVCBROKER_VERSION
                "\",\"url\":\"" SVCBROKER_URL "\",\"interfaces\":[\"" ORG_VARLINK_SERVICE "\",\"" IO_SVCBROKER
                "\",\"" IO_SYSTEMD_METRICS "\"]}";

        if (parameters_are_none(peer, call))
                peer_reply(peer, info, strlen(info), false);
}

struct description_parameters {
        const char *interface;
};

static const struct field description_fields[] = {
        {"interface", FIELD_STRING, true, offsetof(struct description_parameters, interface), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static void get_interface_description(struct peer *peer, const struct call *call)
{
        struct description_parameters parameters;
        const char *description = NULL;
        struct text text;

        if (!parameters_read(peer, call, description_fields, &parameters))
                return;
        if (strcmp(parameters.interface, IO_SVCBROKER) == 0)
                description = interface_io_svcbroker;
        else if (strcmp(parameters.interface, IO_SYSTEMD_METRICS) == 0)
                description = interface_io_systemd_Metrics;
        else if (strcmp(parameters.interface, ORG_VARLINK_SERVICE) == 0)
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

const struct method about_methods[] = {
        {ORG_VARLINK_SERVICE ".GetInfo", ACCESS_OBSERVER, false, false, get_info},
        {ORG_VARLINK_SERVICE ".GetInterfaceDescription", ACCESS_OBSERVER, false, false,
         get_interface_description},
        {NULL},
};
