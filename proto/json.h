/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_H
#define PROTO_JSON_H

#include <stddef.h>

struct json_object;

/* No accepted text nests deeper, whatever json_bounds says. */
#define JSON_DEPTH_MAX 64

/*
 * JSON as RFC 8259 and RFC 7493 (I-JSON) have it, and nothing more. json-c alone, even in strict mode, takes
 * duplicate keys, single-quoted keys, NaN, saturated integers, \u0000, overlong UTF-8, raw control characters
 * and trailing bytes. All of these are refused here, and all but duplicate keys before json-c sees a byte, as
 * is a text over one of the bounds.
 */
enum json_result {
        JSON_OK = 0,
        JSON_SYNTAX,    /* not JSON */
        JSON_ENCODING,  /* not UTF-8, a lone surrogate, a noncharacter, U+0000, or a raw control character */
        JSON_DUPLICATE, /* two members of one object have the same name */
        JSON_NUMBER,    /* an integer outside int64_t, or a real number outside double */
        JSON_DEPTH,     /* nested deeper than bounds.depth */
        JSON_VALUES,    /* more members and elements than bounds.values */
        JSON_STRING,    /* a string longer than bounds.string_bytes */
        JSON_MEMORY,    /* out of memory */
};

struct json_bounds {
        size_t depth;        /* objects and arrays inside each other, the outermost included */
        size_t string_bytes; /* of one decoded string */
        size_t values;       /* members and elements, all together; 0: no bound */
};

/* What was wrong, for people, and the byte at which it showed: 0 where none can be named, as for a duplicate
 * or a real number out of range. */
struct json_problem {
        const char *reason;
        size_t offset;
};

/*
 * Parses `length` bytes of `text`, which must hold exactly one value (whitespace around it is allowed) and
 * have a NUL byte behind them. On JSON_OK the caller owns *value (a JSON null is NULL); otherwise *value is
 * untouched and *problem (may be NULL) is set.
 */
enum json_result json_strict_parse(const char *text, size_t length, struct json_bounds bounds,
                                   struct json_object **value, struct json_problem *problem);

#endif
