/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_LABEL_H
#define CLIENT_SAY_LABEL_H

#include <stddef.h>
#include <stdio.h>

struct look;

/* The names of services where they stand at the beginning of a line, or in a column. */

/* Returns how many bytes at the beginning of a name are left out where names are cut: those that all gateways
 * have in common. */
size_t label_prefix(const char *name);

/*
 * Returns a name that is printable: free() it. On a terminal it takes at most `columns`: a wider one is without
 * its prefix, and cut in its middle if need be, so that one long name leaves room for what is told of the
 * service. Elsewhere it is whole. NULL when out of memory.
 */
char *label_text(const char *name, size_t columns, const struct look *look);

/* Writes that name, and as many blanks as fill the columns, and two: what comes next stands in a column. */
void label_write(FILE *file, const char *name, size_t columns, const struct look *look);

#endif
