/* SPDX-License-Identifier: ISC */
#ifndef KEEP_SWEEP_H
#define KEEP_SWEEP_H

struct store;

/* Removes what a killed broker left half written on the volume, in directories of the broker's own: one job
 * of the store's, which nobody waits for. What was left beside a profile's own files goes when the profile is
 * looked at (survey.h). */
void sweep_run(struct store *store);

#endif
