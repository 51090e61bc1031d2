/* SPDX-License-Identifier: ISC */
#ifndef KEEP_COMMIT_H
#define KEEP_COMMIT_H

#include "daemon/loop/deputy.h"

/* A deputy's `work` for a batch of store.h and those that joined it: writes all their records with one pair
 * of syncs. */
void commit_work(struct deputy_job *job);

#endif
