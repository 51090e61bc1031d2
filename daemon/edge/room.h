/* SPDX-License-Identifier: ISC */
#ifndef EDGE_ROOM_H
#define EDGE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* How much is left on a file system, for users without privileges there. */
struct room {
        uint64_t bytes;
        uint64_t bytes_all;
        uint64_t inodes;
        uint64_t inodes_all; /* 0: the file system does not count them */
};

/* fd: of anything on the file system. Waits as long as that does. 0 or a negative errno. */
int room_read(int fd, struct room *room);

/* Is less left than so many bytes, or so many inodes? With a divisor, which is for small file systems: less
 * than that part of the whole, if that is less still. divisor 0: none. */
bool room_is_short(const struct room *room, uint64_t bytes, uint64_t inodes, unsigned divisor);

/* Says for people how much is left of what is short, or of both: a few words, as "12 KiB and 3 inodes". */
#define ROOM_TEXT_BYTES 64
void room_describe(const struct room *room, uint64_t bytes, uint64_t inodes, unsigned divisor,
                   char text[ROOM_TEXT_BYTES]);

#endif
