#include "daemon/methods/pieces.h"

#include <stdlib.h>

void pieces_begin(struct peer *peer, struct pieces *pieces)
{
        peer->pieces = pieces;
        if (!pieces)
                peer->closing = true;
        else
                pieces_pump(peer);
}

void pieces_pump(struct peer *peer)
{
        struct pieces *pieces = peer->pieces;
        struct text text;
        bool more;

        if (!pieces || peer->closing || !peer_is_drained(peer))
                return;
        text_init(&text);
        more = pieces->write(pieces, peer, &text);
        if (!more)
                pieces_end(peer);
        peer_reply_text(peer, &text, more);
}

bool pieces_are_due(const struct peer *peer)
{
        return peer->pieces != NULL;
}

void pieces_end(struct peer *peer)
{
        struct pieces *pieces = peer->pieces;

        peer->pieces = NULL;
        if (pieces)
                pieces->drop(pieces);
}

static void service_pieces_drop(struct pieces *pieces)
{
        free(pieces);
}

struct pieces *service_pieces_new(bool (*write)(struct pieces *pieces, struct peer *peer, struct text *text))
{
        struct service_pieces *made = calloc(1, sizeof(*made));

        if (!made)
                return NULL;
        made->pieces = (struct pieces){.write = write, .drop = service_pieces_drop, .bytes = sizeof(*made)};
        return &made->pieces;
}
