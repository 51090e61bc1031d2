/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_PROGRAM_H
#define EDGE_SLOT_PROGRAM_H

struct slots;

/*
 * The program that a slot's scripts have in their first line, as ./svcbroker-slot: each slot has it itself,
 * so that its gateway begins and ends as ever when the installed one is replaced by a newer or an older one,
 * is gone for good, or for a moment. All slots share one file: each has a link of SLOT_PROGRAM_KEPT, which
 * lies beside the slots and is a copy.
 */
#define SLOT_PROGRAM "svcbroker-slot"
#define SLOT_PROGRAM_KEPT ".svcbroker-slot"

/* Makes the kept copy equal to what slots->program names, when a broker starts; the copy stays as it is where
 * that program is not there, or is being written just now. 0 or a negative errno. */
int slot_program_keep(const struct slots *slots);

/* Puts the program into a slot that is being staged; one that the template brought stays. 0, also where there
 * is no program and no script of the slot names it; or a negative errno. */
int slot_program_place(const struct slots *slots, int slot);

#endif
