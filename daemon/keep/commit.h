/* SPDX-License-Identifier: ISC */
#ifndef KEEP_COMMIT_H
#define KEEP_COMMIT_H

#include "daemon/loop/deputy.h"

/* What a thread does with a batch of store.h and those that joined it: all their records with one pair of syncs. A
 * deputy's `work`. */
void commit_work(struct deputy_job *job);

#endif
