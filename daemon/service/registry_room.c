/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/svscan.h"
#include "daemon/judge/shortage.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "proto/sysname.h"

int registry_read_limits(struct registry *registry, unsigned services_max)
{
        struct svscan_room room;
        int result = svscan_look(registry->scandir.fd, &room);

        registry->services_max = services_max;
        if (result) {
                log_line("main: what s6-svscan takes cannot be looked at: why=%s", sysname_error(-result));
                return shortage_is_why(result) ? result : 0;
        }
        registry->names_max = room.services;
        registry->loggers_max = room.loggers;
        if (room.supervisors >= services_max)
                return 0;
        registry->services_max = room.supervisors;
        log_line("main: --services-max is more than s6-svscan takes: limit=%u option=%u", room.supervisors,
                 services_max);
        return 0;
}

void registry_read_room(struct registry *registry, struct room *room)
{
        if (room_read(registry->slots.fd, room) < 0)
                *room = (struct room){.bytes = UINT64_MAX};
        if (room_is_short(room, BALLAST_ROOM_BYTES, BALLAST_ROOM_INODES, 0))
                ballast_drop(&registry->ballast);
        else if (!room_is_short(room, ROOM_LOW_BYTES, ROOM_LOW_INODES, ROOM_LOW_SHARE))
                ballast_take(&registry->ballast, registry->slots.fd);
}
