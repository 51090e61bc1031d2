/* SPDX-License-Identifier: ISC */
#include "client/text/table.h"

#include <stdlib.h>
#include <string.h>

#include "client/text/width.h"

/* Blanks between two columns. */
#define GAP 2

void table_init(struct table *table, size_t columns, const char *const *headings)
{
        *table = (struct table){.columns = columns, .headings = headings};
}

void table_deinit(struct table *table)
{
        for (size_t i = 0; i < table->rows * table->columns; i++)
                free(table->cells[i].text);
        free(table->cells);
        table_init(table, table->columns, table->headings);
}

static bool make_room(struct table *table)
{
        size_t capacity = table->capacity ? table->capacity * 2 : 16;
        struct table_cell *cells;

        if (table->rows < table->capacity)
                return true;
        cells = reallocarray(table->cells, capacity, table->columns * sizeof(*cells));
        if (!cells)
                return false;
        table->cells = cells;
        table->capacity = capacity;
        return true;
}

/* Returns a cell's text, with its symbol, and its width: free() it. NULL when out of memory. */
static char *cell_text(const struct cell *cell, enum printable printable, size_t *width)
{
        char *text = printable_text(cell->text ? cell->text : "", printable);
        char *marked = NULL;

        if (!text)
                return NULL;
        *width = width_of(text);
        if (!cell->symbol)
                return text;
        *width += 2;
        if (asprintf(&marked, "%s %s", cell->symbol, text) < 0)
                marked = NULL;
        free(text);
        return marked;
}

void table_add(struct table *table, const struct cell *cells)
{
        struct table_cell *row;

        if (table->failed || !make_room(table)) {
                table->failed = true;
                return;
        }
        row = table->cells + table->rows * table->columns;
        for (size_t i = 0; i < table->columns; i++) {
                row[i] = (struct table_cell){
                        .tint = cells[i].tint, .right = cells[i].right, .prefix = cells[i].prefix};
                row[i].text = cell_text(&cells[i], table->printable, &row[i].width);
                table->failed = table->failed || !row[i].text;
        }
        table->rows++;
}

/* Returns how many bytes at the beginning of a cell are left out. */
static size_t prefix_of(const struct table *table, const struct table_cell *cell, size_t column)
{
        return table->brief[column] && cell->prefix < cell->width ? cell->prefix : 0;
}

static size_t measure_column(const struct table *table, size_t column)
{
        size_t heading = table->headings ? strlen(table->headings[column]) : 0;
        size_t most = table->most[column];
        size_t width = 0;

        for (size_t row = 0; !table->hidden[column] && row < table->rows; row++) {
                const struct table_cell *cell = &table->cells[row * table->columns + column];
                size_t shown = cell->width - prefix_of(table, cell, column);

                width = shown > width ? shown : width;
        }
        /* A column of empty cells stays at 0, and out of sight, whatever its heading. */
        if (width > 0 && width < heading)
                width = heading;
        if (width > 0 && width < table->least[column])
                width = table->least[column];
        return most > 0 && width > most ? most : width;
}

size_t table_measure(struct table *table)
{
        size_t sum = 0;

        for (size_t i = 0; i < table->columns; i++) {
                table->widths[i] = measure_column(table, i);
                if (table->widths[i] > 0)
                        sum += table->widths[i] + (sum > 0 ? GAP : 0);
        }
        return sum;
}

static void pad(FILE *file, size_t count)
{
        while (count-- > 0)
                putc(' ', file);
}

static void print_cut(const struct table *table, const char *text, size_t width, enum tint tint, FILE *file,
                      bool colour)
{
        char *cut = width_cut(text, width, table->ellipsis ? table->ellipsis : "~");

        if (cut)
                tint_write(file, cut, tint, colour);
        free(cut);
}

/* Prints a row. Blanks are held back until something follows, so that no line ends in blanks. */
static void print_cells(const struct table *table, const struct table_cell *row, FILE *file, bool colour)
{
        size_t owed = 0;

        for (size_t i = 0; i < table->columns; i++) {
                size_t prefix = prefix_of(table, &row[i], i);
                size_t cell = row[i].width - prefix;
                size_t width = table->widths[i];
                size_t fill = width > cell ? width - cell : 0;

                if (width == 0)
                        continue;
                if (cell > 0) {
                        pad(file, owed + (row[i].right ? fill : 0));
                        if (cell <= width)
                                tint_write(file, row[i].text + prefix, row[i].tint, colour);
                        else
                                print_cut(table, row[i].text + prefix, width, row[i].tint, file, colour);
                        owed = row[i].right ? 0 : fill;
                } else {
                        owed += fill;
                }
                owed += GAP;
        }
        putc('\n', file);
}

void table_print_headings(const struct table *table, FILE *file, bool colour)
{
        struct table_cell row[TABLE_COLUMNS_MAX];

        for (size_t i = 0; i < table->columns; i++) {
                row[i] = (struct table_cell){.text = (char *)table->headings[i],
                                             .width = strlen(table->headings[i]),
                                             .tint = TINT_DIM,
                                             .right = table->cells[i].right};
        }
        print_cells(table, row, file, colour);
}

void table_print_row(const struct table *table, size_t row, FILE *file, bool colour)
{
        print_cells(table, table->cells + row * table->columns, file, colour);
}

void table_print(struct table *table, FILE *file, bool colour)
{
        if (table->failed || table->rows == 0)
                return;
        table_measure(table);
        if (table->headings)
                table_print_headings(table, file, colour);
        for (size_t i = 0; i < table->rows; i++)
                table_print_row(table, i, file, colour);
}
