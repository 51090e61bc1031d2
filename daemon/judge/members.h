/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_MEMBERS_H
#define JUDGE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/text.h"

struct field;

/*
 * What a broker writes in files (an intent, a slot's state) is one JSON object with a version, MAJOR.MINOR,
 * and another broker may have written it. A minor one adds members: they are kept, as the bytes that they
 * are, and passed on when the file is replaced. A major one makes another file of it, which is not read.
 * Pure, and without json-c, since the volume's threads use it too.
 *
 * As an integer the version is a major one, with minor 0; else it is MAJOR.MINOR, as a string ("1.10") or as
 * a number (1.2). Where nothing of a higher minor is passed on, the integer is written, and whoever demands
 * exactly 1 is served.
 */
#define MEMBERS_MAJOR 1
#define MEMBERS_VERSION_BYTES 24 /* two numbers of ten digits, the dot, quotes, NUL */

struct members {
        char version[MEMBERS_VERSION_BYTES]; /* as it is written; "1" where nothing is passed on */
        unsigned long minor;
        struct text unknown; /* ,"name":value for each member that is not known */
};

void members_init(struct members *members);
void members_deinit(struct members *members);

/*
 * text: an object of which `known` (as fields.h) are the members that this broker knows. 0; -EPROTONOSUPPORT:
 * its major version is a higher one; -ENOMEM; or -EBADMSG, for what no broker writes: what is no object, has
 * no version, a name twice, or one that is empty or written with a backslash; unknown members of more than
 * `most_bytes`, or that could not be read where they are passed on (so deep, with a name twice, or a number out of range).
 */
int members_read(const char *text, const struct field *known, size_t most_bytes, struct members *members);

#endif
