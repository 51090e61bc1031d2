/* SPDX-License-Identifier: ISC */
#ifndef DIFFERENTIAL_VERDICT_H
#define DIFFERENTIAL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Prints one line: the label, what each reader of the product makes of the text (result, offset, the value
 * spelt out), and how the text begins. Whether it is JSON to us.
 */
bool verdict_print(FILE *file, const char *label, const char *text, size_t length);

#endif
