/* SPDX-License-Identifier: ISC */
#ifndef ORDER_PLAN_H
#define ORDER_PLAN_H

#include "daemon/slot/operation.h"
#include "daemon/order/reconcile.h"
#include "daemon/judge/record.h"

struct json_object;
struct registry;
struct survey;

/* What a reconcile is going to do, one profile after the other, `default` first. Making a plan carries out
 * nothing of it. */
struct planned {
        struct own_registration own;
        void *owner;
        struct record record; /* of the slot to be made */
        struct json_object *environment;
        bool adjust; /* RECONCILE_KEPT, and registered before the volume said what is wanted: plan_adjust() */
};

struct plan {
        struct planned *planned;
        struct reconcile_action *actions; /* as many: what is answered of each */
        size_t count;
};

/*
 * survey NULL: the volume does not answer, and the plan is about `default` only, by what its slot of the last
 * container says. At boot slots without a profile are left alone. A gateway whose profile has another name
 * now is told to end, unless it is a dry run. Returns 0, or -ENOMEM with nothing to be freed.
 */
int plan_make(struct plan *plan, struct registry *registry, const struct survey *survey,
              const struct reconcile_request *request);
void plan_deinit(struct plan *plan);

/* What is answered of that profile: the action at the same place. */
struct reconcile_action *plan_action(const struct plan *plan, const struct planned *planned);

/* Takes over what the volume says of a gateway that was registered before the volume answered, but for what
 * somebody has said of it since. */
void plan_adjust(struct registry *registry, const char *profile, const struct planned *planned);

#endif
