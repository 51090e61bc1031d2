/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_MEMBERS_H
#define JUDGE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/text.h"

struct field;

/*
 * What a broker writes in files (an intent, a slot's state) is one JSON object with a version, MAJOR.MINOR,
 * and another broker may have written it. A higher minor version adds members: they are kept, byte for byte,
 * and passed on when the file is replaced. A higher major version makes another kind of file, which is not
 * read. Pure, and without json-c, since the volume's threads use it too.
 *
 * As an integer the version is a major one, with minor 0; else it is MAJOR.MINOR, as a string ("1.10") or as
 * a number (1.2). Where nothing of a higher minor is passed on, the integer is written, for brokers that
 * demand exactly 1.
 */
#define MEMBERS_MAJOR 1
#define MEMBERS_VERSION_BYTES 24 /* two numbers of ten digits, the dot, quotes, NUL */

struct members {
        char version[MEMBERS_VERSION_BYTES]; /* as it is written; "1" where nothing is passed on */
        unsigned long minor;
        struct text unknown; /* `,"name":value` for each member that is not known */
};

void members_init(struct members *members);
void members_deinit(struct members *members);

/*
 * Reads the version of `text`, and those of its members that this broker does not know; `known` (as in
 * fields.h) are those that it does. 0; -EPROTONOSUPPORT: the major version is a higher one; -ENOMEM; or
 * -EBADMSG, for what no broker writes: no object; no version; a name that comes twice, is empty, or is
 * written with a backslash; unknown members of more than `most_bytes`, or that could not be read where they
 * are passed on (too deep, with a name twice, or with a number out of range). *members, the caller's to
 * deinit, is set with 0 only.
 */
int members_read(const char *text, const struct field *known, size_t most_bytes, struct members *members);

#endif
