#ifndef SLOT_SCAN_H
#define SLOT_SCAN_H

struct registry;

/*
 * The entries of the scan directory: static services, which come and go with them, and the broker's own
 * links, which stay as long as their slots do. What cannot be looked at for a reason that may pass is looked
 * at again: poll.h.
 */

/* An entry came, went, or is another one now. */
void scan_name(struct registry *registry, const char *name);

/* All of them. */
void scan_all(struct registry *registry);

#endif
