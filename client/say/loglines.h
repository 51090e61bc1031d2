/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_LOGLINES_H
#define CLIENT_SAY_LOGLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/log/logmerge.h"
#include "client/terminal/look.h"

/* How lines of logs are printed on stdout. */

#define LOGLINES_NAME_COLUMNS                                                                                \
        24 /* a longer name is cut on a terminal, and elsewhere moves its line to the right */

struct loglines {
        bool json;
        bool raw;   /* nothing of a line is changed */
        bool names; /* each line begins with the name of its log */
        struct look look;
        size_t columns;    /* how wide the column of names is */
        int64_t stamp_sec; /* the second that the stamp tells */
        char stamp[LOGLINE_STAMP_BYTES];
};

void loglines_init(struct loglines *lines);

/* Notes that there will be lines of a log of that name. */
void loglines_expect(struct loglines *lines, const char *name);

void loglines_show(struct loglines *lines, const struct logmerge_entry *entry);

#endif
