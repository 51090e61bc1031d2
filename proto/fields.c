/* SPDX-License-Identifier: ISC */
#include "proto/fields.h"

#include <string.h>

#include <json-c/json.h>

#include "proto/plain.h"

static void *field_target(const struct field *field, void *target)
{
        return (char *)target + field->offset;
}

static void field_clear(const struct field *field, void *target)
{
        void *member = field_target(field, target);

        switch (field->type) {
        case FIELD_STRING:
                *(const char **)member = NULL;
                break;
        case FIELD_BOOL:
                *(enum field_bool *)member = FIELD_ABSENT;
                break;
        case FIELD_INT:
                *(struct field_int *)member = (struct field_int){0};
                break;
        case FIELD_STRING_LIST:
        case FIELD_STRING_MAP:
                *(struct json_object **)member = NULL;
                break;
        case FIELD_CHOICE:
                *(int *)member = -1;
                break;
        }
}

static bool field_is_string_list(struct json_object *value)
{
        if (!json_object_is_type(value, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(value); i++) {
                if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_string))
                        return false;
        }
        return true;
}

static bool field_is_string_map(struct json_object *value)
{
        if (!json_object_is_type(value, json_type_object))
                return false;
        json_object_object_foreach(value, name, member)
        {
                (void)name;
                if (!json_object_is_type(member, json_type_string))
                        return false;
        }
        return true;
}

/* The index of `string` among the field's choices; -1: it is none of them, or NULL. */
static int field_choice_of(const struct field *field, const char *string)
{
        for (int i = 0; string && field->choices[i]; i++) {
                if (strcmp(field->choices[i], string) == 0)
                        return i;
        }
        return -1;
}

static const char *field_string_of(struct json_object *value)
{
        return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool field_fits(const struct field *field, struct json_object *value)
{
        switch (field->type) {
        case FIELD_STRING:
                return json_object_is_type(value, json_type_string);
        case FIELD_BOOL:
                return json_object_is_type(value, json_type_boolean);
        case FIELD_INT: /* 1.0 is a real number to json-c, and no int to Varlink */
                return json_object_is_type(value, json_type_int);
        case FIELD_STRING_LIST:
                return field_is_string_list(value);
        case FIELD_STRING_MAP:
                return field_is_string_map(value);
        case FIELD_CHOICE:
                return field_choice_of(field, field_string_of(value)) >= 0;
        }
        return false;
}

/* Strings are compared and kept as C strings: the parser lets no U+0000 through. */
static void field_store(const struct field *field, struct json_object *value, void *target)
{
        void *member = field_target(field, target);

        switch (field->type) {
        case FIELD_STRING:
                *(const char **)member = json_object_get_string(value);
                break;
        case FIELD_BOOL:
                *(enum field_bool *)member = json_object_get_boolean(value) ? FIELD_TRUE : FIELD_FALSE;
                break;
        case FIELD_INT:
                *(struct field_int *)member = (struct field_int){true, json_object_get_int64(value)};
                break;
        case FIELD_STRING_LIST:
        case FIELD_STRING_MAP:
                *(struct json_object **)member = value;
                break;
        case FIELD_CHOICE:
                *(int *)member = field_choice_of(field, field_string_of(value));
                break;
        }
}

static bool field_is_known(const struct field *fields, const char *name)
{
        for (; fields->name; fields++) {
                if (strcmp(fields->name, name) == 0)
                        return true;
        }
        return false;
}

const char *fields_take(struct json_object *parameters, const struct field *fields, void *target)
{
        for (const struct field *field = fields; field->name; field++)
                field_clear(field, target);
        for (const struct field *field = fields; field->name; field++) {
                struct json_object *value = NULL;

                json_object_object_get_ex(parameters, field->name, &value);
                if (value ? !field_fits(field, value) : field->required)
                        return field->name;
                if (value)
                        field_store(field, value, target);
        }
        return NULL;
}

const char *fields_read(struct json_object *parameters, const struct field *fields, void *target)
{
        for (const struct field *field = fields; field->name; field++)
                field_clear(field, target);
        if (parameters) {
                /* Unknown names come before missing ones: a misspelt name explains more than the absence of
                 * the right one. */
                json_object_object_foreach(parameters, name, value)
                {
                        (void)value;
                        if (!field_is_known(fields, name))
                                return name;
                }
        }
        return fields_take(parameters, fields, target);
}

/* False: the value is of another type. Lists and maps are always in a tree. */
static bool field_store_plain(const struct field *field, const struct plain_value *value, void *target)
{
        void *member = field_target(field, target);

        switch (field->type) {
        case FIELD_STRING:
                *(const char **)member = value->string;
                return value->type == PLAIN_STRING;
        case FIELD_BOOL:
                *(enum field_bool *)member = value->number ? FIELD_TRUE : FIELD_FALSE;
                return value->type == PLAIN_BOOL;
        case FIELD_INT:
                *(struct field_int *)member = (struct field_int){true, value->number};
                return value->type == PLAIN_INT;
        case FIELD_STRING_LIST:
        case FIELD_STRING_MAP:
                return false;
        case FIELD_CHOICE:
                *(int *)member = field_choice_of(field, value->string);
                return *(int *)member >= 0;
        }
        return false;
}

const char *fields_read_plain(const struct plain_values *values, const struct field *fields, void *target)
{
        for (const struct field *field = fields; field->name; field++)
                field_clear(field, target);
        for (size_t i = 0; i < values->count; i++)
                if (!field_is_known(fields, values->at[i].name))
                        return values->at[i].name;
        for (const struct field *field = fields; field->name; field++) {
                const struct plain_value *value = plain_find(values, field->name);

                if (value && value->type == PLAIN_NULL)
                        value = NULL;
                if (value ? !field_store_plain(field, value, target) : field->required)
                        return field->name;
        }
        return NULL;
}
