#ifndef EDGE_SLOT_ENVIRONMENT_H
#define EDGE_SLOT_ENVIRONMENT_H

#include <stdbool.h>
#include <sys/types.h>

struct json_object;

/*
 * Makes the directory `name` in the directory `at` with a file for each variable: group `gid` where that can
 * be, else the process's. 0 or a negative errno (-EINVAL for a name or a value that cannot be a variable),
 * nothing left behind.
 */
int environment_make(int at, const char *name, struct json_object *environment, gid_t gid);

/*
 * Are these two directories alike: *content, the same variables with the same values; *whole, also owner,
 * group and modes. A directory that is not there is unlike. 0 or a negative errno.
 */
int environment_compare(int at, const char *one, const char *other, bool *content, bool *whole);

/* What environment_make() was given: the caller puts *environment, NULL when there are no variables. 0 or a
 * negative errno. */
int environment_read(int at, const char *name, struct json_object **environment);

#endif
