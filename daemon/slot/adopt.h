/* SPDX-License-Identifier: ISC */
#ifndef SLOT_ADOPT_H
#define SLOT_ADOPT_H

#include <stdbool.h>

#include "daemon/slot/noted.h"

/*
 * What a broker finds when it starts: slots of the one before it, live or half done, and the static services.
 * A live slot is looked at, never touched. What is half there is finished or removed. 0 or a negative errno.
 */
int adopt(struct registry *registry);

/* Slots that come later: somebody had moved one away when the broker started, and has put it back. Each is looked at
 * on a turn of the loop of its own. */
void adopt_init(struct noted *late, struct registry *registry);

/* Slots of the last container, which nobody has adopted, on a /run that outlived it: one of them. False: there are no
 * more, or they cannot be read. */
bool adopt_remove_dead(struct registry *registry);

/* This life of the container has been reconciled: the next broker finds fresh_boot false. */
void adopt_note_boot(struct registry *registry);

#endif
