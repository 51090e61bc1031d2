/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_PANE_H
#define CLIENT_TERMINAL_PANE_H

#include <stdbool.h>
#include <stddef.h>

#include "client/terminal/keys.h"

/* How a table that may be longer than the terminal, or than its part of that, is laid out there: a title, the
 * table's heading, the rows from some one on, and at the bottom what the keys do and which rows these are, in
 * as many words as there is room for; or else what somebody is to read. Pure. */

struct pane {
        size_t rows; /* of the terminal, or of what it has of that */
        size_t columns;
        size_t first; /* the line of the table that is at the top */
        size_t total; /* lines of the table, as composed last; */
        size_t shown; /* and how many of them have room */
        bool colour;
        const char *ellipsis; /* one column wide, where a line is cut */
};

struct pane_text {
        const char *title;  /* printable */
        const char *corner; /* right of it, if there is room */
        bool alarm;         /* the title is a warning */
        const char *table;  /* lines, each ended by a newline; one that begins with a blank belongs to the row
                               above */
        bool heading;       /* its first line is one */
        bool lines;         /* every line counts, whatever it begins with */
        bool uncounted;     /* which rows these are is not said */
        bool keyless;       /* what the keys do is said elsewhere */
        size_t marked;      /* the first of the lines that are chosen, which stay in sight; */
        size_t marked_count; /* and how many these are */
        const char *foot;    /* lines in the place of what the keys do; NULL: none */
        bool foot_alarm;     /* they are a warning */
        const char *const
                *hints; /* what the keys do, the longest first, NULL at their end; NULL: they scroll */
};

void pane_init(struct pane *pane, bool colour);

/* The lines of a foot that the pane shows, at most. */
size_t pane_foot_rows(const struct pane *pane);

/* Moves the pane as a key says. */
void pane_move(struct pane *pane, enum key key);

/* pane->rows lines; pane_free_lines() them. NULL when out of memory. */
char **pane_compose(struct pane *pane, const struct pane_text *text);
void pane_free_lines(char **lines, size_t rows);

#endif
