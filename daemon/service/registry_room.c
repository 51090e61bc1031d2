#include "daemon/bounds.h"
#include "daemon/service/registry.h"

void registry_read_room(struct registry *registry, struct room *room)
{
        if (room_read(registry->slots.fd, room) < 0)
                *room = (struct room){.bytes = UINT64_MAX};
        if (room_is_short(room, BALLAST_ROOM_BYTES, BALLAST_ROOM_INODES, 0))
                ballast_drop(&registry->ballast);
        else if (!room_is_short(room, ROOM_LOW_BYTES, ROOM_LOW_INODES, ROOM_LOW_SHARE))
                ballast_take(&registry->ballast, registry->slots.fd);
}
