/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_ENVIRONMENT_H
#define EDGE_SLOT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;

/*
 * A profile's variables in its slot: one file, in the form that slot.h describes. Where it is a directory, a
 * broker before made the slot: slot_environment_old.h.
 */

/* Makes the file: group `gid` where that can be, else the process's. 0 or a negative errno (-EINVAL for a
 * name or a value that cannot be a variable), nothing left behind. */
int environment_make(int at, const char *name, struct json_object *environment, gid_t gid);

/*
 * Are these two files alike: *content, the same variables with the same values; *whole, also owner, group and
 * mode. What is not there, or is no file, is unlike. 0 or a negative errno.
 */
int environment_compare(int at, const char *one, const char *other, bool *content, bool *whole);

/* What environment_make() was given: an object, which the caller puts. 0 or a negative errno (-EBADMSG: the file is
 * not what environment_make() writes). */
int environment_read(int at, const char *name, struct json_object **environment);

/*
 * What both forms share. The names of the variables, sorted so that the same variables are the same bytes; `names`
 * has room for LIMIT_ENVIRONMENT_VARIABLES. The client's were checked long before: once more here, where they become
 * a line or a path. 0, or -EINVAL where anything of it cannot be a variable.
 */
int environment_names(struct json_object *environment, const char **names, size_t *count);

/* Adds a variable to the object. 0 or -ENOMEM. */
int environment_add(struct json_object *environment, const char *name, const char *value, size_t length);

/* As they count for LIMIT_ENVIRONMENT_BYTES: names and values. NULL: none. */
size_t environment_bytes(struct json_object *environment);

/* As they count for LIMIT_ENVIRONMENT_TOTAL_BYTES, and where they are read from the volume: roughly what they take in
 * memory. */
size_t environment_weight(struct json_object *environment);

#endif
