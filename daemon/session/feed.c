#include "daemon/session/feed.h"

#include "daemon/session/peer.h"

void feed_pump(struct peer *peer)
{
        struct feed *feed = peer->request.feed;

        if (feed && peer_state_takes_calls(peer->state) && peer_is_drained(peer))
                feed->pump(feed, peer);
}

void feed_begin(struct peer *peer, struct feed *feed)
{
        peer->request.feed = feed;
        if (!feed)
                peer_finish(peer);
        feed_pump(peer);
}

void feed_end(struct peer *peer)
{
        struct feed *feed = peer->request.feed;

        peer->request.feed = NULL;
        if (feed)
                feed->drop(feed, peer);
}
