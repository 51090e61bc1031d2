/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_INTENTS_H
#define CLIENT_VERBS_INTENTS_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct json_object;

/*
 * What is wanted of gateways, as export prints it and import reads it:
 * {"version":1,"gateways":[{"profile":"coder","want":"up","environment":{"A":"b"}}]}, environment only where it was asked for.
 */
#define INTENTS_VERSION 1
#define INTENTS_BYTES_MAX (8 * 1024 * 1024) /* of a file: more than all variables that a broker takes */

/*
 * The variables of a gateway. The broker tells nobody their values. They are read from the volume, with the caller's own
 * rights, where what is wanted is kept: so who reads them could anyway. What cannot be read is told. *environment: NULL where
 * there are none.
 */
enum outcome intents_environment(struct json_object *service, struct json_object **environment);

/* All of a file, "-" being standard input, as JSON; what is no such document is told. */
enum outcome intents_read(const char *path, struct json_object **document);

#endif
