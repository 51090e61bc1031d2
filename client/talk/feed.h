/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_FEED_H
#define CLIENT_TALK_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk/roster.h"
#include "client/talk/session.h"

struct json_object;

/* A feed is all services as Watch tells of them, for as long as the caller likes: it outlasts brokers that
 * end and are started again. It never waits for long. */

#define FEED_NEVER_MSEC INT64_MAX

struct feed {
        struct session *session;
        struct json_object *parameters; /* of Watch; NULL: everything */
        struct roster roster;
        bool settled;          /* Watch has told of all services that there are */
        bool changed;          /* something did since the caller set this to false */
        int64_t answer_msec;   /* until when the broker must answer at all; FEED_NEVER_MSEC: it has */
        int64_t settle_msec;   /* when the feed settles; FEED_NEVER_MSEC: it has, or nothing was told yet */
        int64_t connect_msec;  /* when to connect again; FEED_NEVER_MSEC: connected */
        int64_t away_msec;     /* since when the broker is away; FEED_NEVER_MSEC: it is not */
        int64_t back_msec;     /* when the broker came back; FEED_NEVER_MSEC: it was never away */
        int64_t absence_msec;  /* how long the broker was away before back_msec */
        struct answer refusal; /* why the feed is over, if the broker said so */
        int result;            /* why it is over, if the connection or memory failed; else 0 */
};

/* Begins a feed over a session, which must be connected. parameters: taken over. */
void feed_init(struct feed *feed, struct session *session, struct json_object *parameters);
void feed_deinit(struct feed *feed);

/* Takes everything that came, and does everything that is due. */
void feed_turn(struct feed *feed);

bool feed_is_over(const struct feed *feed);

/* Returns the descriptor to wait for, with POLLIN, at most until feed_next_msec() on the clock of
 * clock_now_msec(). -1: none. */
int feed_fd(const struct feed *feed);
int64_t feed_next_msec(const struct feed *feed);

#endif
