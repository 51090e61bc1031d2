/* SPDX-License-Identifier: ISC */
#ifndef METHODS_HEALTH_H
#define METHODS_HEALTH_H

#include "daemon/session/server.h"
#include "proto/text.h"

/*
 * Appends the reply of Health, or a piece of it. after NULL: all that one reply may hold, and how many
 * further problems there are. Returns false. Else: the piece that follows the service named in `after` ("":
 * the first piece), which has LIMIT_SERVICE_NAME_BYTES + 1 bytes. Returns true if more pieces follow; `after`
 * then names the last service of this one.
 */
bool health_write(struct server *server, char *after, struct text *text);

#endif
