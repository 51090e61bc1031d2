#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Rows of text in aligned columns. The last column is not padded, and empty columns are left out. */

#define TABLE_COLUMNS_MAX 8

enum tint { TINT_PLAIN = 0, TINT_GOOD, TINT_BUSY, TINT_BAD, TINT_DIM };

struct cell {
        const char *text; /* NULL is empty; made printable, see printable.h */
        enum tint tint;
        bool right; /* for numbers */
};

struct table_cell {
        char *text;
        size_t width;
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
};

/* columns: at most TABLE_COLUMNS_MAX. headings: as many, or NULL; printed only when there are rows. */
void table_init(struct table *table, size_t columns, const char *const *headings);
void table_deinit(struct table *table);

/* cells: one a column. */
void table_add(struct table *table, const struct cell *cells);

void table_print(const struct table *table, FILE *file, bool colour);

/* One text in its colour. */
void tint_print(FILE *file, const char *text, enum tint tint, bool colour);

#endif
