/* SPDX-License-Identifier: ISC */
#ifndef DIFFERENTIAL_CASES_H
#define DIFFERENTIAL_CASES_H

#include <stdbool.h>
#include <stddef.h>

/* Who judges a text, which has a NUL byte behind its `length` bytes; `label` says where it comes from.
 * Whether the text was accepted. */
typedef bool (*case_judge)(const char *label, const char *text, size_t length);

/*
 * Hands over, always the same and in the same order: the corpus of the unit tests, the messages beside this
 * file, the values beside it in each place where a value can stand, the edges of depth, length and count,
 * `mutations` texts made of all these and of words, and escapes of characters at every border. `tests` is the
 * directory tests/.
 */
void cases_run(const char *tests, unsigned mutations, case_judge judge);

#endif
