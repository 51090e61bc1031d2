/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_FEED_H
#define CLIENT_TALK_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk/roster.h"
#include "client/talk/session.h"

struct json_object;

/* All services as Watch tells of them, for as long as one likes: over brokers that end and are started
 * again. Never waits for long. */

#define FEED_NEVER_MSEC INT64_MAX

struct feed {
        struct session *session;
        struct json_object *parameters; /* of Watch; NULL: everything */
        struct roster roster;
        bool settled;          /* all that there is has been told of */
        bool changed;          /* since the caller set it to false */
        int64_t answer_msec;   /* until when the broker is to answer at all; FEED_NEVER_MSEC: it has */
        int64_t settle_msec;   /* when it will be settled; FEED_NEVER_MSEC: it is, or nothing was told yet */
        int64_t connect_msec;  /* when to try again; FEED_NEVER_MSEC: connected */
        int64_t away_msec;     /* since when the broker is away; FEED_NEVER_MSEC: it is not */
        int64_t back_msec;     /* when it came back; FEED_NEVER_MSEC: it was never away */
        int64_t absence_msec;  /* how long it was away then */
        struct answer refusal; /* why it is over, if the broker said so */
        int result;            /* why, if it is the connection or memory; else 0 */
};

/* The session is connected. parameters: taken over. */
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
