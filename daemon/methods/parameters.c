/* SPDX-License-Identifier: ISC */
#include "daemon/methods/parameters.h"

#include "daemon/session/errors.h"

bool parameters_read(struct peer *peer, const struct call *call, const struct field *fields, void *parameters)
{
        const char *wrong = call_fields(call, fields, parameters);

        if (wrong)
                errors_parameter(peer, wrong);
        return !wrong;
}

bool parameters_are_none(struct peer *peer, const struct call *call)
{
        static const struct field none[] = {{NULL, FIELD_STRING, false, 0, NULL}};

        return parameters_read(peer, call, none, NULL);
}
