/* SPDX-License-Identifier: ISC */
#ifndef ORDER_PLAN_H
#define ORDER_PLAN_H

#include "daemon/slot/operation.h"
#include "daemon/order/reconcile.h"
#include "daemon/judge/record.h"

struct json_object;
struct registry;
struct survey;

/* What a reconcile is going to do, one profile after the other, `default` first. Nothing is done by making
 * it. */
struct planned {
        struct own_registration own;
        void *owner;
        struct record record; /* of the slot to be made */
        struct json_object *environment;
        bool adjust; /* KEPT, and registered before the volume said what is wanted of it */
};

struct plan {
        struct planned *planned;
        struct reconcile_action *actions; /* as many */
        size_t count;
};

/*
 * survey NULL: the volume does not answer, and it is about `default` only, as a slot of the last container
 * has it. At boot slots without a profile are left alone. A gateway whose profile has another name now is
 * told to end, unless it is a dry run. 0 or -ENOMEM, then nothing is there to be freed.
 */
int plan_make(struct plan *plan, struct registry *registry, const struct survey *survey,
              const struct reconcile_request *request);
void plan_deinit(struct plan *plan);

/* What is answered of it: it has the same place. */
struct reconcile_action *plan_action(const struct plan *plan, const struct planned *planned);

/* What the volume says of a gateway that was registered without knowing it, unless somebody ordered it since.
 */
void plan_adjust(struct registry *registry, const char *profile, const struct planned *planned);

#endif
