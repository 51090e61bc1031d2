/* SPDX-License-Identifier: ISC */
#ifndef SLOT_REVIVAL_H
#define SLOT_REVIVAL_H

struct registry;

/*
 * A slot that is whole and linked, and lacks one of its supervisors, though s6-svscan was told again and
 * again to look: what judge/revival.h says is done, again after a pause that doubles. Called after each round of
 * watches.h.
 */
void revival_turn(struct registry *registry);

#endif
