/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_BYTES_H
#define CLIENT_TEXT_BYTES_H

#include <stdint.h>

/* Amounts of memory, as people write them: in at most five characters, by powers of 1024. */

#define BYTES_TEXT_BYTES 24

/* Writes an amount as "0", "512K", "12.3M", "1.2G". buffer: BYTES_TEXT_BYTES. */
const char *bytes_format(int64_t bytes, char *buffer);

#endif
