/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_DRY_RUN_H
#define CLIENT_TALK_DRY_RUN_H

#include "client/talk/failure.h"

struct json_object;
struct order;
struct session;

/*
 * What an order would do, as far as that is known before it is given: by the list alone. Nothing is ordered. names NULL:
 * of all gateways. The outcome is that of the order, but for what only shows when it is given.
 */
enum outcome dry_run(struct session *session, const struct order *order, struct json_object *names);

#endif
