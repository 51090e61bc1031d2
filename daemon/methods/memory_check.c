/* SPDX-License-Identifier: ISC */
#include "daemon/methods/memory_check.h"

#include <inttypes.h>
#include <stdio.h>

#define MIB (1024 * 1024)

static void look(struct server *server)
{
        int64_t now = clock_msec();

        if (server->memory.looked_msec && now - server->memory.looked_msec < MEMORY_CHECK_MSEC)
                return;
        server->memory.looked_msec = now;
        server->memory.known = cgroup_read("", CGROUP_MEMORY, &server->memory.limit) == 0;
}

bool memory_check(struct server *server, char *problem, size_t size)
{
        const struct cgroup_limit *limit = &server->memory.limit;

        if (!server->memory.percent)
                return false;
        look(server);
        if (!server->memory.known || limit->most == CGROUP_UNLIMITED ||
            (double)limit->used * 100 <= (double)limit->most * server->memory.percent)
                return false;
        snprintf(problem, size,
                 "the container uses %" PRIu64 " of %" PRIu64 " MiB of memory, more than %u %%: at the limit "
                 "the kernel kills processes; 'svcctl list --usage' says which gateways take it",
                 limit->used / MIB, limit->most / MIB, server->memory.percent);
        return true;
}
