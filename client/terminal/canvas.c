/* SPDX-License-Identifier: ISC */
#include "client/terminal/canvas.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/printable.h"
#include "client/text/width.h"
#include "proto/utf8.h"

#define COLOUR_END "\x1b[0m"
#define UPDATE_BEGIN "\x1b[?2026h"
#define UPDATE_END "\x1b[?2026l"
#define ERASE_REST "\x1b[K"

void canvas_init(struct canvas *canvas)
{
        *canvas = (struct canvas){0};
}

void canvas_forget(struct canvas *canvas)
{
        for (size_t i = 0; i < canvas->rows; i++) {
                free(canvas->lines[i]);
                canvas->lines[i] = NULL;
        }
}

void canvas_deinit(struct canvas *canvas)
{
        canvas_forget(canvas);
        free(canvas->lines);
        canvas_init(canvas);
}

int canvas_resize(struct canvas *canvas, size_t rows, size_t columns)
{
        char **lines = calloc(rows + 1, sizeof(*lines));

        if (!lines)
                return -ENOMEM;
        canvas_deinit(canvas);
        *canvas = (struct canvas){.lines = lines, .rows = rows, .columns = columns};
        return 0;
}

char *canvas_cut(const char *line, size_t columns, size_t *width)
{
        char *copy = malloc(strlen(line) + sizeof(COLOUR_END));
        size_t used = 0, shown = 0;
        bool coloured = false;

        if (!copy)
                return NULL;
        while (*line) {
                size_t length = *line == '\x1b' ? printable_colour(line, strlen(line)) : 0, one;

                if (length > 0) {
                        coloured = true;
                } else {
                        length = width_character(line, strnlen(line, UTF8_BYTES_MAX), &one);
                        if (shown + one > columns)
                                break;
                        shown += one;
                }
                memcpy(copy + used, line, length);
                used += length;
                line += length;
        }
        copy[used] = '\0';
        if (*line && coloured)
                strcpy(copy + used, COLOUR_END);
        *width = shown;
        return copy;
}

/* Writes a line. After one that is as wide as the terminal, the cursor stands on its last character, which
 * erasing the rest would take away. */
static void write_line(FILE *file, size_t row, const char *line, bool full)
{
        fprintf(file, "\x1b[%zu;1H%s%s", row + 1, line, full ? "" : ERASE_REST);
}

/* Writes the lines that differ, and notes each as shown. After a failure the output is not sent, and all is
 * forgotten. */
static int write_changes(struct canvas *canvas, char *const *lines, FILE *file, bool *changed)
{
        for (size_t row = 0; row < canvas->rows; row++) {
                size_t width;
                char *line = canvas_cut(lines[row], canvas->columns, &width);

                if (!line)
                        return -ENOMEM;
                if (canvas->lines[row] && strcmp(canvas->lines[row], line) == 0) {
                        free(line);
                        continue;
                }
                if (!*changed)
                        fputs(UPDATE_BEGIN, file);
                *changed = true;
                write_line(file, row, line, width == canvas->columns);
                free(canvas->lines[row]);
                canvas->lines[row] = line;
        }
        if (*changed)
                fputs(UPDATE_END, file);
        return 0;
}

int canvas_draw(struct canvas *canvas, char *const *lines, char **output, size_t *length)
{
        bool changed = false;
        char *text = NULL;
        FILE *file = open_memstream(&text, length);
        int result;

        if (!file)
                return -ENOMEM;
        result = write_changes(canvas, lines, file, &changed);
        if (fclose(file) != 0)
                result = -ENOMEM;
        if (result < 0)
                canvas_forget(canvas);
        if (result < 0 || !changed) {
                free(text);
                text = NULL;
                *length = 0;
        }
        if (result == 0)
                *output = text;
        return result;
}
