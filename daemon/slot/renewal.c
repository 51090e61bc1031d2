/* SPDX-License-Identifier: ISC */
#include "daemon/slot/renewal.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/registry.h"
#include "daemon/service/watches.h"
#include "daemon/slot/publication.h"
#include "proto/sysname.h"

int renewal_make(struct service *service)
{
        struct registry *registry = service->registry;
        struct json_object *environment = NULL;
        bool down = !record_runs_now(&service->record) || service->queued;
        enum slot_down whose = service->logger.idle ? SLOT_DOWN_BOTH : SLOT_DOWN_OWN;
        struct text state;
        int result = slot_read_environment(&registry->slots, service->name, &environment);

        text_init(&state);
        record_write(&service->record, service->record_members, &state);
        text_append(&state, "", 1);
        if (result == 0 && state.failed)
                result = -ENOMEM;
        if (result == 0)
                result = slot_renew(&registry->slots, service->name, service->profile, environment,
                                    state.bytes, down ? whose : SLOT_DOWN_NONE);
        text_deinit(&state);
        json_object_put(environment);
        if (result)
                return result;
        watch_remove(&registry->watch, service->own.wd);
        watch_remove(&registry->watch, service->logger.wd);
        service->own.wd = service->logger.wd = -1;
        return watches_arm_new(service);
}

/* Does s6-svscan read what it is told, and see the link? */
static bool is_in_sight(const struct service *service)
{
        const struct registry *registry = service->registry;

        return registry_is_linked(registry, service->name) == 1 &&
               scandir_is_running(&registry->scandir) == 1 && scandir_unread(&registry->scandir) == 0;
}

/* Does nothing of the gateway run, and nothing begin by itself? */
static bool is_at_rest(const struct service *service)
{
        const struct run *own = &service->own;

        return own->supervised && !own->status.pid && !own->status.want_up && !own->told_up;
}

static void renewal_begin(struct service *service)
{
        if (!log_pipe_holds(service))
                return;
        if (!is_in_sight(service)) {
                log_pipe_later(&service->log_pipe, clock_msec());
                service_wake(service); /* what waited for the renewal waits no longer */
        } else if (is_at_rest(service)) {
                log_pipe_begin(&service->log_pipe, clock_msec());
                service->logger.goal.kind = GOAL_NONE; /* the new supervisor obeys its down file */
                log_event("renewal: its slot is made anew, for a pipe to its logger: service=%s",
                          service->name);
                publication_leave_quietly(service);
        }
}

/* Both supervisors are told to end; nothing of the gateway runs. */
static void renewal_end_supervisors(struct service *service, int64_t waited_msec)
{
        run_send(&service->own, "x");
        run_send(&service->logger, waited_msec > LEAVE_KILL_LOGGER_MSEC ? "kx" : "dx");
}

/* The slot's link is gone. If the supervisors stay, the slot is linked again as it was. */
static void renewal_left(struct service *service)
{
        int64_t waited_msec = clock_msec() - service->log_pipe.since_msec;
        bool left = control_is_alive(&service->own.control) == 0 &&
                    control_is_alive(&service->logger.control) == 0 &&
                    scandir_unread(&service->registry->scandir) == 0;
        int result = left ? renewal_make(service) : -EBUSY;

        if (!left && waited_msec < LEAVE_GIVE_UP_MSEC) {
                renewal_end_supervisors(service, waited_msec);
                return;
        }
        if (result)
                log_event("renewal: its slot cannot be made anew: why=%s service=%s", sysname_error(-result),
                          service->name);
        publication_come(service, false);
}

static void renewal_over(struct service *service)
{
        log_pipe_renewed(&service->log_pipe);
        service->place.kind = PLACE_KEPT;
        publication_wake(service->registry);
        service_wake(service);
}

/* The slot is linked again. If s6-svscan does not start it, that is revival.h's to mend. */
static void renewal_linked(struct service *service)
{
        if (service_is_wholly_supervised(service))
                log_event("renewal: done: service=%s", service->name);
        else if (clock_msec() - service->place.linked_msec < REGISTER_MSEC)
                return;
        renewal_over(service);
}

static void renewal_step(struct service *service)
{
        if (!service->profile || service->operation != OPERATION_NONE)
                return;
        switch (service->place.kind) {
        case PLACE_KEPT:
                renewal_begin(service);
                break;
        case PLACE_LEAVING:
        case PLACE_COMING:
                break;
        case PLACE_LEFT:
                renewal_left(service);
                break;
        case PLACE_LINKED:
                renewal_linked(service);
                break;
        case PLACE_REFUSED: /* somebody else has its name, or something is short: scan.h sees to it */
                renewal_over(service);
                service->registry->above.entry(service->registry->above.owner, service->name);
                break;
        }
}

void renewal_turn(struct registry *registry)
{
        for (size_t i = 0; i < registry->count; i++)
                renewal_step(registry->services[i]);
}
