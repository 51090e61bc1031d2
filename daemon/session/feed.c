/* SPDX-License-Identifier: ISC */
#include "daemon/session/feed.h"

#include "daemon/session/peer.h"

void feed_pump(struct peer *peer)
{
        struct feed *feed = peer->request.feed;

        if (peer_state_takes_calls(peer->state) && peer_is_drained(peer))
                feed->pump(feed, peer);
}

void feed_begin(struct peer *peer, struct feed *feed)
{
        peer->request.feed = feed;
        if (feed)
                feed_pump(peer);
        else
                peer_finish(peer);
}

void feed_end(struct peer *peer)
{
        struct feed *feed = peer->request.feed;

        peer->request.feed = NULL;
        if (feed)
                feed->drop(feed, peer);
}
