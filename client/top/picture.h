/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_PICTURE_H
#define CLIENT_TOP_PICTURE_H

#include <stdbool.h>

struct top;

/* The picture is what `top` shows on the terminal. */

/* Whether the page has the whole terminal; else it is below the list, and keys are for the list. */
bool picture_is_page(const struct top *top);

/* Returns the lines of the picture, as many as the terminal has rows: pane_free_lines() them. NULL when out
 * of memory. */
char **picture_compose(struct top *top);

#endif
