/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_CANVAS_H
#define CLIENT_TERMINAL_CANVAS_H

#include <stddef.h>

/*
 * What a terminal shows, and what to send it to show something else: only lines that differ, nothing erased
 * before, all in one piece that terminals who can (synchronized updates) show at once. Pure.
 */

struct canvas {
        char **lines; /* as drawn last, top to bottom; NULL: not known */
        size_t rows;
        size_t columns;
};

void canvas_init(struct canvas *canvas);
void canvas_deinit(struct canvas *canvas);

/* Gives the canvas another size; 0, or -ENOMEM. Nothing is known of what is shown then. */
int canvas_resize(struct canvas *canvas, size_t rows, size_t columns);

/* Notes that somebody else wrote there: the next picture is drawn whole. */
void canvas_forget(struct canvas *canvas);

/*
 * lines: as many as there are rows; with colours (ESC [ ... m) and UTF-8, nothing else that is not printable.
 * Cut at the canvas's width. 0, or -ENOMEM. output: free() it; NULL when the picture is the same.
 */
int canvas_draw(struct canvas *canvas, char *const *lines, char **output, size_t *length);

/* A copy of a line, cut to that many columns, its colours ended. NULL when out of memory. */
char *canvas_cut(const char *line, size_t columns, size_t *width);

#endif
