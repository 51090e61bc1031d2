/* SPDX-License-Identifier: ISC */
#ifndef METHODS_HEALTH_H
#define METHODS_HEALTH_H

#include "daemon/session/server.h"
#include "proto/text.h"

/*
 * Appends the reply of Health, from memory. after NULL: all that one reply may hold, and how many problems
 * more there are. Else a piece of it: the service of which was told last ("": none), and then the one that
 * was told last in this piece. True: there are more.
 */
bool health_write(struct server *server, char *after, struct text *text);

#endif
