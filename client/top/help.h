/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_HELP_H
#define CLIENT_TOP_HELP_H

#include <stdio.h>

#include "client/terminal/look.h"

/* What the keys of `top` do: help_write() writes it in full. */

void help_write(FILE *file, const struct look *look);

/* Return the same in few words for the last line, of the list and of a page: the longest first, NULL at their
 * end. */
const char *const *help_hints(void);
const char *const *help_page_hints(void);

#endif
