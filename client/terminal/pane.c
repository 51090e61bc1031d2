/* SPDX-License-Identifier: ISC */
#include "client/terminal/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/printable.h"
#include "client/text/width.h"

/* The rows from which on there is a title, a heading, a line for the keys: with fewer the table needs them
 * more. */
#define ROWS_FOR_TITLE 3
#define ROWS_FOR_HEADING 4
#define ROWS_FOR_KEYS 5

/* A foot has at most one in this many of the pane's rows, but at least one row. */
#define FOOT_SHARE 2

#define NOTE_BYTES 64
#define KEYS_BYTES 512
#define TITLE_COLUMNS_MIN 6 /* what a title keeps when it is cut for a note */

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
        case KEY_TEXT:
        case KEY_PASTED:
        case KEY_ENTER:
        case KEY_ESCAPE:
        case KEY_BACKSPACE:
        case KEY_ERASE:
        case KEY_REDRAW:
                break;
        }
        clamp(pane);
}

/* Keeps the chosen lines in sight, and the first of them if there is no room for all. */
static void show_marked(struct pane *pane, const struct pane_text *text)
{
        size_t end = text->marked + text->marked_count;

        if (text->marked_count == 0)
                return;
        if (end > pane->first + pane->shown)
                pane->first = end - pane->shown;
        if (text->marked < pane->first)
                pane->first = text->marked;
        clamp(pane);
}

size_t pane_foot_rows(const struct pane *pane)
{
        return pane->rows >= 2 * FOOT_SHARE ? pane->rows / FOOT_SHARE : 1;
}

/* The rows of the table that can be seen, at least in part. */
struct extent {
        size_t first, last, total; /* counted from 1 */
};

static struct extent measure(const struct pane *pane, const char *table, bool lines)
{
        struct extent extent = {0};

        for (size_t line = 0; *table; line++) {
                extent.total += lines || *table != ' ' || extent.total == 0;
                if (line <= pane->first)
                        extent.first = extent.total;
                if (line < pane->first + pane->shown)
                        extent.last = extent.total;
                table += strcspn(table, "\n");
                table += *table == '\n';
        }
        return extent;
}

/* Writes in the fewest words which rows are seen. buffer: NOTE_BYTES. */
static void write_note(const struct extent *extent, char *buffer)
{
        if (extent->first == extent->last)
                snprintf(buffer, NOTE_BYTES, "%zu of %zu", extent->first, extent->total);
        else
                snprintf(buffer, NOTE_BYTES, "%zu-%zu of %zu", extent->first, extent->last, extent->total);
}

/* Returns as much of a text as fits in `columns`: free() it. NULL when out of memory. */
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

