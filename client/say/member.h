/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_MEMBER_H
#define CLIENT_SAY_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* Members of a reply's objects. object may be NULL; a member that is null or of another type counts as
 * absent. */

const char *member_string(struct json_object *object, const char *name); /* NULL when absent */
bool member_is(struct json_object *object, const char *name, const char *string);
int64_t member_int(struct json_object *object, const char *name, int64_t absent);
bool member_true(struct json_object *object, const char *name);
struct json_object *member_object(struct json_object *object, const char *name);
struct json_object *member_array(struct json_object *object, const char *name);

#endif
