/* SPDX-License-Identifier: ISC */
#ifndef EDGE_ROOM_H
#define EDGE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* How much is left on a file system, for who has no privilege there. */
struct room {
        uint64_t bytes;
        uint64_t bytes_all;
        uint64_t inodes;
        uint64_t inodes_all; /* 0: it does not count them */
};

/* fd: of anything on it. Waits as long as that file system does. 0 or a negative errno. */
int room_read(int fd, struct room *room);

/* Is there less than that left? Of what has a divisor of its own for small ones: less than its share of the
 * whole, if that is less still. divisor 0: none. */
bool room_is_short(const struct room *room, uint64_t bytes, uint64_t inodes, unsigned divisor);

/* For people, a few words: what there is less of than that, or both; as "12 KiB and 3 inodes". */
#define ROOM_TEXT_BYTES 64
void room_describe(const struct room *room, uint64_t bytes, uint64_t inodes, unsigned divisor,
                   char text[ROOM_TEXT_BYTES]);

#endif