/* Returns the line of the title. note: which rows are seen, where no other line says so; else "". */
static char *title_line(const struct pane *pane, const struct pane_text *text, const char *note)
{
        const char *begin = !pane->colour ? "" : text->alarm ? "\x1b[1;31m" : "\x1b[1m";
        const char *end = pane->colour ? "\x1b[0m" : "";
        const char *corner = *note ? note : text->corner;
        bool room = width_of(text->title) + 2 + strlen(corner) <= pane->columns;
        /* A title may be cut for a note, but not for the corner's text. */
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

/* Writes which rows are seen, in more words than write_note(). buffer: KEYS_BYTES. */
static void write_rows(const struct extent *extent, const char *what, char *buffer)
{
        if (extent->first == extent->last)
                snprintf(buffer, KEYS_BYTES, "%s %zu of %zu", what, extent->first, extent->total);
        else
                snprintf(buffer, KEYS_BYTES, "%ss %zu to %zu of %zu", what, extent->first, extent->last,
                         extent->total);
}

/* Writes what the keys do, and which rows are seen: the longest text that has room. buffer: KEYS_BYTES. */
static void choose_keys(const struct pane *pane, const struct pane_text *text, const struct extent *extent,
                        char *buffer)
{
        static const char *const scrolling[] = {"arrows scroll, q quits", "q quits", NULL};
        static const char *const still[] = {"q quits", NULL};
        const char *const *hints = text->hints;
        bool all = pane->total <= pane->shown || text->uncounted;
        char rows[2][KEYS_BYTES] = {"", ""};

        if (!all) {
                write_rows(extent, text->lines ? "line" : "row", rows[0]);
                write_note(extent, rows[1]);
        }
        if (!hints)
                hints = all ? still : scrolling;
        /* Which rows are seen matters more than what the keys do, since "?" tells that, too. */
        for (size_t i = 0; i < (text->hints ? 2 : 1); i++) {
                for (const char *const *hint = hints; *hint; hint++) {
                        int length = snprintf(buffer, KEYS_BYTES, "%s%s%s", rows[i], all ? "" : "; ", *hint);

                        if (length < KEYS_BYTES && width_of(buffer) <= pane->columns)
                                return;
                }
        }
        if (!all)
                snprintf(buffer, KEYS_BYTES, "%s", strlen(rows[0]) <= pane->columns ? rows[0] : rows[1]);
}

static char *keys_line(const struct pane *pane, const struct pane_text *text, const struct extent *extent)
{
        const char *begin = pane->colour ? "\x1b[2m" : "", *end = pane->colour ? "\x1b[0m" : "";
        char keys[KEYS_BYTES];
        char *line = NULL;

        choose_keys(pane, text, extent, keys);
        if (asprintf(&line, "%s%s%s", begin, keys, end) < 0)
                return NULL;
        return line;
}

/* Marks a chosen line with one colour over the whole width; without colours the text itself says what is
 * chosen. */
static char *mark_line(const struct pane *pane, char *line)
{
        char *marked = NULL;
        size_t used = 0, width;

        if (!pane->colour || !line)
                return line;
        for (size_t at = 0; line[at];) {
                size_t colour = printable_colour(line + at, strlen(line + at));

                if (colour == 0)
                        line[used++] = line[at++];
                at += colour;
        }
        line[used] = '\0';
        width = width_of(line);
        if (asprintf(&marked, "\x1b[7m%s%*s\x1b[0m", line,
                     width < pane->columns ? (int)(pane->columns - width) : 0, "") < 0)
                marked = NULL;
        free(line);
        return marked;
}

/* Makes a line of the foot. line: freed. more: there is no room for the lines behind this one. */
static char *foot_line(const struct pane *pane, const struct pane_text *text, char *line, bool more)
{
        char *made = NULL;

        if (more && line &&
            asprintf(&made, "%.*s%s", (int)width_fit(line, strlen(line), pane->columns - 1), line,
                     pane->ellipsis) < 0)
                made = NULL;
        if (more) {
                free(line);
                line = made;
                made = NULL;
        }
        if (!pane->colour || !line)
                return line;
        if (asprintf(&made, "%s%s\x1b[0m", text->foot_alarm ? "\x1b[1;31m" : "\x1b[1m", line) < 0)
                made = NULL;
        free(line);
        return made;
}

static size_t count_lines(const char *text)
{
        size_t count = 0;

        for (; (text = strchr(text, '\n')); text++)
                count++;
        return count;
}

/* Returns the line that *text begins with, and moves *text behind it. At the end of the text the line is
 * empty. */
static char *take_line(const char **text)
{
        size_t length = strcspn(*text, "\n");
        char *line = strndup(*text, length);

        *text += length + ((*text)[length] == '\n');
        return line;
}

/* What a pane has beside the rows of the table. */
struct layout {
        bool titled, headed, keyed;
        size_t foot;
};

static struct layout lay_out(const struct pane *pane, const struct pane_text *text)
{
        size_t most = pane_foot_rows(pane);
        struct layout layout = {.titled = pane->rows >= ROWS_FOR_TITLE,
                                .headed = text->heading && pane->rows >= ROWS_FOR_HEADING,
                                .foot = text->foot ? count_lines(text->foot) : 0};

        if (layout.foot > most)
                layout.foot = most;
        layout.keyed = pane->rows >= ROWS_FOR_KEYS && !text->keyless && layout.foot == 0;
        return layout;
}

static void add_rows(const struct pane *pane, const struct pane_text *text, const char *rest, char **lines,
                     size_t row)
{
        for (size_t i = 0; i < pane->first; i++)
                free(take_line(&rest));
        for (size_t i = 0; i < pane->shown; i++) {
                size_t line = pane->first + i;

                lines[row + i] = take_line(&rest);
                if (line >= text->marked && line - text->marked < text->marked_count)
                        lines[row + i] = mark_line(pane, lines[row + i]);
        }
}

static bool is_whole(char *const *lines, size_t rows)
{
        for (size_t row = 0; row < rows; row++)
                if (!lines[row])
                        return false;
        return true;
}

char **pane_compose(struct pane *pane, const struct pane_text *text)
{
        const char *rest = text->table, *foot = text->foot;
        struct layout layout = lay_out(pane, text);
        char **lines = calloc(pane->rows + 1, sizeof(*lines));
        size_t row = layout.titled;
        char note[NOTE_BYTES] = "";
        struct extent extent;

        if (!lines)
                return NULL;
        if (layout.headed)
                lines[row++] = take_line(&rest);
        else if (text->heading)
                free(take_line(&rest));
        pane->total = count_lines(rest);
        pane->shown = pane->rows - row - layout.keyed - layout.foot;
        clamp(pane);
        show_marked(pane, text);
        extent = measure(pane, rest, text->lines);
        if (!layout.keyed && pane->total > pane->shown)
                write_note(&extent, note);
        if (layout.titled)
                lines[0] = title_line(pane, text, note);
        add_rows(pane, text, rest, lines, row);
        row += pane->shown;
        if (layout.keyed)
                lines[row++] = keys_line(pane, text, &extent);
        for (size_t i = 0; i < layout.foot; i++) {
                char *line = take_line(&foot);

                lines[row++] = foot_line(pane, text, line, i + 1 == layout.foot && *foot);
        }
        if (is_whole(lines, pane->rows))
                return lines;
        pane_free_lines(lines, pane->rows);
        return NULL;
}

void pane_free_lines(char **lines, size_t rows)
{
        for (size_t i = 0; i < rows; i++)
                free(lines[i]);
        free(lines);
}
