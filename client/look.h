#ifndef CLIENT_LOOK_H
#define CLIENT_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/printable.h"

/* How what is shown may look. The functions that make it are pure: this is all they know of the terminal. */
struct look {
        bool colour;
        bool symbols; /* in front of a state */
        bool utf8;
        size_t columns;   /* 0: no bound, nothing is cut or wrapped */
        int64_t now_usec; /* since 1970-01-01 UTC */
};

/* Of stdout. Where that is no terminal: no colour, no symbols, no bound. */
void look_init(struct look *look);

/* On a terminal, unless NO_COLOR or TERM=dumb says otherwise. */
bool look_colour(void);

/* Whether what LC_ALL, LC_CTYPE and LANG say is UTF-8, or nothing else; each may be NULL. The first that is
 * not empty counts. */
bool look_is_utf8(const char *all, const char *ctype, const char *lang);

/* The same of the environment: whether text beyond ASCII is welcome. */
bool look_utf8(void);

/* What of others' text stdout may get. */
enum printable look_printable(void);

#endif
