/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_SCAN_H
#define PROTO_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/json.h"

/* What a text holds, counted twice: in its bytes, and in the tree that was made of them. */
struct json_tally {
        size_t members;      /* of all objects; a name that comes twice counts twice */
        size_t elements;     /* of all arrays */
        size_t string_bytes; /* of all strings and names, decoded */
        size_t pairs;        /* characters written as two escapes; only in bytes */
};

/* As many as json_plain tells of. */
#define JSON_PLAIN_MOST 12

/* A member of the outermost object, or of an object that is one of its values. */
struct json_plain_member {
        bool is_inner;    /* the latter: it belongs to the last one before it that is not */
        const char *name; /* where it is in the text, without its quotes */
        size_t name_bytes;
        const char *value; /* with its quotes; of an object, its brace alone */
        size_t value_bytes;
};

/*
 * Where the members of a text are that needs no tree: an object of nulls, booleans, integers that are not negative,
 * strings, and objects of these, in which no name and no string has an escape. is_more: it holds something else, or more
 * than that.
 */
struct json_plain {
        bool is_more;
        size_t count;
        struct json_plain_member members[JSON_PLAIN_MOST];
};

/*
 * Checks `length` bytes of `text`, which has a NUL byte behind them, against the grammar, the encoding and the bounds; makes
 * nothing of them. Duplicate names and the range of real numbers are left to whoever has the tree. *tally and *plain (which
 * may be NULL) are set on JSON_OK, *problem otherwise.
 */
enum json_result json_scan(const char *text, size_t length, struct json_bounds bounds,
                           struct json_tally *tally, struct json_plain *plain, struct json_problem *problem);

#endif
