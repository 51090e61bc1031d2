/* SPDX-License-Identifier: ISC */
#ifndef METHODS_FINDINGS_H
#define METHODS_FINDINGS_H

#include <stddef.h>

#include "daemon/bounds.h"

/* What a check found, told in one line: the first FINDINGS_LISTED_MOST by name, the rest as a number.
 * Pure. */
struct findings {
        char text[FINDINGS_TEXT_BYTES];
        size_t length;
        unsigned count;
        unsigned listed;
};

/* Adds a finding; a name that is listed already is not added again. note: shown in parentheses behind the
 * name, or NULL. */
void findings_add(struct findings *findings, const char *name, const char *note);

/* Writes a line like "a, b (note) and 3 more"; returns buffer. */
const char *findings_line(const struct findings *findings, char buffer[FINDINGS_LINE_BYTES]);

#endif
