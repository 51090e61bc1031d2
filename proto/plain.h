/* SPDX-License-Identifier: ISC */
#ifndef PROTO_PLAIN_H
#define PROTO_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "proto/json_scan.h"

/* Parameters of a call that needs no tree: the scanner has seen where they are, and there is no more to them than this. */
enum plain_type {
        PLAIN_NULL,
        PLAIN_BOOL,
        PLAIN_INT,
        PLAIN_STRING,
};

struct plain_value {
        const char *name;
        enum plain_type type;
        const char *string; /* of PLAIN_STRING */
        long long number;   /* of PLAIN_INT; of PLAIN_BOOL 0 or 1 */
};

struct plain_values {
        size_t count;
        struct plain_value at[JSON_PLAIN_MOST];
};

/* NULL: there is none of that name. */
const struct plain_value *plain_find(const struct plain_values *values, const char *name);

/* A member of that name. */
static inline bool plain_is_named(const struct json_plain_member *member, const char *name)
{
        return member->name_bytes == strlen(name) && memcmp(member->name, name, member->name_bytes) == 0;
}

/* A copy of a string of the text, at *to, which becomes the place behind its NUL byte. */
const char *plain_copy(char **to, const char *bytes, size_t length);

/* The value of a member, copied to *to where it is a string. No object has one. */
struct plain_value plain_take(const struct json_plain_member *member, char **to);

#endif
