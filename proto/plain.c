/* SPDX-License-Identifier: ISC */
#include "proto/plain.h"

#include <string.h>

const struct plain_value *plain_find(const struct plain_values *values, const char *name)
{
        for (size_t i = 0; i < values->count; i++)
                if (strcmp(values->at[i].name, name) == 0)
                        return &values->at[i];
        return NULL;
}

const char *plain_copy(char **to, const char *bytes, size_t length)
{
        char *copy = *to;

        memcpy(copy, bytes, length);
        copy[length] = '\0';
        *to += length + 1;
        return copy;
}

/* The scanner has refused any integer that does not fit. */
static long long take_number(const struct json_plain_member *member)
{
        long long number = 0;

        for (size_t i = 0; i < member->value_bytes; i++)
                number = number * 10 + (member->value[i] - '0');
        return number;
}

struct plain_value plain_take(const struct json_plain_member *member, char **to)
{
        struct plain_value value = {.name = plain_copy(to, member->name, member->name_bytes)};

        switch (*member->value) {
        case 'n':
                value.type = PLAIN_NULL;
                break;
        case 't':
        case 'f':
                value.type = PLAIN_BOOL;
                value.number = *member->value == 't';
                break;
        case '"':
                value.type = PLAIN_STRING;
                value.string = plain_copy(to, member->value + 1, member->value_bytes - 2);
                break;
        default:
                value.type = PLAIN_INT;
                value.number = take_number(member);
                break;
        }
        return value;
}
