/* SPDX-License-Identifier: ISC */
#include <string.h>

#include <json-c/json.h>

#include "daemon/slot/registration.h"
#include "proto/limits.h"

/* Which variables have changed: the history has their names, and never a value. */

static bool has(struct json_object *variables, const char *name, const char *value)
{
        struct json_object *found;

        return variables && json_object_object_get_ex(variables, name, &found) &&
               (!value || strcmp(json_object_get_string(found), value) == 0);
}

void registration_note_variables(struct service *service, struct json_object *before,
                                 struct json_object *after)
{
        const char *names[2 * LIMIT_ENVIRONMENT_VARIABLES];
        size_t count = 0;

        if (after) {
                json_object_object_foreach(after, name, value)
                {
                        if (count < LIMIT_ENVIRONMENT_VARIABLES &&
                            !has(before, name, json_object_get_string(value)))
                                names[count++] = name;
                }
        }
        if (before) {
                json_object_object_foreach(before, gone, value)
                {
                        (void)value;
                        if (count < 2 * LIMIT_ENVIRONMENT_VARIABLES && !has(after, gone, NULL))
                                names[count++] = gone;
                }
        }
        if (count)
                history_note_variables(service, names, count);
}
