/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_CANVAS_H
#define CLIENT_TERMINAL_CANVAS_H

#include <stddef.h>

/*
 * A canvas knows what a terminal shows, and what to send for it to show something else: only lines that
 * differ, nothing erased first, all in one piece that terminals with synchronized updates show at once. Pure.
 */

struct canvas {
        char **lines; /* as drawn last, top to bottom; a NULL line is not known */
        size_t rows;
        size_t columns;
};

void canvas_init(struct canvas *canvas);
void canvas_deinit(struct canvas *canvas);

/* Gives the canvas another size, and forgets what is shown. Returns 0 or -ENOMEM. */
int canvas_resize(struct canvas *canvas, size_t rows, size_t columns);

/* Notes that somebody else wrote to the terminal: the next picture is drawn whole. */
void canvas_forget(struct canvas *canvas);

/*
 * Makes what to send to the terminal for a picture. lines: as many as there are rows; with colours (CSI ...
 * m) and UTF-8, else printable; cut at the canvas's width. *output: free() it; NULL when the picture is the
 * same. Returns 0 or -ENOMEM.
 */
int canvas_draw(struct canvas *canvas, char *const *lines, char **output, size_t *length);

/* Returns a copy of a line, cut to `columns`, its colours ended if it was cut, and its *width: free() it.
 * NULL when out of memory. */
char *canvas_cut(const char *line, size_t columns, size_t *width);

#endif
