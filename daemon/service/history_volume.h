/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_HISTORY_VOLUME_H
#define SERVICE_HISTORY_VOLUME_H

struct registry;

/*
 * The history of gateways, to the volume, some time after it happened, and from there when a gateway comes to be known: so
 * that it outlives the container. One job at a time; what could not be written is dropped, and that is said once.
 */
void history_volume_init(struct registry *registry);

#endif
