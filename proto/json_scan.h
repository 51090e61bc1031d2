/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_SCAN_H
#define PROTO_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/json.h"

/* What a text holds, counted twice: once in its bytes, and once in the tree that was made of them. */
struct json_tally {
        size_t members;      /* of all objects; in the text, a name that comes twice counts twice */
        size_t elements;     /* of all arrays */
        size_t string_bytes; /* of all strings and names, decoded */
        size_t pairs;        /* characters written as two escapes; not counted in a tree */
};

/* How many members struct json_plain has room for. */
#define JSON_PLAIN_MOST 12

/* A member of the outermost object, or of an object that is one of its values (an inner one). */
struct json_plain_member {
        bool is_inner;    /* the member belongs to the last member before it that is not inner */
        const char *name; /* where the name is in the text, behind its quote */
        size_t name_bytes;
        const char *value; /* where the value is: a string with its quotes, an object's opening brace alone */
        size_t value_bytes;
};

/*
 * Where the members are in a text that needs no tree: an object of nulls, booleans, integers without a minus,
 * strings, and objects of these, in which no name and no string has an escape. is_more: the text holds
 * something else, or more than JSON_PLAIN_MOST members, and the rest of the struct says nothing.
 */
struct json_plain {
        bool is_more;
        size_t count;
        struct json_plain_member members[JSON_PLAIN_MOST];
};

/*
 * Checks `length` bytes of `text`, which has a NUL byte behind them, against the grammar, the encoding and
 * the bounds, and allocates nothing. Duplicate names and the range of real numbers are left to a caller that
 * makes a tree. On JSON_OK *tally and *plain are set, otherwise *problem; plain may be NULL.
 */
enum json_result json_scan(const char *text, size_t length, struct json_bounds bounds,
                           struct json_tally *tally, struct json_plain *plain, struct json_problem *problem);

#endif
