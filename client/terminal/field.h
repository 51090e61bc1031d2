/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_FIELD_H
#define CLIENT_TERMINAL_FIELD_H

#include <stddef.h>

#include "client/terminal/keys.h"

/* A line that a person types, byte by byte as it comes. Pure. */

#define FIELD_BYTES 64

struct field {
        char text[FIELD_BYTES];
        size_t length;
};

void field_clear(struct field *field);

/* Takes a key: text that was typed or pasted, or one that erases. Text that has no room is dropped. */
void field_take(struct field *field, enum key key, unsigned char byte);

#endif
