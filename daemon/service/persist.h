/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_PERSIST_H
#define SERVICE_PERSIST_H

#include <stddef.h>

#include "daemon/service/service.h"
#include "daemon/keep/store.h"

/*
 * What is wanted of gateways, from their slots to the volume. record.unpersisted is set (and saved) by
 * whoever changes what is wanted; here it is cleared when that very change is on the disk. What could not be
 * written is tried again every PERSIST_AGAIN_MSEC, so that it gets there when the volume is back.
 */

typedef void persist_function(void *owner, const struct store_batch *batch);

/*
 * Writes the records of these gateways as one batch, for one that is being removed: removes it. stop: with a
 * planned-stop marker for the process that each runs. root: it is root who asks. `done` (may be NULL) is
 * called once, on a later turn of the loop; the entries of its batch are as the services were given, which
 * may be gone by then. 0, or -ENOMEM with nothing begun. The operation of one of them
 * is woken, with persist_error set.
 */
int persist_services(struct registry *registry, struct service *const *services, size_t count, bool stop,
                     bool root, persist_function *done, void *owner);

/* The same for a profile that has no slot: there shall be no record of it. */
int persist_forget(struct registry *registry, const char *profile, bool root, persist_function *done,
                   void *owner);

/* What is wanted of it is another since that was given to the volume, and is not given yet: the answer is about less. */
void persist_outdate(struct service *service);

/* Is this still the newest of what persist_services() was told of that service? place: of the batch. */
bool persist_is_newest(const struct store_batch *batch, size_t place, const struct service *service);

struct registry *persist_registry(const struct store_batch *batch);

/* For those that are unpersisted: soon, as one batch. */
void persist_soon(struct registry *registry);

/* The same in a while: what could not be written, or not even begun, is tried again. */
void persist_later(struct registry *registry);

/* How many gateways' records wait for the volume. */
size_t persist_waiting(const struct registry *registry);

/* And how many cannot be written, since the volume has not said what it has of them. */
size_t persist_blind(const struct registry *registry);

/* For people: why a record is not on the volume; NULL: it is. error: an errno, or 0. A static string. */
const char *persist_problem(int error);

void persist_init(struct registry *registry);

#endif
