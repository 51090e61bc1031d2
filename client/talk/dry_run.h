/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_DRY_RUN_H
#define CLIENT_TALK_DRY_RUN_H

#include "client/talk/failure.h"

struct json_object;
struct order;
struct session;

/*
 * Shows what an order would do, as far as the list alone tells that beforehand. Nothing is ordered. names
 * NULL: all gateways. The outcome is the one the order would have, but for what only shows when it is given.
 */
enum outcome dry_run(struct session *session, const struct order *order, struct json_object *names);

#endif
