/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_ERRAND_H
#define CLIENT_TALK_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk/session.h"

struct json_object;
struct options;

/* An errand is one call on a connection of its own, for a caller that has other things to do meanwhile:
 * nothing here ever waits, not even for the broker to have room for a connection. */

#define ERRAND_NEVER_MSEC INT64_MAX

struct errand {
        struct session session; /* its connection is NULL while there is none */
        const char *method;     /* not owned; NULL: there is no errand */
        struct json_object *parameters;
        unsigned flags;        /* of svcbroker_queue() */
        bool repeated;         /* if the broker is started again, it is asked again */
        bool asked;            /* the call was sent at least once */
        int64_t connect_msec;  /* when to try to connect; ERRAND_NEVER_MSEC: connected */
        int64_t deadline_msec; /* of the first answer; ERRAND_NEVER_MSEC: it came, or may take any time */
};

enum errand_event {
        ERRAND_NOTHING = 0,
        ERRAND_ANSWER, /* answer_deinit() is due; after an answer that does not continue errand_end(), too */
        ERRAND_BROKEN, /* *result says why, and the errand is at its end */
};

/* Begins an errand; nothing is sent before errand_turn(). parameters: taken over. Times are on the clock of
 * clock_now_msec(). */
void errand_begin(struct errand *errand, const struct options *options, const char *method,
                  struct json_object *parameters, unsigned flags, int64_t deadline_msec);

/* Ends the waiting for answers, never an order that was given. */
void errand_end(struct errand *errand);

bool errand_is_under_way(const struct errand *errand);

/* Does what is due, and takes one answer. To be called again until it returns ERRAND_NOTHING. */
enum errand_event errand_turn(struct errand *errand, struct answer *answer, int *result);

/* Return the descriptor and the events to wait for (-1: no descriptor), and until when at most. */
int errand_fd(const struct errand *errand, short *events);
int64_t errand_next_msec(const struct errand *errand);

#endif
