/* SPDX-License-Identifier: ISC */
#ifndef KEEP_SWEEP_H
#define KEEP_SWEEP_H

struct store;

/* What a broker that was killed left half written on the volume, in the directories of our own, goes: one job
 * of the store's, which nobody waits for. That beside a profile's own files goes when the profile is looked
 * at (survey.h). */
void sweep_run(struct store *store);

#endif
