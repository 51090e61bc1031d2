/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_SELECT_H
#define CLIENT_TALK_SELECT_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct json_object;
struct options;
struct session;

/*
 * The services that patterns and filters mean: the words may have *, ? and [, and --state and --wanted leave
 * services out. The protocol has names only, so patterns are matched against the list, in whose order
 * services are found.
 */

/* Whether the options have patterns or filters. Else words are names, and names.h knows what they mean. */
bool select_is_asked(const struct options *options);

/* Whether a word is a pattern, not a name. */
bool select_is_pattern(const char *word);

/*
 * Finds the services themselves, as a new JSON array. A word without a match is told, and makes the outcome
 * OUTCOME_NOT_REGISTERED, even if other words have services. If nothing at all is found, this is told as
 * well, with the same outcome, and *services is NULL. So it is with any other failure.
 */
enum outcome select_services(struct session *session, struct json_object **services);

/* Whether the options mean a service, which is one of `all`. Words that mean nothing are not told. */
bool select_takes(const struct options *options, struct json_object *all, struct json_object *service);

/* Finds the services as select_services() does, and gives their names. Where the verb gives orders, anything
 * but a full name means gateways only. */
enum outcome select_names(struct session *session, struct json_object **names);

#endif
