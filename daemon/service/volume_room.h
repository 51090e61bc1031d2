/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_VOLUME_ROOM_H
#define SERVICE_VOLUME_ROOM_H

#include <stdbool.h>

struct registry;
struct room;

/*
 * How much the volume has left, as a thread of the store's found out last; asked again when that is older
 * than VOLUME_ROOM_MSEC, for who asks next. False: nothing is known.
 */
bool volume_room(struct registry *registry, struct room *room);

/* May the client user make files on it? 0, or why not: an errno, as it was found out last. */
int volume_refused(struct registry *registry);

/* Asks, if it is time. */
void volume_room_look(struct registry *registry);

#endif
