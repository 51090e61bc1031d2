/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_STREAM_H
#define CLIENT_TEXT_STREAM_H

#include <stdio.h>

/* Closes a stream that open_memstream() made, and returns its text: free() it. NULL when out of memory. file:
 * may be NULL, when the stream could not be made. */
char *stream_text(FILE *file, char **text);

#endif
