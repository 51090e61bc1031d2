/* SPDX-License-Identifier: ISC */
#ifndef METHODS_PLACES_H
#define METHODS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/bounds.h"

struct server;

/*
 * The directories that the broker works in, which it has opened once and keeps: an operator may move them, or
 * put others in their place, and then s6-svscan, clients and the broker do not mean the same any more.
 */
/* Tells of each place that is not where it was, of the sockets too, and returns how many there are. line:
 * what is away, and what to do; valid during the call only. */
unsigned places_check(struct server *server, void (*tell)(void *owner, const char *line), void *owner);

#endif
