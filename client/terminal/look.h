/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_LOOK_H
#define CLIENT_TERMINAL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/text/printable.h"

/* How what is shown may look. The functions that make it are pure: this is all they know of the terminal. */
struct look {
        bool colour;
        bool symbols;             /* in front of a state */
        bool utf8;                /* our own symbols may be beyond ASCII */
        enum printable printable; /* what of others' text stays */
        size_t columns;           /* 0: no bound, nothing is cut or wrapped */
        int64_t now_usec;         /* since 1970-01-01 UTC */
};

/* Looks at stdout. Where that is no terminal, there is no colour, no symbol and no bound. */
void look_init(struct look *look);

/* Returns how wide the terminal of that descriptor is; 0: it is no terminal, or nobody knows. */
size_t look_columns(int fd);

/* Whether stdout gets colours: it is a terminal, and neither NO_COLOR nor TERM=dumb says otherwise. */
bool look_colour(void);

/* Whether what LC_ALL, LC_CTYPE and LANG say is UTF-8, or nothing else; each may be NULL. The first that is
 * not empty counts. */
bool look_is_utf8(const char *all, const char *ctype, const char *lang);

/* Whether it is so where C and POSIX, which name no encoding, count as nothing: text of others is to be
 * read. */
bool look_reads_utf8(const char *all, const char *ctype, const char *lang);

/* Returns what of others' text stdout may get, or another descriptor. */
enum printable look_printable(void);
enum printable look_printable_of(int fd);

#endif
