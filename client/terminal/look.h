#ifndef CLIENT_TERMINAL_LOOK_H
#define CLIENT_TERMINAL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/text/printable.h"

/* How what is shown may look. The functions that make it are pure: this is all they know of the terminal. */
struct look {
        bool colour;
        bool symbols; /* in front of a state */
        bool utf8;                /* our own symbols may be beyond ASCII */
        enum printable printable; /* what of others' text stays */
        size_t columns;   /* 0: no bound, nothing is cut or wrapped */
        int64_t now_usec; /* since 1970-01-01 UTC */
};

/* Of stdout. Where that is no terminal: no colour, no symbols, no bound. */
void look_init(struct look *look);

/* How wide the terminal of that descriptor is; 0: it is none, or nobody knows. */
size_t look_columns(int fd);

/* On a terminal, unless NO_COLOR or TERM=dumb says otherwise. */
bool look_colour(void);

/* Whether what LC_ALL, LC_CTYPE and LANG say is UTF-8, or nothing else; each may be NULL. The first that is
 * not empty counts. */
bool look_is_utf8(const char *all, const char *ctype, const char *lang);

/* The same, but C and POSIX, which name no encoding, count as nothing: text of others is to be read. */
bool look_reads_utf8(const char *all, const char *ctype, const char *lang);

/* What of others' text stdout may get, and what this descriptor may. */
enum printable look_printable(void);
enum printable look_printable_of(int fd);

#endif
