/* SPDX-License-Identifier: ISC */
#ifndef SLOT_ADOPT_H
#define SLOT_ADOPT_H

#include <stdbool.h>

#include "daemon/slot/noted.h"

/*
 * Takes over what a broker finds when it starts: slots of the broker before it, live or half done, and the
 * static services. Of a live slot only the link and the down file are put right, and an order that may have
 * been lost is given again. What is half there is finished or removed. Returns 0 or a negative errno.
 */
int adopt(struct registry *registry);

/* `late` notes slots that come after the start: somebody had moved a slot away when the broker started, and
 * has put it back. Each is adopted on a turn of the loop of its own. */
void adopt_init(struct noted *late, struct registry *registry);

/* Removes one slot of the last container, on a /run that outlived it, which nobody has adopted. False: there
 * are no more such slots, or they cannot be read. */
bool adopt_remove_dead(struct registry *registry);

/* Notes that this life of the container has been reconciled: the next broker finds fresh_boot false. */
void adopt_note_boot(struct registry *registry);

#endif
