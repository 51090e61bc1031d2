/* SPDX-License-Identifier: ISC */
#include "daemon/session/caller.h"

#include "daemon/edge/process.h"
#include "daemon/session/ticket.h"

/*
 * A pid of 0 is that of a process in another pid namespace. What it calls itself is asked once for a
 * connection: the number is of who connected, and may be another process's later.
 */
void caller_see(void *owner, struct ticket ticket, struct event_by *by)
{
        struct peer *peer = ticket_peer(owner, ticket);

        if (!peer)
                return;
        by->known = true;
        by->uid = peer->identity.uid;
        by->pid = peer->identity.pid;
        if (by->pid > 0 && !peer->process[0])
                process_name(by->pid, peer->process);
        if (peer->process[0])
                event_set_process(by, peer->process);
}
