/* SPDX-License-Identifier: ISC */
#ifndef SESSION_TICKET_H
#define SESSION_TICKET_H

#include "daemon/judge/fault.h"
#include "daemon/session/peer.h"

/*
 * The way of an answer that comes later. Whatever is at work for a call keeps its ticket (peer_ticket()) and
 * never the peer: who asked may be gone by then, or its call over, and then nothing is told and nothing is
 * lost.
 */

/* The peer that waits for the answer. NULL: nobody does any more. */
struct peer *ticket_peer(const struct server *server, struct ticket ticket);

/* Answers the call with its last reply, and frees the text. */
void ticket_reply(const struct server *server, struct ticket ticket, struct text *parameters);

/* Answers the call with an error. name, service: as errors_of_fault() wants them. */
void ticket_fail(const struct server *server, struct ticket ticket, const struct fault *fault,
                 const char *name, struct service *service);

/* Several calls that get the same answer: at most one of each connection. All zeros: none. */
struct ticket_set {
        struct ticket at[PEERS_MOST]; /* by seat; peer 0: none */
};

/* Of a peer that had the same seat before, nobody waits any more. */
void ticket_set_add(struct ticket_set *set, struct ticket ticket);

bool ticket_set_is_empty(const struct ticket_set *set);

/* Takes one out. False: there are no more. from: where to look, 0 at first. */
bool ticket_set_take(struct ticket_set *set, size_t *from, struct ticket *ticket);

#endif
