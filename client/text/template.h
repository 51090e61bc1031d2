/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_TEMPLATE_H
#define CLIENT_TEXT_TEMPLATE_H

#include <stddef.h>
#include <stdio.h>

/* Texts with {fields} in them, as tables hold them. */

/* Writes the field of that name, which has `length` bytes and no NUL behind it. */
typedef void template_field(FILE *file, const char *name, size_t length, const void *context);

/* Writes a text, and calls `field` for each {name} in it. */
void template_write(FILE *file, const char *text, template_field *field, const void *context);

#endif
