/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_WALK_H
#define PROTO_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Steps through a text that json_scan() has taken, and makes nothing of it: neither json-c nor memory is needed, so any
 * thread may.
 */
struct json_member {
        const char *name; /* where it is in the text, without its quotes */
        size_t name_bytes;
        const char *value;
        size_t value_bytes;
};

const char *json_walk_space(const char *at);

/* The next member of an object. *at: behind its brace, or behind the member before. False: there is none. */
bool json_walk_member(const char **at, struct json_member *member);

/* What json_strict_parse() finds out from the tree that it makes of a value: that no object in it has two members of one
 * name, however these are written, and that each real number fits a double. Its time grows with the square of a value's
 * length: that is to be bounded before. */
bool json_walk_is_sound(const char *value);

#endif
