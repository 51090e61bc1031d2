/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_FILES_H
#define EDGE_SLOT_FILES_H

#include <stdbool.h>

struct slots;

/* What slot.c, which makes and removes slots, needs of slot_files.c, which changes the files in one. */

/* May a slot be called so? */
bool slot_is_name(const char *name);

/* The directory of a slot, or a negative errno. */
int slot_open(const struct slots *slots, const char *name);

/* data/, which the template may have too (with other things in it), and down. 0 or a negative errno. */
int slot_make_data(int slot, const char *profile, const char *state, bool down);

#endif
