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

/* The bytes that most strings are made of: printable ASCII but quotes and backslashes. */
extern const bool json_scan_is_run[256];

/* How many such bytes follow. */
static inline size_t json_scan_run(const char *text)
{
        const char *at = text;

        while (json_scan_is_run[(unsigned char)*at]) /* false at the NUL byte behind the text */
                at++;
        return (size_t)(at - text);
}

/* Takes a string that is more than a run; the current place is behind its opening quote. */
enum json_result json_scan_rest(struct json_scanner *scanner);

/* Takes a string, or a name; the current place is its opening quote. */
static inline enum json_result json_scan_string(struct json_scanner *scanner)
{
        const char *text = scanner->text + ++scanner->at;
        size_t run = json_scan_run(text);

        if (text[run] != '"' || run > scanner->bounds.string_bytes)
                return json_scan_rest(scanner);
        scanner->at += run + 1;
        scanner->tally.string_bytes += run;
        return JSON_OK;
}

#endif
