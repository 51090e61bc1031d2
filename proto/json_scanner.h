/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_SCANNER_H
#define PROTO_JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/json_scan.h"

/* What json_scan.c and json_scan_string.c share; no other file includes this one. */

/* What may come next. Together with the stack of open brackets this is all of the scanner's state: nothing
 * recurses. */
enum json_expect {
        EXPECT_VALUE,
        EXPECT_ELEMENT_OR_END, /* behind [ */
        EXPECT_NAME_OR_END,    /* behind { */
        EXPECT_NAME,           /* behind a comma in an object */
        EXPECT_COMMA_OR_END,   /* behind a value inside something */
        EXPECT_NOTHING,        /* behind the whole value */
};

struct json_scanner {
        const char *text;
        size_t length;
        size_t at;
        struct json_bounds bounds;
        enum json_expect expect;
        size_t depth;
        char open[JSON_DEPTH_MAX]; /* the brackets that are open, outermost first */
        struct json_tally tally;
        struct json_plain *plain; /* NULL: the caller does not want it */
        struct json_problem problem;
};

static inline enum json_result json_scan_fail(struct json_scanner *scanner, enum json_result result,
                                              const char *reason)
{
        scanner->problem = (struct json_problem){.reason = reason, .offset = scanner->at};
        return result;
}

/* The byte at the current place. At the end that is the NUL byte behind the text, which JSON itself never
 * has. */
static inline char json_scan_peek(const struct json_scanner *scanner)
{
        return scanner->text[scanner->at];
}

static inline enum json_result json_scan_unexpected(struct json_scanner *scanner, const char *reason)
{
        if (scanner->at == scanner->length)
                reason = "ends too early";
        return json_scan_fail(scanner, JSON_SYNTAX, reason);
}

/* Takes a string, or a name; the current place is its opening quote. */
enum json_result json_scan_string(struct json_scanner *scanner);

#endif
