#ifndef METHODS_PIECES_H
#define METHODS_PIECES_H

#include "daemon/session/peer.h"

/*
 * A reply that grows with the number of services. Who asked with "more" gets it in pieces, each a reply of its own and the last
 * without continues: the next one is made when the reader has taken the one before, so that nothing of it waits in memory, and
 * everybody else has a turn in between.
 */

/* Of a piece, roughly: it ends with what goes over this. */
#define PIECE_BYTES (64 * 1024)

struct pieces {
        /* Appends the parameters of the next piece. False: it was the last one. */
        bool (*write)(struct pieces *pieces, struct peer *peer, struct text *text);
        void (*drop)(struct pieces *pieces); /* frees it */
        size_t bytes;                        /* what it keeps in memory */
};

/* Answers the running call with them, from now on; they are the peer's. NULL: there is no memory for them. */
void pieces_begin(struct peer *peer, struct pieces *pieces);

/* The next piece, if the reader took the one before. */
void pieces_pump(struct peer *peer);

/* There is more to send. */
bool pieces_are_due(const struct peer *peer);

/* Nobody wants the rest. */
void pieces_end(struct peer *peer);

/* Of services, by name: where it goes on. So each that is there all the time comes once, whatever comes and goes meanwhile. */
struct service_pieces {
        struct pieces pieces;
        char after[LIMIT_SERVICE_NAME_BYTES + 1]; /* it was the last one; "": from the beginning */
};

struct pieces *service_pieces_new(bool (*write)(struct pieces *pieces, struct peer *peer, struct text *text));

#endif
