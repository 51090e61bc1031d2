/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_SCAN_H
#define PROTO_JSON_SCAN_H

#include <stddef.h>

#include "proto/json.h"

/* What a text holds, counted twice: in its bytes, and in the tree that was made of them. */
struct json_tally {
        size_t members;      /* of all objects; a name that comes twice counts twice */
        size_t elements;     /* of all arrays */
        size_t string_bytes; /* of all strings and names, decoded */
        size_t pairs;        /* characters written as two escapes; only in bytes */
};

/*
 * Checks `length` bytes of `text` against the grammar, the encoding and the bounds; makes nothing of them.
 * Duplicate names and the range of real numbers are left to whoever has the tree. *tally is set on JSON_OK,
 * *problem otherwise.
 */
enum json_result json_scan(const char *text, size_t length, struct json_bounds bounds,
                           struct json_tally *tally, struct json_problem *problem);

#endif
