/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_PICTURE_H
#define CLIENT_TOP_PICTURE_H

#include <stdbool.h>

struct top;

/* What `top` shows. */

/* The page has the whole terminal; else it is below the list, which has the keys. */
bool picture_is_page(const struct top *top);

/* The lines, as many as the terminal has rows; pane_free_lines() them. NULL when out of memory. */
char **picture_compose(struct top *top);

#endif
