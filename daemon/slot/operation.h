/* SPDX-License-Identifier: ISC */
#ifndef SLOT_OPERATION_H
#define SLOT_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/fault.h"
#include "daemon/service/registry.h"

struct json_object;

/*
 * How a slot comes and goes. Register and unregister answer through events.registered and
 * events.unregistered, on a later turn of the loop.
 *
 * Register: stage the slot beside its place, commit, link into the scan directory, rescan, wait until the
 * supervisors of gateway and logger have reported; undone if they do not within REGISTER_MSEC. Unregister:
 * record that the slot goes, stop, KILL after the deadline, unlink, rescan, wait until the supervisors are
 * gone, remove. If the broker is killed between any two steps, the next broker's adopt() ends what was begun.
 */
/* start: the new gateway is to run. root: root asks. Holds a reference to `environment`. Returns 0, or
 * -ENOMEM with nothing begun. */
int operation_register(struct registry *registry, struct ticket ticket, const char *profile,
                       struct json_object *environment, bool start, bool root);

/* A registration of the broker's own, for a boot, or for a start of a profile that has no slot yet. */
struct own_registration {
        /* Called once, on a later turn of the loop, if the registration has begun. fault NULL: the slot is
         * supervised. The function only notes that and wakes. */
        void (*ended)(struct own_registration *own, struct service *service, const struct fault *fault);
};

/*
 * record: what the new slot begins with; if it is unpersisted, the volume is told. A slot that is there
 * already is left as it is. True: the registration has begun. False: it has ended, `ended` is not called, and
 * *fault says how it ended (FAULT_NONE: the slot was there).
 */
bool operation_register_own(struct registry *registry, const char *profile, const struct record *record,
                            struct json_object *environment, struct own_registration *own,
                            struct fault *fault);

/* `default` is Protected. timeout_msec: from the order to end until KILL. Returns 0, or -ENOMEM with nothing
 * begun. */
int operation_unregister(struct registry *registry, struct ticket ticket, const char *profile,
                         int64_t timeout_msec, bool root);

/* Publishes a slot that is whole and has no supervisor (adoption). Returns 0 or a negative errno. */
int operation_resume_register(struct service *service);

/* Goes on with a removal that another broker began. */
void operation_resume_unregister(struct service *service);

#endif
