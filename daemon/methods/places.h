/* SPDX-License-Identifier: ISC */
#ifndef METHODS_PLACES_H
#define METHODS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/bounds.h"

struct server;

/*
 * Tells of each place that is not where it was, and returns how many there are. The places are the
 * directories that the broker has opened once and keeps, and the sockets: an operator may move them, or put
 * others in their place, and then s6-svscan, clients and the broker no longer mean the same ones. line: what
 * is away, and what to do; valid during the call only.
 */
unsigned places_check(struct server *server, void (*tell)(void *owner, const char *line), void *owner);

#endif
