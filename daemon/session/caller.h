/* SPDX-License-Identifier: ISC */
#ifndef SESSION_CALLER_H
#define SESSION_CALLER_H

#include "daemon/judge/event.h"
#include "daemon/service/registry.h"

/*
 * Sets *by to who makes the ticket's call, for the history (registry_events.caller); leaves it as it is if
 * that call has ended. owner: the server. The uid is the kernel's word at accept. The process is the one that
 * connected: its number, which may be another process's by now, and the name that it has given itself, which
 * may be anything.
 */
void caller_see(void *owner, struct ticket ticket, struct event_by *by);

#endif
