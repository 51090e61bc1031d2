/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_FOREIGN_H
#define JUDGE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/bounds.h"

/*
 * JSON that the application wrote: what Python's json writes and reads, which is more than JSON. A byte order
 * mark may come first; NaN and Infinity are numbers, and so are numbers beyond any range; a lone surrogate
 * may be written as an escape. Only a few members of such an object are looked for. Pure, and without json-c:
 * for any thread.
 */
#define FOREIGN_VALUE_BYTES 64 /* of a string, its NUL included */

enum foreign_kind {
        FOREIGN_ABSENT,
        FOREIGN_STRING, /* value is set; "?" where it is longer, or not of printable ASCII alone */
        FOREIGN_NULL,
        FOREIGN_TRUE,
        FOREIGN_FALSE,
        FOREIGN_OTHER,
};

struct foreign {
        const char *name;
        enum foreign_kind kind;
        char value[FOREIGN_VALUE_BYTES];
};

/* The text behind its byte order mark, if it has one. */
const char *foreign_begin(const char *text);

/* Looks for members[0..count) in the object that `text` is; a member that is not there is ABSENT. False: the
 * text is no object, or one of those names comes twice; all are ABSENT then. */
bool foreign_read(const char *text, struct foreign *members, size_t count);

#endif
