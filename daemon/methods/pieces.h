/* SPDX-License-Identifier: ISC */
#ifndef METHODS_PIECES_H
#define METHODS_PIECES_H

#include "daemon/bounds.h"
#include "daemon/session/peer.h"

/*
 * A reply that grows with the number of services. Who asked with "more" gets it in pieces, each a reply of
 * its own and the last without continues: a feed whose pieces are made one by one.
 */

struct pieces {
        struct feed feed;
        /* Appends the parameters of the next piece. False: it was the last one. */
        bool (*write)(struct pieces *pieces, struct server *server, struct text *text);
        void (*drop)(struct pieces *pieces); /* frees it */
};

/* Answers the running call with them, from now on; they are the peer's. NULL: there is no memory for them.
 * bytes: what they keep. */
void pieces_begin(struct peer *peer, struct pieces *pieces, size_t bytes);

/* Of services, by name: where it goes on. So each that is there all the time comes once, whatever comes and
 * goes meanwhile. */
struct service_pieces {
        struct pieces pieces;
        char after[LIMIT_SERVICE_NAME_BYTES + 1]; /* it was the last one; "": from the beginning */
};

/* Answers the running call with pieces of services. */
void service_pieces_begin(struct peer *peer,
                          bool (*write)(struct pieces *pieces, struct server *server, struct text *text));

#endif
