/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_LOOK_H
#define CLIENT_TERMINAL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/text/printable.h"

/* How a text for people may look. The functions that make such texts are pure: this is all they know of the
 * terminal. */
struct look {
        bool colour;
        bool symbols;             /* a symbol stands before each state */
        bool utf8;                /* our own symbols may be beyond ASCII */
        enum printable printable; /* what of others' text stays */
        size_t columns;           /* of the terminal; 0: no bound, nothing is cut or wrapped */
        int64_t now_usec;         /* since 1970-01-01 UTC */
};

/* Looks at stdout. If that is no terminal, there is no colour, no symbol and no bound. */
void look_init(struct look *look);

/* Returns how wide the terminal of a descriptor is; 0: it is no terminal, or its width is not known. */
size_t look_columns(int fd);

/* Whether stdout gets colours: it is a terminal, and neither NO_COLOR nor TERM=dumb says otherwise. */
bool look_colour(void);

/* Whether LC_ALL, LC_CTYPE and LANG say UTF-8, or name no other encoding; each may be NULL. The first that is
 * not empty counts. */
bool look_is_utf8(const char *all, const char *ctype, const char *lang);

/* Whether it is so if C and POSIX, which name no encoding, count as saying nothing: this is for others' text,
 * which must be read. */
bool look_reads_utf8(const char *all, const char *ctype, const char *lang);

/* Return what of others' text stdout, or another descriptor, may get. */
enum printable look_printable(void);
enum printable look_printable_of(int fd);

#endif
