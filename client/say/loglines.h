/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_LOGLINES_H
#define CLIENT_SAY_LOGLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/log/logmerge.h"
#include "client/text/printable.h"

/* How lines of logs are printed on stdout. */

#define LOGLINES_NAME_COLUMNS 24 /* a name that is longer moves its line to the right */

struct loglines {
        bool json;
        bool raw;   /* nothing of a line is changed */
        bool names; /* each line has that of its log in front */
        bool colour;
        enum printable printable;
        size_t columns;    /* of the longest name */
        int64_t stamp_sec; /* when the stamp was made */
        char stamp[LOGLINE_STAMP_BYTES];
};

void loglines_init(struct loglines *lines);

/* A log of that name is among them. */
void loglines_expect(struct loglines *lines, const char *name);

void loglines_show(struct loglines *lines, const struct logmerge_entry *entry);

#endif
