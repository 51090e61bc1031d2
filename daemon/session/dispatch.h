/* SPDX-License-Identifier: ISC */
#ifndef SESSION_DISPATCH_H
#define SESSION_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/session/peer.h"
#include "proto/call.h"

/* Answers the peer's running call, at once or later: ticket.h. */
typedef void method_function(struct peer *peer, const struct call *call);

/* How many names there is something to be done for: what the uid is charged. */
typedef size_t weigh_function(const struct peer *peer, const struct call *call);

/* A row of the one table of methods, which is made of groups (server.h). No row, no method; no class, no
 * call. */
struct method {
        const char *name;   /* fully qualified; NULL behind the last row of a group */
        enum access access; /* the least that may call it */
        bool changes;       /* counts against the uid's changes */
        bool needs_more;
        method_function *run;
        weigh_function *weigh; /* NULL: it is about no names, or about one */
};

/* Takes a call: the peer's request is running, and is answered now or later, or parked. */
void dispatch_message(struct peer *peer, char *message, size_t length);

#endif
