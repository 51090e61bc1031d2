/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_WALK_H
#define PROTO_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Steps through a text that json_scan() has accepted, with neither json-c nor memory of its own, so that any
 * thread may do it.
 */
struct json_member {
        const char *name; /* where the name is in the text, behind its quote */
        size_t name_bytes;
        const char *value;
        size_t value_bytes;
};

/* The first place from `at` on that is no white space. */
const char *json_walk_space(const char *at);

/* Takes the next member of an object. *at is behind the object's brace at first, and is then moved behind
 * each member. False: there are no more. */
bool json_walk_member(const char **at, struct json_member *member);

/* Whether no object in the value has two members of one name, however these are written, and each real number
 * fits a double: json_strict_parse() finds that out from its tree. The time grows with the square of the
 * value's length, so the caller bounds that first. */
bool json_walk_is_sound(const char *value);

#endif
