/* SPDX-License-Identifier: ISC */
#ifndef PROTO_PLAIN_H
#define PROTO_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "proto/json_scan.h"

/* The parameters of a call that needs no tree: the scanner has seen where they are, and they are of these
 * types only. */
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

/* The value of that name, or NULL. */
const struct plain_value *plain_find(const struct plain_values *values, const char *name);

/* Whether the member has that name. */
static inline bool plain_is_named(const struct json_plain_member *member, const char *name)
{
        return member->name_bytes == strlen(name) && memcmp(member->name, name, member->name_bytes) == 0;
}

/* Copies `length` bytes to *to, with a NUL byte behind them, and moves *to behind that. Returns the copy. */
const char *plain_copy(char **to, const char *bytes, size_t length);

/* Takes the name and the value of a member, which must not be an object. The name, and the value if it is a
 * string, are copied to *to. */
struct plain_value plain_take(const struct json_plain_member *member, char **to);

#endif
