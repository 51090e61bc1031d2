/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_VIEW_H
#define CLIENT_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "client/say/state.h"
#include "client/terminal/keys.h"
#include "proto/limits.h"

struct json_object;

/*
 * Which services `top` shows, in which order, and which of them is chosen. The choice is a name: it stays
 * when the order changes, and when that service is no longer shown there is no choice, so that an order never
 * means another service than the person saw. Pure.
 */

#define VIEW_NAME_BYTES (LIMIT_SERVICE_NAME_BYTES + 1)

struct view {
        struct json_object *services; /* an array, as shown last; NULL: nothing yet */
        const char *sort;             /* a word of sort.h */
        enum state_kind only;         /* show services in that state only; STATE_UNKNOWN: all */
        char chosen[VIEW_NAME_BYTES]; /* "" before there was anything to choose */
        size_t place;                 /* where the chosen service is, or was last */
        bool settled;                 /* the choice is a person's, or was seen for a while */
};

void view_init(struct view *view);
void view_deinit(struct view *view);

/* Takes services as they are now. settled: no more services will come at once. Returns 0 or -ENOMEM. */
int view_take(struct view *view, struct json_object *services, bool settled);

size_t view_count(const struct view *view);

/* Returns the service that is chosen; NULL: none is. */
struct json_object *view_chosen(const struct view *view);

/* Chooses another service as a key says. rows: how many Page Up and Page Down move by. */
void view_move(struct view *view, enum key key, size_t rows);

/* Chooses the next service that has the text in its name, beginning with the chosen one, or behind it;
 * backwards if step is -1. Returns false if no name has the text. */
bool view_find(struct view *view, const char *text, int step, bool behind);

/* Chooses the service of that name, whether it is shown or not. */
void view_choose(struct view *view, const char *name);

/* Shows only services in the next of the states that some are in; after the last of these states, all
 * services. */
void view_filter_next(struct view *view, struct json_object *services);

/* Returns the name of the only state that is shown; NULL: services in all states are. */
const char *view_filter(const struct view *view);

#endif
