/* SPDX-License-Identifier: ISC */
#ifndef SESSION_CALLER_H
#define SESSION_CALLER_H

#include "daemon/judge/event.h"
#include "daemon/service/registry.h"

/*
 * Who makes a call, for the history: registry_events.caller. The uid is the kernel's word at accept. The process is who
 * connected, by its number, which may be another's by now, and by what it calls itself now, which may be anything.
 */
void caller_see(void *owner, struct ticket ticket, struct event_by *by);

#endif
