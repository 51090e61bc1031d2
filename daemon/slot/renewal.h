/* SPDX-License-Identifier: ISC */
#ifndef SLOT_RENEWAL_H
#define SLOT_RENEWAL_H

struct registry;
struct service;

/*
 * A slot is made anew with new supervisors, for a gateway whose logger has lost its pipe
 * (service/log_pipe.h), as soon as nothing of the gateway runs: its link goes, its supervisors end, the slot
 * becomes another directory, and is linked again. It is no operation: orders are taken meanwhile, and wait. A
 * broker that is killed in between leaves a slot without a link, which the next broker links. renewal_turn()
 * is called after each round of watches.h.
 */
void renewal_turn(struct registry *registry);

/* Replaces the slot by another directory with the same in it. What its former supervisors left there, and
 * what it recorded, but for the record itself, is not in the new one. Returns 0 or a negative errno. */
int renewal_make(struct service *service);

#endif
