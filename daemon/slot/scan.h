/* SPDX-License-Identifier: ISC */
#ifndef SLOT_SCAN_H
#define SLOT_SCAN_H

#include <stdbool.h>

#include "daemon/slot/noted.h"

/*
 * The entries of the scan directory: static services, which come and go with them, and the broker's own
 * links, which stay as long as their slots do. Each entry is looked at on a turn of the loop of its own; one
 * that cannot be looked at for a reason that may pass is looked at again: poll.h.
 */
void scan_init(struct noted *scan, struct registry *registry);

/* Looks at all entries at once: at the start, before the loop has turns. */
void scan_all(struct registry *registry);

#endif
