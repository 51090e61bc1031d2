/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_SHORTAGE_H
#define JUDGE_SHORTAGE_H

#include <stdbool.h>

/*
 * Something that whoever asks lacks himself, and may have a moment later: descriptors, memory. It says nothing of what was
 * asked about: neither that it is there, nor that it is not, nor that it cannot be read.
 */

/* result: as a call gave it; only a negative errno is one, and a positive number may be a descriptor. */
bool shortage_is_why(int result);

#endif
