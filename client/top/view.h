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
 * Which services `top` shows, in which order, and which of them is chosen. The choice is a name: it stays where
 * the order changes, and is none when that service is not shown any more, so that no order means another one
 * than the person saw. Pure.
 */

#define VIEW_NAME_BYTES (LIMIT_SERVICE_NAME_BYTES + 1)

struct view {
        struct json_object *services; /* an array, as shown last; NULL: nothing yet */
        const char *sort;             /* a word of sort.h */
        enum state_kind only;         /* in that state; STATE_UNKNOWN: in all */
        char chosen[VIEW_NAME_BYTES]; /* "" before there was anything to be chosen */
        size_t place;                 /* of what is chosen, or of where it was last */
        bool settled;                 /* the choice is a person's, or was to be seen for a while */
};

void view_init(struct view *view);
void view_deinit(struct view *view);

/* Takes services as they are now. settled: no more are to come at once. 0 or -ENOMEM. */
int view_take(struct view *view, struct json_object *services, bool settled);

size_t view_count(const struct view *view);

/* The service that is chosen; NULL: none is. */
struct json_object *view_chosen(const struct view *view);

/* Chooses another as a key says; rows: of a page. */
void view_move(struct view *view, enum key key, size_t rows);

/* Chooses the next one that has the text in its name, from the chosen one on, or behind it; backwards if step
 * is -1. false: none has. */
bool view_find(struct view *view, const char *text, int step, bool behind);

/* Chooses the service of that name, whether it is shown or not. */
void view_choose(struct view *view, const char *name);

/* Shows the services in the next of the states that some are in, and behind the last of these all of them. */
void view_filter_next(struct view *view, struct json_object *services);

/* The state's name; NULL: services in all states are shown. */
const char *view_filter(const struct view *view);

#endif
