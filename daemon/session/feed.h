/* SPDX-License-Identifier: ISC */
#ifndef SESSION_FEED_H
#define SESSION_FEED_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

/*
 * What answers a running call with more than one reply: it is asked for more when the reader has taken what
 * came before, so that nothing of it waits in memory, and everybody else has a turn in between. Its owner
 * puts it at the beginning of a struct of its own.
 */
struct feed {
        /* Replies to the running call; the last reply comes after feed_end(). */
        void (*pump)(struct feed *feed, struct peer *peer);
        /* There is more to be pumped now. NULL: there is, as long as the feed lives. */
        bool (*is_due)(const struct feed *feed, const struct peer *peer);
        /* Frees the feed: nobody wants the rest, or there is none. */
        void (*drop)(struct feed *feed, struct peer *peer);
        size_t bytes; /* what it keeps in memory */
        bool endless; /* a broker that is to end does not wait for it */
};

/* Further replies to the running call come of it, which is the peer's from now on. NULL: there is no memory
 * for it, and the connection ends. */
void feed_begin(struct peer *peer, struct feed *feed);

/* Asks the peer's feed for more, if the reader took what came before. */
void feed_pump(struct peer *peer);
void feed_end(struct peer *peer);

#endif
