/* SPDX-License-Identifier: ISC */
#include "daemon/service/poll.h"

#include "daemon/bounds.h"
#include "daemon/service/registry.h"

void poll_init(struct registry *registry, void (*turn)(void *registry))
{
        timer_init(&registry->poll.turn, registry->loop, turn, registry);
}

void poll_wake(struct registry *registry)
{
        if (!timer_is_running(&registry->poll.turn) && registry->poll.turn.open)
                timer_start(&registry->poll.turn, POLL_MSEC);
}
