/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_PANE_H
#define CLIENT_TERMINAL_PANE_H

#include <stdbool.h>
#include <stddef.h>

#include "client/terminal/keys.h"

/* A pane lays out a table that may be longer than the terminal, or than its part of the terminal: a title,
 * the table's heading, its rows from a certain one on, and at the bottom what the keys do and which rows
 * these are, in as many words as there is room for; or else a text that somebody is to read. Pure. */

struct pane {
        size_t rows; /* of the terminal, or of the pane's part of it */
        size_t columns;
        size_t first; /* the line of the table that is at the top */
        size_t total; /* lines of the table, as composed last */
        size_t shown; /* how many of these lines have room */
        bool colour;
        const char *ellipsis; /* put where a line is cut; one column wide */
};

struct pane_text {
        const char *title;  /* printable */
        const char *corner; /* to the right of the title, if there is room */
        bool alarm;         /* the title is a warning */
        const char *table;  /* lines, each ended by a newline; one that begins with a blank belongs to the row
                               above */
        bool heading;       /* the table's first line is a heading */
        bool lines;         /* every line counts as a row, whatever it begins with */
        bool uncounted;     /* the pane does not say which rows are shown */
        bool keyless;       /* what the keys do is said elsewhere */
        size_t marked;      /* the first of the chosen lines, which stay in sight */
        size_t marked_count; /* how many lines are chosen */
        const char *foot;    /* lines in place of what the keys do; NULL: none */
        bool foot_alarm;     /* the foot is a warning */
        const char *const
                *hints; /* what the keys do, the longest first, NULL at their end; NULL: they scroll */
};

void pane_init(struct pane *pane, bool colour);

/* Returns how many lines of a foot the pane shows at most. */
size_t pane_foot_rows(const struct pane *pane);

/* Moves the pane as a key says. */
void pane_move(struct pane *pane, enum key key);

/* Lays out the pane: returns pane->rows lines, pane_free_lines() them. NULL when out of memory. */
char **pane_compose(struct pane *pane, const struct pane_text *text);
void pane_free_lines(char **lines, size_t rows);

#endif
