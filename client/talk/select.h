/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_SELECT_H
#define CLIENT_TALK_SELECT_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct json_object;
struct options;
struct session;

/*
 * The services that patterns and filters mean: the words may have *, ? and [, and --state and --wanted leave out others.
 * The protocol has names only, so they are held against the list, in whose order what is found is.
 */

/* Do the options have any of these? Else words are names, and names.h knows what they mean. */
bool select_is_asked(const struct options *options);

/* Is that a pattern, and no name? */
bool select_is_pattern(const char *word);

/*
 * The services themselves, as a new JSON array. A word without a match is told of; nothing at all is OUTCOME_NOT_REGISTERED,
 * told as well, and then *services is NULL. With OUTCOME_NOT_REGISTERED and services some words had none.
 */
enum outcome select_services(struct session *session, struct json_object **services);

/* Is that one of the services, one of `all`, meant? A word that means nothing is not told of. */
bool select_takes(const struct options *options, struct json_object *all, struct json_object *service);

/* Their names. Of orders only gateways are meant by what is no full name. */
enum outcome select_names(struct session *session, struct json_object **names);

#endif
