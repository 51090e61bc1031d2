/* SPDX-License-Identifier: ISC */
#ifndef SESSION_DISPATCH_H
#define SESSION_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/session/peer.h"
#include "proto/call.h"

/* Answers the peer's running call, at once or later (ticket.h). *call is valid only until it returns. */
typedef void method_function(struct peer *peer, const struct call *call);

/* Returns for how many names of the call something is to be done: the uid is charged for so many. */
typedef size_t weigh_function(const struct peer *peer, const struct call *call);

/* A row of the one table of methods, which is made of groups (server.h). No row, no method; no class, no
 * call. */
struct method {
        const char *name;   /* fully qualified; NULL behind the last row of a group */
        enum access access; /* the least that a caller needs */
        bool changes;       /* a call counts against the uid's changes */
        bool needs_more;    /* a call without "more" is refused */
        method_function *run;
        weigh_function *weigh; /* NULL: a call is charged for no names */
};

/* Takes the call that the peer's request is for: it is answered now or later, or parked. message has a NUL
 * behind it. */
void dispatch_message(struct peer *peer, char *message, size_t length);

#endif
