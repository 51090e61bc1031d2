/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_PERSIST_H
#define SERVICE_PERSIST_H

#include <stddef.h>

#include "daemon/service/service.h"
#include "daemon/keep/store.h"

/*
 * Writes what is wanted of gateways from their slots to the volume. Whatever changes what is wanted sets
 * record.unpersisted (and saves it); this file clears it when that very change is on the disk. What could not
 * be written is tried again every PERSIST_AGAIN_MSEC, so that it gets there when the volume is back.
 */

typedef void persist_function(void *owner, const struct store_batch *batch);

/*
 * Writes the records of these gateways as one batch; the record of one that is being removed with all that
 * the volume has of it (REMOVING_ALL) is removed. stop: also writes a planned-stop marker for the process
 * that each runs. root: root is who asks. `done` (may be NULL) is called once, on a later turn of the loop;
 * the entries of its batch are in the order of `services`, some of which may be gone by then. 0, or -ENOMEM
 * with nothing begun. When a gateway's record is done, its persist_error is set, and its operation, if it has
 * one, is woken.
 */
int persist_services(struct registry *registry, struct service *const *services, size_t count, bool stop,
                     bool root, persist_function *done, void *owner);

/* Removes the record of a profile that has no slot; parameters and results as above. */
int persist_forget(struct registry *registry, const char *profile, bool root, persist_function *done,
                   void *owner);

/* Notes that what is wanted has changed since the volume was last given it, so that an answer still to come
 * is out of date. */
void persist_outdate(struct service *service);

/* Is entry `place` of the batch still the newest that persist_services() was given of that service? */
bool persist_is_newest(const struct store_batch *batch, size_t place, const struct service *service);

struct registry *persist_registry(const struct store_batch *batch);

/* Has the records that are unpersisted written soon, as one batch. */
void persist_soon(struct registry *registry);

/* The same after PERSIST_AGAIN_MSEC, for what could not be written, or not even begun. */
void persist_later(struct registry *registry);

/* How many gateways' records wait for the volume. */
size_t persist_waiting(const struct registry *registry);

/* How many gateways' records cannot be written, since the volume has not said what it has of them. */
size_t persist_blind(const struct registry *registry);

/* Says to people why a record is not on the volume; NULL: it is. error: an errno, or 0. A static string. */
const char *persist_problem(int error);

void persist_init(struct registry *registry);

#endif
