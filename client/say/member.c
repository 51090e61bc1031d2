/* SPDX-License-Identifier: ISC */
#include "client/say/member.h"

#include <string.h>

#include <json-c/json.h>

static struct json_object *member_of_type(struct json_object *object, const char *name, enum json_type type)
{
        struct json_object *value;

        if (!json_object_is_type(object, json_type_object) ||
            !json_object_object_get_ex(object, name, &value))
                return NULL;
        return json_object_is_type(value, type) ? value : NULL;
}

const char *member_string(struct json_object *object, const char *name)
{
        return json_object_get_string(member_of_type(object, name, json_type_string));
}

bool member_is(struct json_object *object, const char *name, const char *string)
{
        const char *member = member_string(object, name);

        return member && strcmp(member, string) == 0;
}

int64_t member_int(struct json_object *object, const char *name, int64_t absent)
{
        struct json_object *value = member_of_type(object, name, json_type_int);

        return value ? json_object_get_int64(value) : absent;
}

bool member_true(struct json_object *object, const char *name)
{
        return json_object_get_boolean(member_of_type(object, name, json_type_boolean));
}

struct json_object *member_object(struct json_object *object, const char *name)
{
        return member_of_type(object, name, json_type_object);
}

struct json_object *member_array(struct json_object *object, const char *name)
{
        return member_of_type(object, name, json_type_array);
}
