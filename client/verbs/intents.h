/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_INTENTS_H
#define CLIENT_VERBS_INTENTS_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct json_object;

/*
 * Intents, what is wanted of gateways, as export prints them and import reads them:
 * {"version":1,"gateways":[{"profile":"coder","want":"up","environment":{"A":"b"}}]}, environment only if
 * asked for.
 */
#define INTENTS_VERSION 1
#define INTENTS_BYTES_MAX (8 * 1024 * 1024) /* of a file: more than all variables that a broker takes */

/*
 * Reads the variables of a gateway. The broker tells nobody their values. They are read from the volume,
 * where intents are kept, with the caller's own rights: so a caller gets nothing that it could not read
 * anyway. A record that cannot be read is told, and is OUTCOME_FAILED. *environment: NULL if there are none.
 */
enum outcome intents_environment(struct json_object *service, struct json_object **environment);

/* Reads all of a file, or of standard input for "-", as JSON; anything but such a document is told.
 * *document: valid only after OUTCOME_DONE. */
enum outcome intents_read(const char *path, struct json_object **document);

#endif
