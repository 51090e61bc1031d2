#ifndef SESSION_DISPATCH_H
#define SESSION_DISPATCH_H

#include <stddef.h>

#include "daemon/session/peer.h"

/*
 * The one table of methods: name, access class, what it needs. No row, no method; no class, no call.
 */

/* The peer's request is running; it is answered now or later. */
void dispatch_message(struct peer *peer, char *message, size_t length);

/* Its uid may change something again, perhaps. */
void dispatch_parked(struct peer *peer);

#endif
