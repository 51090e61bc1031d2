/* SPDX-License-Identifier: ISC */
#include "daemon/methods/pieces.h"

#include <stdlib.h>

static void pieces_pump(struct feed *feed, struct peer *peer)
{
        struct pieces *pieces = (struct pieces *)feed;
        struct text *text = peer_reply_begin(peer);
        bool more = pieces->write(pieces, peer->server, text);

        if (!more)
                feed_end(peer);
        peer_reply_end(peer, more);
}

static void pieces_drop(struct feed *feed, struct peer *peer)
{
        struct pieces *pieces = (struct pieces *)feed;

        (void)peer;
        pieces->drop(pieces);
}

void pieces_begin(struct peer *peer, struct pieces *pieces, size_t bytes)
{
        if (pieces)
                pieces->feed = (struct feed){.pump = pieces_pump, .drop = pieces_drop, .bytes = bytes};
        feed_begin(peer, pieces ? &pieces->feed : NULL);
}

static void service_pieces_drop(struct pieces *pieces)
{
        free(pieces);
}

void service_pieces_begin(struct peer *peer,
                          bool (*write)(struct pieces *pieces, struct server *server, struct text *text))
{
        struct service_pieces *made = calloc(1, sizeof(*made));

        if (made)
                made->pieces = (struct pieces){.write = write, .drop = service_pieces_drop};
        pieces_begin(peer, made ? &made->pieces : NULL, sizeof(*made));
}
