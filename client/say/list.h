/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_LIST_H
#define CLIENT_SAY_LIST_H

#include <stdbool.h>

#include "client/terminal/look.h"

struct json_object;

/*
 * The list: all services as one table (text/table.h), as `svcctl list` prints it and `top` shows it. Pure.
 * Services that need attention come first, then all are sorted by state and name.
 *
 * Where the table is wider than look->columns, it is made narrower in this order: names over 24 columns are
 * cut; the reasons go into lines of their own below their rows; last exits, pids, restarts and retries are
 * left out (a retry then stands before the reason); then ages are; and at last names are cut. So no line is
 * wider. What services take has columns where it was looked at (usage/usage.h): the share of a processor is
 * left out before the ages, memory after them.
 *
 * services: an array of Service. The functions return lines that each end in a newline: free() them. NULL
 * when out of memory.
 */

/* What is left out beside the rows, and whether the rows keep the order in which they come. */
struct list_form {
        bool bare;          /* neither headings nor a last line */
        bool sorted;        /* the services are sorted already */
        const char *marked; /* the service that has a mark for its symbol, by name; NULL: none */
};

/* Return the headings in the first line, then a line or more for each service; without services a line that
 * says so. */
char *list_table(struct json_object *services, const struct look *look);
char *list_table_as(struct json_object *services, const struct look *look, struct list_form form);

/* Return the same and, below an empty line, how many services need attention, if any does. */
char *list_text(struct json_object *services, const struct look *look);
char *list_text_as(struct json_object *services, const struct look *look, struct list_form form);

/* list_container() writes "container: 1.2G of 2.0G of memory (60%)" of a document's member `container`; ""
 * where there is none. buffer: LIST_CONTAINER_BYTES. */
#define LIST_CONTAINER_BYTES 96
/* Returns how much of its memory limit the container uses, in per cent; -1: there is no limit, or it is not
 * known. */
int list_container_share(struct json_object *document);
const char *list_container(struct json_object *document, char *buffer);

#endif
