/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_STREAM_H
#define CLIENT_TEXT_STREAM_H

#include <stdio.h>

/* The end of a stream that open_memstream() made: closes it, and returns the text, to be freed. file: may
 * be NULL, when it could not be made. NULL when out of memory. */
char *stream_text(FILE *file, char **text);

#endif
