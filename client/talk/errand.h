/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_ERRAND_H
#define CLIENT_TALK_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk/session.h"

struct json_object;
struct options;

/* One call on a connection of its own, for who has other things to do meanwhile: it never waits, for the
 * broker to have room for a connection neither. */

#define ERRAND_NEVER_MSEC INT64_MAX

struct errand {
        struct session session; /* without a connection, there is none at the moment */
        const char *method;     /* not owned; NULL: there is no errand */
        struct json_object *parameters;
        unsigned flags;        /* of svcbroker_queue() */
        bool repeated;         /* a broker that is started anew is to be asked again */
        bool asked;            /* once, at least */
        int64_t connect_msec;  /* when to try; ERRAND_NEVER_MSEC: connected */
        int64_t deadline_msec; /* of the first answer; ERRAND_NEVER_MSEC: it came, or has all the time */
};

enum errand_event {
        ERRAND_NOTHING = 0,
        ERRAND_ANSWER, /* answer_deinit() is due; if it does not continue, errand_end() behind that, too */
        ERRAND_BROKEN, /* *result says why, and the errand is at its end */
};

/* parameters: taken over. Times are on the clock of clock_now_msec(). */
void errand_begin(struct errand *errand, const struct options *options, const char *method,
                  struct json_object *parameters, unsigned flags, int64_t deadline_msec);

/* Ends the waiting, never an order. */
void errand_end(struct errand *errand);

bool errand_is_under_way(const struct errand *errand);

/* Does what is due, and takes one answer. To be called again until nothing comes. */
enum errand_event errand_turn(struct errand *errand, struct answer *answer, int *result);

/* What to wait for, and until when at most. -1: no descriptor. */
int errand_fd(const struct errand *errand, short *events);
int64_t errand_next_msec(const struct errand *errand);

#endif
