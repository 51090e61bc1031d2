#include "client/table.h"

#include <stdlib.h>
#include <string.h>

#include "client/printable.h"

static const char *tint_code(enum tint tint)
{
        switch (tint) {
        case TINT_PLAIN:
                return NULL;
        case TINT_GOOD:
                return "32";
        case TINT_BUSY:
                return "33";
        case TINT_BAD:
                return "31";
        case TINT_DIM:
                return "2";
        }
        return NULL;
}

/* text must be printable already. */
static void print_tinted(FILE *file, const char *text, enum tint tint, bool colour)
{
        const char *code = colour ? tint_code(tint) : NULL;

        if (code)
                fprintf(file, "\033[%sm%s\033[0m", code, text);
        else
                fputs(text, file);
}

void tint_print(FILE *file, const char *text, enum tint tint, bool colour)
{
        char *copy = printable_copy(text);

        if (copy)
                print_tinted(file, copy, tint, colour);
        free(copy);
}

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

void table_add(struct table *table, const struct cell *cells)
{
        struct table_cell *row;

        if (table->failed || !make_room(table)) {
                table->failed = true;
                return;
        }
        row = table->cells + table->rows * table->columns;
        for (size_t i = 0; i < table->columns; i++) {
                row[i] = (struct table_cell){.tint = cells[i].tint, .right = cells[i].right};
                row[i].text = printable_copy(cells[i].text ? cells[i].text : "");
                if (!row[i].text)
                        table->failed = true;
                else
                        row[i].width = strlen(row[i].text);
        }
        table->rows++;
}

static void measure(const struct table *table, size_t *widths)
{
        for (size_t column = 0; column < table->columns; column++) {
                widths[column] = 0;
                for (size_t row = 0; row < table->rows; row++) {
                        size_t width = table->cells[row * table->columns + column].width;

                        if (width > widths[column])
                                widths[column] = width;
                }
                /* A column of empty cells stays at 0, and out of sight, whatever its heading. */
                if (table->headings && widths[column] > 0 && strlen(table->headings[column]) > widths[column])
                        widths[column] = strlen(table->headings[column]);
        }
}

static void pad(FILE *file, size_t count)
{
        while (count-- > 0)
                putc(' ', file);
}

/* Blanks are owed until something follows, so that no line ends in them. */
static void print_row(const struct table *table, const struct table_cell *row, const size_t *widths,
                      FILE *file, bool colour)
{
        size_t owed = 0;

        for (size_t i = 0; i < table->columns; i++) {
                size_t fill = widths[i] - row[i].width;

                if (widths[i] == 0)
                        continue;
                if (row[i].width > 0) {
                        pad(file, owed + (row[i].right ? fill : 0));
                        print_tinted(file, row[i].text, row[i].tint, colour);
                        owed = row[i].right ? 0 : fill;
                } else {
                        owed += fill;
                }
                owed += 2;
        }
        putc('\n', file);
}

void table_print(const struct table *table, FILE *file, bool colour)
{
        size_t widths[TABLE_COLUMNS_MAX];

        if (table->failed || table->rows == 0)
                return;
        measure(table, widths);
        if (table->headings) {
                struct table_cell row[TABLE_COLUMNS_MAX];

                for (size_t i = 0; i < table->columns; i++) {
                        row[i] = (struct table_cell){.text = (char *)table->headings[i],
                                                     .width = widths[i] ? strlen(table->headings[i]) : 0,
                                                     .tint = TINT_DIM,
                                                     .right = table->cells[i].right};
                }
                print_row(table, row, widths, file, colour);
        }
        for (size_t i = 0; i < table->rows; i++)
                print_row(table, table->cells + i * table->columns, widths, file, colour);
}
