/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_PROGRAM_H
#define EDGE_SLOT_PROGRAM_H

struct slots;

/*
 * The program that a slot's scripts have in their first line, as ./svcbroker-slot: each slot has it itself, so that its
 * gateway begins and ends as ever when the installed one is replaced by a newer or an older one, is gone for good, or for a
 * moment. All slots' are one file, a link each of SLOT_PROGRAM_KEPT, which lies beside them and is a copy.
 */
#define SLOT_PROGRAM "svcbroker-slot"
#define SLOT_PROGRAM_KEPT ".svcbroker-slot"

/* When a broker starts: what is kept is made to be what slots->program names, and stays where that is not there, or is
 * written just now. 0 or a negative errno. */
int slot_program_keep(const struct slots *slots);

/* Into a slot that is staged; one of the template's own stays. 0, also where there is none and no script of the slot names
 * it; or a negative errno. */
int slot_program_place(const struct slots *slots, int slot);

#endif
