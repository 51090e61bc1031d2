/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_HISTORY_VOLUME_H
#define SERVICE_HISTORY_VOLUME_H

struct registry;

/*
 * Writes the history of gateways to the volume, some time after it happened, and reads it from there when a
 * gateway comes to be known: so it outlives the container. There is one job at a time; what could not be
 * written is dropped, and logged once.
 */
void history_volume_init(struct registry *registry);

/* Another gateway is known: the volume is asked for its history a little later, together with others'. */
void history_volume_look(struct registry *registry);

#endif
