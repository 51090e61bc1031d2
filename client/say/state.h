/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_STATE_H
#define CLIENT_SAY_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "client/text/tint.h"

struct json_object;

/* How each state of io.svcbroker is shown to a person. */

enum state_kind {
        STATE_UNKNOWN = 0,
        STATE_DOWN,
        STATE_STARTING,
        STATE_UP,
        STATE_STOPPING,
        STATE_FINISHING,
        STATE_BACKOFF,
        STATE_FAILED,
        STATE_HELD,
        STATE_SERVED, /* held, since another gateway serves its profile */
        STATE_UNSUPERVISED,
};

struct state {
        enum state_kind kind;
        const char *name;
        enum tint tint;
        bool running;       /* the service has a process, as far as the broker knows, or needs none */
        bool wrong;         /* somebody may have to do something */
        unsigned rank;      /* services of the lowest rank are shown first */
        const char *symbol; /* one column wide, in UTF-8 */
        const char *ascii;
};

/* Returns the state at that place in the order in which a person is told of states; NULL after the last. */
const struct state *state_at(size_t place);

/* Returns the state of a Service, which also depends on the cause that it gives. A state that a later broker
 * invented, or none, is the state called unknown. */
const struct state *state_of(struct json_object *service);

#endif
