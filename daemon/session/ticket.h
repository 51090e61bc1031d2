/* SPDX-License-Identifier: ISC */
#ifndef SESSION_TICKET_H
#define SESSION_TICKET_H

#include "daemon/judge/fault.h"
#include "daemon/session/peer.h"

/*
 * How an answer that comes later finds its call. Whatever is at work for a call keeps the call's ticket
 * (peer_ticket()), and never the peer: the peer may be gone by then, or the call over, and then nothing is
 * told and nothing is lost.
 */

/* The peer that waits for the answer. NULL: nobody waits for it any longer. */
struct peer *ticket_peer(const struct server *server, struct ticket ticket);

/* Answers the call with its last reply, and frees the text. */
void ticket_reply(const struct server *server, struct ticket ticket, struct text *parameters);

/* Answers the call with an error. name, service: as for errors_of_fault(). */
void ticket_fail(const struct server *server, struct ticket ticket, const struct fault *fault,
                 const char *name, struct service *service);

/* Several calls that get the same answer: at most one of each connection. All zeros is an empty set. */
struct ticket_set {
        struct ticket at[PEERS_MOST]; /* by seat; peer 0: none */
};

/* Adds the ticket, in the place of one that a former peer of the same seat had: nobody waits for that
 * answer. */
void ticket_set_add(struct ticket_set *set, struct ticket ticket);

bool ticket_set_is_empty(const struct ticket_set *set);

/* Takes a ticket out. False: there are no more. *from: the seat to look from, 0 at first; it is moved on. */
bool ticket_set_take(struct ticket_set *set, size_t *from, struct ticket *ticket);

#endif
