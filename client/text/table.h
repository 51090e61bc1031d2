/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_TABLE_H
#define CLIENT_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "client/text/printable.h"
#include "client/text/tint.h"

/* Rows of text in aligned columns. The last column is not padded, and empty columns are left out. */

#define TABLE_COLUMNS_MAX 12

struct cell {
        const char *text; /* NULL is empty; made printable, see printable.h */
        enum tint tint;
        bool right;         /* aligned to the right, for numbers */
        const char *symbol; /* stands before the text as it is, one column wide; NULL: none */
        size_t prefix;      /* bytes at the text's beginning that a brief column leaves out */
};

struct table_cell {
        char *text;
        size_t width;
        size_t prefix;
        enum tint tint;
        bool right;
};

struct table {
        size_t columns;
        const char *const *headings; /* NULL: none */
        struct table_cell *cells;    /* row by row */
        size_t rows;
        size_t capacity;
        bool failed; /* out of memory */
        bool hidden[TABLE_COLUMNS_MAX];
        bool brief[TABLE_COLUMNS_MAX];    /* prefixes are left out */
        size_t least[TABLE_COLUMNS_MAX];  /* how wide a column is at least, if it is not empty */
        size_t most[TABLE_COLUMNS_MAX];   /* a wider cell is cut in its middle; 0: no bound */
        const char *ellipsis;             /* put where a cell is cut; one column wide */
        enum printable printable;         /* what of others' text stays; to be set before rows are added */
        size_t widths[TABLE_COLUMNS_MAX]; /* from table_measure() */
};

/* Makes an empty table. columns: at most TABLE_COLUMNS_MAX. headings: as many, or NULL, not owned; printed
 * only when there are rows. */
void table_init(struct table *table, size_t columns, const char *const *headings);
void table_deinit(struct table *table);

/* Adds a row, whose texts are copied. cells: one for each column. */
void table_add(struct table *table, const struct cell *cells);

void table_print(struct table *table, FILE *file, bool colour);

/* The table may also be printed in parts: table_measure() is called once all rows are added, and again after
 * a change of hidden, brief or most. It returns the table's width. */
size_t table_measure(struct table *table);
void table_print_headings(const struct table *table, FILE *file, bool colour);
void table_print_row(const struct table *table, size_t row, FILE *file, bool colour);

#endif
