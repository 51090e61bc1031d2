/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_VOLUME_ROOM_H
#define SERVICE_VOLUME_ROOM_H

#include <stdbool.h>

struct registry;
struct room;

/*
 * Sets *room to what the volume had left when a thread of the store's last looked. If that is older than
 * VOLUME_ROOM_MSEC, another look is begun, for whoever asks next. False: nothing is known.
 */
bool volume_room(struct registry *registry, struct room *room);

/* May the client user make files on the volume? 0, also where nothing is known; or an errno, as the last look
 * found. */
int volume_refused(struct registry *registry);

/* Begins a look, if the last one is old enough. */
void volume_room_look(struct registry *registry);

#endif
