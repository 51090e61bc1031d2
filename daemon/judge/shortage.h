/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_SHORTAGE_H
#define JUDGE_SHORTAGE_H

#include <stdbool.h>

/*
 * A shortage is something that the broker itself lacks when it looks, and may have a moment later:
 * descriptors, memory. It says nothing of what was looked at: neither that it is there, nor that it is not,
 * nor that it cannot be read.
 */

/* Did a call fail by a shortage? result: what it returned: a negative errno, or else 0, or a descriptor. */
bool shortage_is_why(int result);

#endif
