/* SPDX-License-Identifier: ISC */
#ifndef METHODS_FINDINGS_H
#define METHODS_FINDINGS_H

#include <stddef.h>

#include "daemon/bounds.h"

/* What a check found, for one line: the first ones by name, the others as a number. Pure. */
struct findings {
        char text[FINDINGS_TEXT_BYTES];
        size_t length;
        unsigned count;
        unsigned listed;
};

/* name: of what is to be told, at most once; note: behind it in parentheses, or NULL. */
void findings_add(struct findings *findings, const char *name, const char *note);

/* "a, b (note) and 3 more"; returns buffer. */
const char *findings_line(const struct findings *findings, char buffer[FINDINGS_LINE_BYTES]);

#endif
