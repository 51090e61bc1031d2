/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_LIST_H
#define CLIENT_SAY_LIST_H

#include <stdbool.h>

#include "client/terminal/look.h"

struct json_object;

/*
 * The list: all services as one table (text/table.h), as `svcctl list` prints it and `top` shows it. Pure.
 * What needs attention is first, then by state and name.
 *
 * Where it is wider than look->columns, in this order: the reasons go into lines of their own below their
 * rows, then last exits, pids, restarts and retries are left out (these go before the reason), then ages, and
 * at last names are cut. So no line is wider. What they take has columns where it was looked at (usage/usage.h):
 * the share of a processor goes before the ages, memory behind them.
 *
 * services: an array of Service. Lines that each end in a newline; free() them. NULL when out of memory.
 */

/* What is not told beside the rows, and whether they come as they are. */
struct list_form {
        bool bare;   /* neither headings nor a last line */
        bool sorted; /* already */
        const char *
                marked; /* the service of that name is marked, in the place of its state's symbol; NULL: none */
};

/* The headings in the first line, then a line or more for each; of none a line that says so. */
char *list_table(struct json_object *services, const struct look *look);
char *list_table_as(struct json_object *services, const struct look *look, struct list_form form);

/* The same and, below an empty line, how many need attention, if any does. */
char *list_text(struct json_object *services, const struct look *look);
char *list_text_as(struct json_object *services, const struct look *look, struct list_form form);

/* "container: 1.2G of 2.0G of memory (60%)", of a document with a member `container`; "" where there is none. */
#define LIST_CONTAINER_BYTES 96
/* What the container has of its limit, in hundredths; -1: there is none, or nobody knows. */
int list_container_share(struct json_object *document);
const char *list_container(struct json_object *document, char *buffer);

#endif
