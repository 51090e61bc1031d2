#ifndef EDGE_SLOT_ENVIRONMENT_H
#define EDGE_SLOT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;

/*
 * A profile's variables in its slot: one file, in the form that slot.h describes. Where `name` is a
 * directory, it is of a slot that an older broker made (slot_environment_old.h), and is read all the same.
 */

/* Makes the file: group `gid` where that can be, else the process's. 0 or a negative errno (-EINVAL for a
 * name or a value that cannot be a variable), nothing left behind. */
int environment_make(int at, const char *name, struct json_object *environment, gid_t gid);

/*
 * Are these two files alike: *content, the same variables with the same values; *whole, also owner, group and
 * mode. What is not there, or is no file, is unlike. 0 or a negative errno.
 */
int environment_compare(int at, const char *one, const char *other, bool *content, bool *whole);

/* What environment_make() was given: the caller puts *environment, NULL when there are no variables. 0 or a
 * negative errno (-EBADMSG: it is not what environment_make() writes). */
int environment_read(int at, const char *name, struct json_object **environment);

/* Checked long before; once more where it becomes a line, or a path. */
bool environment_is_name(const char *name);

/* 0 or -ENOMEM. */
int environment_add(struct json_object *environment, const char *name, const char *value, size_t length);

/* As they count for LIMIT_ENVIRONMENT_BYTES: names and values. NULL: none. */
size_t environment_bytes(struct json_object *environment);

/* As they count for LIMIT_ENVIRONMENT_TOTAL_BYTES, and where they are read from the volume: roughly what they take in
 * memory. */
size_t environment_weight(struct json_object *environment);

#endif
