/* SPDX-License-Identifier: ISC */
#include "daemon/session/ticket.h"

#include "daemon/session/errors.h"

struct peer *ticket_peer(const struct server *server, struct ticket ticket)
{
        return peers_of_ticket(&server->peers, ticket);
}

void ticket_reply(const struct server *server, struct ticket ticket, struct text *parameters)
{
        struct peer *peer = ticket_peer(server, ticket);

        if (!peer) {
                text_deinit(parameters);
                return;
        }
        peer_reply_text(peer, parameters, false);
        peer_answered(peer);
}

void ticket_fail(const struct server *server, struct ticket ticket, const struct fault *fault,
                 const char *name, struct service *service)
{
        struct peer *peer = ticket_peer(server, ticket);

        if (!peer)
                return;
        errors_fault(peer, fault, name, service);
        peer_answered(peer);
}

void ticket_set_add(struct ticket_set *set, struct ticket ticket)
{
        set->at[peers_seat(ticket)] = ticket;
}

bool ticket_set_is_empty(const struct ticket_set *set)
{
        for (size_t i = 0; i < PEERS_MOST; i++)
                if (set->at[i].peer)
                        return false;
        return true;
}

bool ticket_set_take(struct ticket_set *set, size_t *from, struct ticket *ticket)
{
        for (; *from < PEERS_MOST; ++*from) {
                if (!set->at[*from].peer)
                        continue;
                *ticket = set->at[*from];
                set->at[*from] = (struct ticket){0};
                return true;
        }
        return false;
}
