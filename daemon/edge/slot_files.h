/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_FILES_H
#define EDGE_SLOT_FILES_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "proto/limits.h"

struct slots;

/* What slot.c, which makes and removes slots, needs of slot_files.c, which changes the files in one. */

/* May a slot have this name? */
bool slot_is_name(const char *name);

/* Opens the directory of a slot: a descriptor, or a negative errno. */
int slot_open(const struct slots *slots, const char *name);

/* The path of something in a slot, below the directory of all slots. 0 or a negative errno. */
#define SLOT_PATH_BYTES (LIMIT_SERVICE_NAME_BYTES + 32)
static inline int slot_path(const char *name, const char *file, char path[SLOT_PATH_BYTES])
{
        if (!slot_is_name(name))
                return -EINVAL;
        return snprintf(path, SLOT_PATH_BYTES, "%s/%s", name, file) < SLOT_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

/* Makes data/, which the template may have too (with other things in it). 0 or a negative errno. */
int slot_make_data(int slot, const char *profile, const char *state);

#endif
