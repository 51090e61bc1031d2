#include "client/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On a lower terminal the rows of the table need the lines more. */
#define ROWS_FOR_TITLE 3
#define ROWS_FOR_HEADING 4
#define ROWS_FOR_KEYS 5

void pane_init(struct pane *pane, bool colour)
{
        *pane = (struct pane){.colour = colour};
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

/* text must be printable, so that its bytes are its columns. */
static char *title_line(const struct pane *pane, const struct pane_text *text)
{
        const char *begin = !pane->colour ? "" : text->alarm ? "\x1b[1;31m" : "\x1b[1m";
        const char *end = pane->colour ? "\x1b[0m" : "";
        size_t title = strlen(text->title), corner = strlen(text->corner);
        char *line = NULL;
        int result;

        if (title + 2 + corner > pane->columns)
                result = asprintf(&line, "%s%s%s", begin, text->title, end);
        else
                result = asprintf(&line, "%s%s%s%*s", begin, text->title, end, (int)(pane->columns - title),
                                  text->corner);
        return result < 0 ? NULL : line;
}

static char *keys_line(const struct pane *pane)
{
        const char *begin = pane->colour ? "\x1b[2m" : "", *end = pane->colour ? "\x1b[0m" : "";
        char *line = NULL;
        int result;

        if (pane->total <= pane->shown)
                result = asprintf(&line, "%sq quits%s", begin, end);
        else
                result = asprintf(&line, "%srows %zu to %zu of %zu; arrows scroll, q quits%s", begin,
                                  pane->first + 1, pane->first + pane->shown, pane->total, end);
        return result < 0 ? NULL : line;
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
        size_t row = 0;

        if (!lines)
                return NULL;
        if (titled)
                lines[row++] = title_line(pane, text);
        if (headed)
                lines[row++] = take_line(&rest);
        else if (text->heading)
                free(take_line(&rest));
        pane->total = count_lines(rest);
        pane->shown = pane->rows - row - keyed;
        clamp(pane);
        for (size_t i = 0; i < pane->first; i++)
                free(take_line(&rest));
        while (row < pane->rows - keyed)
                lines[row++] = take_line(&rest);
        if (keyed)
                lines[row++] = keys_line(pane);
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
