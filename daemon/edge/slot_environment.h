/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_ENVIRONMENT_H
#define EDGE_SLOT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;

/*
 * A profile's variables in its slot: one file, in the form that slot.h describes. Where there is a directory
 * instead, an older broker made the slot: slot_environment_old.h.
 */

#define ENVIRONMENT_MODE 0640 /* of the file */

/* Is it NULL, or an object without variables? */
bool environment_is_empty(struct json_object *environment);

/* Makes the file: group `gid` where that can be, else the process's. 0 or a negative errno (-EINVAL for a
 * name or a value that cannot be a variable), nothing left behind. */
int environment_make(int at, const char *name, struct json_object *environment, gid_t gid);

/*
 * Are these two files alike: *content, the same variables with the same values; *whole, also owner, group and
 * mode. If `other` is not there, or is no file, it is unlike. 0 or a negative errno, also where `one` is not
 * there.
 */
int environment_compare(int at, const char *one, const char *other, bool *content, bool *whole);

/* Reads what environment_make() was given: an object, which the caller puts. 0 or a negative errno (-EBADMSG:
 * the file is not what environment_make() writes). */
int environment_read(int at, const char *name, struct json_object **environment);

/*
 * Both forms share the functions from here on. This one lists the names of the variables, sorted so that the
 * same variables are the same bytes; `names` has room for LIMIT_ENVIRONMENT_VARIABLES. The client's names and
 * values were checked long before, and are once more here, where they become a line or a path. 0, or -EINVAL
 * where anything in the object cannot be a variable.
 */
int environment_names(struct json_object *environment, const char **names, size_t *count);

/* Adds a variable to the object. 0 or -ENOMEM. */
int environment_add(struct json_object *environment, const char *name, const char *value, size_t length);

/* How much the variables count for LIMIT_ENVIRONMENT_BYTES: names and values. NULL: there are none. */
size_t environment_bytes(struct json_object *environment);

/* How much the variables count for LIMIT_ENVIRONMENT_TOTAL_BYTES, and where they are read from the volume:
 * roughly what they take in memory. */
size_t environment_weight(struct json_object *environment);

#endif
