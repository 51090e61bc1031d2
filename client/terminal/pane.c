/* SPDX-License-Identifier: ISC */
#include "client/terminal/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/width.h"

/* On a lower terminal the rows of the table need the lines more. */
#define ROWS_FOR_TITLE 3
#define ROWS_FOR_HEADING 4
#define ROWS_FOR_KEYS 5

#define NOTE_BYTES 64
#define TITLE_COLUMNS_MIN 6 /* of a title that is cut for a note */

void pane_init(struct pane *pane, bool colour)
{
        *pane = (struct pane){.colour = colour, .ellipsis = "~"};
}

static void clamp(struct pane *pane)
{
        size_t last = pane->total > pane->shown ? pane->total - pane->shown : 0;

        if (pane->first > last)
                pane->first = last;
}

void pane_move(struct pane *pane, enum key key)
{
        /* One row stays in sight, to go on reading from. */
        size_t page = pane->shown > 1 ? pane->shown - 1 : 1;

        switch (key) {
        case KEY_UP:
                pane->first -= pane->first > 0;
                break;
        case KEY_DOWN:
                pane->first++;
                break;
        case KEY_PAGE_UP:
                pane->first -= pane->first < page ? pane->first : page;
                break;
        case KEY_PAGE_DOWN:
                pane->first += page;
                break;
        case KEY_HOME:
                pane->first = 0;
                break;
        case KEY_END:
                pane->first = pane->total;
                break;
        case KEY_NONE:
        case KEY_QUIT:
        case KEY_REDRAW:
                break;
        }
        clamp(pane);
}

/* The rows of the table that can be seen, at least in part. */
struct extent {
        size_t first, last, total; /* from 1 on */
};

static struct extent measure(const struct pane *pane, const char *table)
{
        struct extent extent = {0};

        for (size_t line = 0; *table; line++) {
                extent.total += *table != ' ' || extent.total == 0;
                if (line <= pane->first)
                        extent.first = extent.total;
                if (line < pane->first + pane->shown)
                        extent.last = extent.total;
                table += strcspn(table, "\n");
                table += *table == '\n';
        }
        return extent;
}

/* Writes in the fewest words which rows these are. buffer: NOTE_BYTES. */
static void write_note(const struct extent *extent, char *buffer)
{
        if (extent->first == extent->last)
                snprintf(buffer, NOTE_BYTES, "%zu of %zu", extent->first, extent->total);
        else
                snprintf(buffer, NOTE_BYTES, "%zu-%zu of %zu", extent->first, extent->last, extent->total);
}

/* Returns as much of a text as there is room for. */
static char *cut(const struct pane *pane, const char *text, size_t columns)
{
        char *line = NULL;

        if (width_of(text) <= columns || columns == 0)
                return strdup(text);
        return asprintf(&line, "%.*s%s", (int)width_fit(text, strlen(text), columns - 1), text,
                        pane->ellipsis) < 0
                       ? NULL
                       : line;
}

/* note: which rows these are, where no other line says so; else "". */
static char *title_line(const struct pane *pane, const struct pane_text *text, const char *note)
{
        const char *begin = !pane->colour ? "" : text->alarm ? "\x1b[1;31m" : "\x1b[1m";
        const char *end = pane->colour ? "\x1b[0m" : "";
        const char *corner = *note ? note : text->corner;
        bool room = strlen(text->title) + 2 + strlen(corner) <= pane->columns;
        /* A title may be shorter for the sake of a note, but not for that of the time. */
        bool both = room || (*note && strlen(note) + 2 + TITLE_COLUMNS_MIN <= pane->columns);
        size_t columns = both ? pane->columns - 2 - strlen(corner) : pane->columns;
        char *title = cut(pane, text->title, columns), *line = NULL;
        int result = -1;

        if (title && both)
                result = asprintf(&line, "%s%s%s%*s", begin, title, end,
                                  (int)(pane->columns - width_of(title)), corner);
        else if (title)
                result = asprintf(&line, "%s%s%s", begin, title, end);
        free(title);
        return result < 0 ? NULL : line;
}

static char *keys_line(const struct pane *pane, const struct extent *extent)
{
        const char *begin = pane->colour ? "\x1b[2m" : "", *end = pane->colour ? "\x1b[0m" : "";
        char note[NOTE_BYTES], rows[2 * NOTE_BYTES], texts[4][4 * NOTE_BYTES];
        char *line = NULL;
        size_t i = 0;

        write_note(extent, note);
        if (extent->first == extent->last)
                snprintf(rows, sizeof(rows), "row %zu of %zu", extent->first, extent->total);
        else
                snprintf(rows, sizeof(rows), "rows %zu to %zu of %zu", extent->first, extent->last,
                         extent->total);
        snprintf(texts[0], sizeof(texts[0]), "%s; arrows scroll, q quits", rows);
        snprintf(texts[1], sizeof(texts[1]), "%s; q quits", rows);
        snprintf(texts[2], sizeof(texts[2]), "%s", rows);
        snprintf(texts[3], sizeof(texts[3]), "%s", note);
        while (i < 3 && strlen(texts[i]) > pane->columns)
                i++;
        if (asprintf(&line, "%s%s%s", begin, pane->total <= pane->shown ? "q quits" : texts[i], end) < 0)
                return NULL;
        return line;
}

static size_t count_lines(const char *text)
{
        size_t count = 0;

        for (; (text = strchr(text, '\n')); text++)
                count++;
        return count;
}

/* The line that text begins with; *text: what is behind it. At the end the line is empty. */
static char *take_line(const char **text)
{
        size_t length = strcspn(*text, "\n");
        char *line = strndup(*text, length);

        *text += length + ((*text)[length] == '\n');
        return line;
}

char **pane_compose(struct pane *pane, const struct pane_text *text)
{
        const char *rest = text->table;
        bool titled = pane->rows >= ROWS_FOR_TITLE, keyed = pane->rows >= ROWS_FOR_KEYS;
        bool headed = text->heading && pane->rows >= ROWS_FOR_HEADING;
        char **lines = calloc(pane->rows + 1, sizeof(*lines));
        size_t row = titled;
        char note[NOTE_BYTES] = "";
        struct extent extent;

        if (!lines)
                return NULL;
        if (headed)
                lines[row++] = take_line(&rest);
        else if (text->heading)
                free(take_line(&rest));
        pane->total = count_lines(rest);
        pane->shown = pane->rows - row - keyed;
        clamp(pane);
        extent = measure(pane, rest);
        if (!keyed && pane->total > pane->shown)
                write_note(&extent, note);
        if (titled)
                lines[0] = title_line(pane, text, note);
        for (size_t i = 0; i < pane->first; i++)
                free(take_line(&rest));
        while (row < pane->rows - keyed)
                lines[row++] = take_line(&rest);
        if (keyed)
                lines[row++] = keys_line(pane, &extent);
        for (row = 0; row < pane->rows; row++) {
                if (!lines[row]) {
                        pane_free_lines(lines, pane->rows);
                        return NULL;
                }
        }
        return lines;
}

void pane_free_lines(char **lines, size_t rows)
{
        for (size_t i = 0; i < rows; i++)
                free(lines[i]);
        free(lines);
}
