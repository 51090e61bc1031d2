/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_HELP_H
#define CLIENT_TOP_HELP_H

#include <stdio.h>

#include "client/terminal/look.h"

/* What the keys of `top` do. */

void help_write(FILE *file, const struct look *look);

/* In few words for the last line, the longest first, NULL at their end: of the list, and of a page. */
const char *const *help_hints(void);
const char *const *help_page_hints(void);

#endif
