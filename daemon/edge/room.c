/* SPDX-License-Identifier: ISC */
#include "daemon/edge/room.h"

#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>

int room_read(int fd, struct room *room)
{
        struct statvfs found;
        int result;

        do
                result = fstatvfs(fd, &found);
        while (result < 0 && errno == EINTR);
        if (result < 0)
                return -errno;
        *room = (struct room){
                .bytes = (uint64_t)found.f_bavail * found.f_frsize,
                .bytes_all = (uint64_t)found.f_blocks * found.f_frsize,
                .inodes = found.f_favail,
                .inodes_all = found.f_files,
        };
        return 0;
}

static bool is_short(uint64_t left, uint64_t all, uint64_t most, unsigned divisor)
{
        uint64_t share = divisor ? all / divisor : most;

        /* A file system without a bound says that it has nothing at all. */
        return all > 0 && left < (share < most ? share : most);
}

void room_describe(const struct room *room, uint64_t bytes, uint64_t inodes, unsigned divisor,
                   char text[ROOM_TEXT_BYTES])
{
        bool few_bytes = is_short(room->bytes, room->bytes_all, bytes, divisor);
        bool few_inodes = is_short(room->inodes, room->inodes_all, inodes, divisor);

        if (few_bytes == few_inodes)
                snprintf(text, ROOM_TEXT_BYTES, "%llu KiB and %llu inodes",
                         (unsigned long long)room->bytes / 1024, (unsigned long long)room->inodes);
        else if (few_bytes)
                snprintf(text, ROOM_TEXT_BYTES, "%llu KiB", (unsigned long long)room->bytes / 1024);
        else
                snprintf(text, ROOM_TEXT_BYTES, "%llu inodes", (unsigned long long)room->inodes);
}

bool room_is_short(const struct room *room, uint64_t bytes, uint64_t inodes, unsigned divisor)
{
        return is_short(room->bytes, room->bytes_all, bytes, divisor) ||
               is_short(room->inodes, room->inodes_all, inodes, divisor);
}
