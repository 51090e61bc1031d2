/* SPDX-License-Identifier: ISC */
#ifndef SLOT_REVIVAL_H
#define SLOT_REVIVAL_H

struct registry;

/*
 * Brings back the supervisors of slots that are whole and linked and lack one, though s6-svscan was told
 * again and again to look: does what judge/revival.h says, and again after a pause that doubles. Called after
 * each round of watches.h.
 */
void revival_turn(struct registry *registry);

#endif
