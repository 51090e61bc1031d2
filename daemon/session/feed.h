/* SPDX-License-Identifier: ISC */
#ifndef SESSION_FEED_H
#define SESSION_FEED_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

/*
 * Answers a running call with more than one reply. A feed is asked for more when the reader has taken what
 * came before, so that no reply waits in memory and everybody else has a turn in between. Its owner puts it
 * at the beginning of a struct of its own.
 */
struct feed {
        /* Replies to the running call; feed_end() comes before the last reply. */
        void (*pump)(struct feed *feed, struct peer *peer);
        /* Whether there is more to be pumped now. NULL: there is, as long as the feed lives. */
        bool (*is_due)(const struct feed *feed, const struct peer *peer);
        /* Frees the feed: nobody wants the rest, or there is none. */
        void (*drop)(struct feed *feed, struct peer *peer);
        size_t bytes; /* memory that the feed keeps */
        bool endless; /* a broker that ends does not wait for this feed */
};

/* Gives the feed to the peer, whose running call it answers, and pumps it. NULL: there was no memory for a
 * feed, and the connection ends. */
void feed_begin(struct peer *peer, struct feed *feed);

/* Asks the peer's feed for more, if the reader took what came before. The peer must have a feed. */
void feed_pump(struct peer *peer);
/* Drops the peer's feed, if there is one. */
void feed_end(struct peer *peer);

#endif
