/* SPDX-License-Identifier: ISC */
#include "daemon/session/caller.h"

#include "daemon/edge/process.h"
#include "daemon/session/ticket.h"

/* A pid of 0 is that of a process in another pid namespace. */
void caller_see(void *owner, struct ticket ticket, struct event_by *by)
{
        const struct peer *peer = ticket_peer(owner, ticket);
        char name[PROC_COMM_BYTES];

        if (!peer)
                return;
        by->known = true;
        by->uid = peer->identity.uid;
        by->pid = peer->identity.pid;
        if (by->pid > 0 && process_name(by->pid, name) == 0)
                event_set_process(by, name);
}
