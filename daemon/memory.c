/* SPDX-License-Identifier: ISC */
#include "daemon/memory.h"

#include <malloc.h>

#include "daemon/bounds.h"
#include "daemon/order/order_parts.h"
#include "daemon/order/plan.h"
#include "daemon/keep/survey.h"
#include "daemon/session/peer.h"
#include "daemon/session/server.h"

/* bounds.h counts enough for each of these, with malloc's share and what each always has with it. */
_Static_assert(sizeof(struct peer) + 256 <= MEMORY_PEER_BYTES, "a connection, and its watcher");
_Static_assert(PEERS_MOST == MEMORY_PEERS, "all of them");
_Static_assert(sizeof(struct service) + LIMIT_SERVICE_NAME_BYTES + 1 + 2 * 1024 + STATE_UNKNOWN_BYTES +
                               sizeof(struct members) <=
                       MEMORY_SERVICE_BYTES,
               "a service, its description and its watches, and what a newer broker recorded of it");
_Static_assert(sizeof(struct profile_facts) + sizeof(struct reconcile_action) + sizeof(struct planned) +
                               2 * LIMIT_PROFILE_NAME_BYTES <=
                       MEMORY_PROFILE_BYTES,
               "a profile, what is answered of it, and its name in the lists that are made of them");

_Static_assert(sizeof(struct order_entry) + LIMIT_SERVICE_NAME_BYTES + sizeof(struct profile_facts) +
                               LIMIT_PROFILE_NAME_BYTES + 32 <=
                       MEMORY_ORDER_NAME_BYTES,
               "an entry with its name, what the volume says of it, and its registration");

void memory_begin(void)
{
#ifdef M_MMAP_THRESHOLD
        /* Once either threshold is set, glibc no longer raises them by itself. */
        mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT_BYTES);
        mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT_BYTES);
#endif
}

void memory_settle(void)
{
#ifdef M_TRIM_THRESHOLD
        malloc_trim(0);
#endif
}
