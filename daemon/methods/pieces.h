/* SPDX-License-Identifier: ISC */
#ifndef METHODS_PIECES_H
#define METHODS_PIECES_H

#include "daemon/bounds.h"
#include "daemon/session/peer.h"

/*
 * A reply that grows with the number of services. A caller that asked with "more" gets it in pieces, each a
 * reply of its own and the last one without continues. The pieces are a feed, and are made one by one.
 */

struct pieces {
        struct feed feed;
        /* Appends the parameters of the next piece. False: that piece is the last one. */
        bool (*write)(struct pieces *pieces, struct server *server, struct text *text);
        void (*drop)(struct pieces *pieces); /* frees the struct that `pieces` is in */
};

/* Answers the running call with pieces, beginning now if no output waits; they belong to the peer. NULL:
 * there was no memory for them, and the connection ends. bytes: memory that they keep. */
void pieces_begin(struct peer *peer, struct pieces *pieces, size_t bytes);

/* Pieces that go through the services by name. The last name is noted, not a place, so each service that is
 * there all the time comes once, whatever comes and goes meanwhile. */
struct service_pieces {
        struct pieces pieces;
        char after[LIMIT_SERVICE_NAME_BYTES + 1]; /* the last service of the last piece; "": none yet */
};

/* Answers the running call with such pieces; write: as in struct pieces. */
void service_pieces_begin(struct peer *peer,
                          bool (*write)(struct pieces *pieces, struct server *server, struct text *text));

#endif
