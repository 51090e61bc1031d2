/* SPDX-License-Identifier: ISC */
#include "daemon/slot/removal.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/control.h"
#include "daemon/log/log.h"
#include "daemon/edge/process.h"
#include "daemon/service/turn.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/home.h"
#include "daemon/service/persist.h"
#include "daemon/slot/publication.h"
#include "proto/sysname.h"

static void removal_free(void *owner)
{
        struct removal *removal = owner;

        while (removal->waiters) {
                struct removal_waiter *waiter = removal->waiters;

                removal->waiters = waiter->next;
                free(waiter);
        }
        free(removal);
}

/* Answers everybody who waits; the removal itself goes on. */
static void removal_answer(struct service *service, const struct fault *fault)
{
        struct registry_events *events = &service->registry->events;
        struct removal *removal = service->removal;

        if (removal->waiters) /* as the service is now, not as its last step left it */
                service_show(service);
        while (removal->waiters) {
                struct removal_waiter *waiter = removal->waiters;

                removal->waiters = waiter->next;
                events->unregistered(events->owner, waiter->ticket, service->profile, service, fault,
                                     service->persist_error);
                free(waiter);
        }
}

/* Tells whoever waits why the slot does not go; it goes when it can. */
static void removal_give_up(struct service *service, const char *otherwise)
{
        removal_answer(service, &(struct fault){.kind = FAULT_UNSUPERVISED,
                                                .text = obstacle_now(service) ?: otherwise});
}

static void removal_phase(struct service *service, enum removal_phase phase, int64_t timer_msec)
{
        service->removal->phase = phase;
        service->operation_began_msec = clock_msec();
        timer_start(&service->removal->timer, (uint64_t)timer_msec);
}

/* A supervisor that cannot be seen may be alive, and the directory that it works in is not taken from it. */
static bool is_supervised(const struct service *service)
{
        return control_is_alive(&service->own.control) != 0;
}

static bool is_logger_supervised(const struct service *service)
{
        return control_is_alive(&service->logger.control) != 0;
}

static void removal_kill(struct service *service)
{
        run_send(&service->own, "k");
}

static void removal_leave(struct service *service)
{
        timer_stop(&service->removal->timer);
        service->logger.goal.kind =
                GOAL_NONE; /* the logger's supervisor is to end, too, and starts nothing */
        service->removal->phase = REMOVAL_WAITING;
        publication_leave(service, service->removal->ready.root);
}

/* Tells a supervisor that stays to leave, but not at each look: what it is told changes its status file,
 * which is a reason to look again. */
static void removal_tell(struct service *service, int64_t waited_msec, bool logs)
{
        struct removal *removal = service->removal;
        int64_t now_msec = clock_msec();
        bool kills = waited_msec > (logs ? LEAVE_KILL_LOGGER_MSEC : removal->timeout_msec);

        if (waited_msec <= LEAVE_TELL_MSEC || now_msec - removal->told_msec < LEAVE_LOOK_MSEC)
                return;
        removal->told_msec = now_msec;
        if (logs)
                run_send(&service->logger, kills ? "kx" : "dx");
        else
                run_send(&service->own, kills ? "kdx" : "dx");
}

void removal_drop(struct service *service)
{
        struct removal *removal = service->removal;

        if (!removal)
                return;
        service->removal = NULL;
        service->operation = OPERATION_NONE;
        service->follower = NULL;
        ready_remove(&removal->ready);
        timer_close(&removal->timer, removal_free);
}

/* Whoever waits is told; the removal is tried again, else no slot could have the name before the next
 * broker's start. */
static void removal_cannot(struct service *service, const char *what, int error)
{
        removal_answer(service, &(struct fault){.kind = FAULT_SYSTEM, .text = what, .error = error});
        removal_phase(service, REMOVAL_LEAVING, REMOVE_AGAIN_MSEC);
}

/* Notes what the volume is owed before the slot goes, which has noted that till now. */
static void removal_note_owed(struct service *service)
{
        if (service->record.removing != REMOVING_ALL)
                return;
        if (!service->persist_error)
                owed_pay(service->registry, service->profile);
        else if (service->persist_error != EPROTONOSUPPORT)
                owed_note(service->registry, service->profile);
        if (owed_is_open(service->registry))
                persist_later(service->registry);
}

static void removal_finish(struct service *service)
{
        struct registry *registry = service->registry;
        int result;

        removal_note_owed(service);
        result = slot_remove(&registry->slots, service->name);

        if (result) {
                log_event("unregister: cannot remove the directory: %s service=%s", sysname_error(-result),
                          service->name);
                removal_cannot(service, "remove the service directory", -result);
                return;
        }
        log_event("unregister: done service=%s", service->name);
        if (service->record.removing == REMOVING_ALL)
                forgotten_note(&registry->forgotten, service->profile);
        removal_answer(service, NULL);
        removal_drop(service);
        registry_forget(registry, service);
}

/* To remove a directory takes some hundred system calls, and many removals may end together. */
static void removal_finish_later(struct removal *removal)
{
        timer_stop(&removal->timer);
        removal->phase = REMOVAL_FINISHING;
        ready_wake(&removal->ready);
}

static void removal_sweep(struct deputy_job *job)
{
        struct removal *removal = (struct removal *)((char *)job - offsetof(struct removal, job));

        groups_kill(&removal->groups, SWEEP_MSEC);
}

static void removal_swept(struct deputy_job *job, bool late)
{
        struct removal *removal = (struct removal *)((char *)job - offsetof(struct removal, job));

        (void)late; /* the job has no deadline but SWEEP_MSEC */
        removal_finish_later(removal);
}

/* The supervisors are gone. So are their runs, unless a supervisor was killed and could not end its own. */
static void removal_left(struct service *service)
{
        struct registry *registry = service->registry;
        struct removal *removal = service->removal;
        int count =
                groups_read(registry->slots.fd, service->name, registry->deputy.crew.uid, &removal->groups);

        if (count < 0) {
                log_event("unregister: cannot see what it left running: %s service=%s", sysname_error(-count),
                          service->name);
                removal_cannot(service, "see what it left running", -count);
                return;
        }
        if (count == 0) {
                removal_finish_later(removal);
                return;
        }
        timer_stop(&removal->timer);
        removal->phase = REMOVAL_SWEEPING;
        /* The job is part of the removal, and the removal's again when `done` is called. */
        removal->job = (struct deputy_job){
                .work = removal_sweep, .done = removal_swept, .lane = PROCESS_LANE_SWEEPS};
        deputy_run(&registry->deputy, &removal->job);
}

/* Called before the supervisor is told once more: what was written only just now does not count as unread. */
static void removal_tell_who_waits(struct service *service, bool logs)
{
        int64_t waited_msec = clock_msec() - service->operation_began_msec;

        if (waited_msec > UNREAD_MSEC) /* the service shows that a supervisor does not read */
                service_follow_time(service);
        if (waited_msec > LEAVE_GIVE_UP_MSEC)
                removal_give_up(
                        service,
                        logs ? "its logger does not end, as on a volume that hangs; it is removed when "
                               "it does"
                             : "its s6-supervise does not end; it is removed when it does");
}

static void removal_look_leaving(struct service *service)
{
        int64_t waited_msec = clock_msec() - service->operation_began_msec;
        bool runs = is_supervised(service);
        bool logs = !runs && service->logger.there && is_logger_supervised(service);

        /* If a client unregistered while a register was being undone, the volume's record may go only now. */
        if (!runs && !logs && service->persisted_serial >= service->serial) {
                removal_left(service);
                return;
        }
        removal_tell_who_waits(service, logs);
        if (runs || logs)
                removal_tell(service, waited_msec, logs);
        timer_start(&service->removal->timer,
                    waited_msec > LEAVE_GIVE_UP_MSEC ? 10 * LEAVE_LOOK_MSEC : LEAVE_LOOK_MSEC);
}

/* Is the run gone that the status shows? The status shows it for ever where s6-supervise cannot write, on a
 * full file system. */
static bool removal_run_is_gone(const struct service *service)
{
        pid_t pid = service->own.status.pid;

        return pid && process_state(pid) == PROCESS_STATE_ENDED;
}

static bool removal_has_ended(const struct service *service)
{
        const struct s6_status *status = &service->own.status;

        return !service->own.supervised || (!status->pid && !status->want_up);
}

/* The gateway's time to end is over: it is killed, and again until that helps. */
static void removal_press(struct service *service)
{
        struct removal *removal = service->removal;

        if (removal->phase == REMOVAL_STOPPING) {
                log_event("unregister: killed after its deadline service=%s pid=%d", service->name,
                          service->own.status.pid);
                removal_phase(service, REMOVAL_KILLING, KILL_AGAIN_MSEC);
        } else {
                if (clock_msec() - service->operation_began_msec > KILL_GIVE_UP_MSEC)
                        removal_give_up(service,
                                        "its s6-supervise does not react; it is removed when it does");
                timer_start(&removal->timer, KILL_AGAIN_MSEC);
        }
        removal_kill(service);
}

/* Tells the gateway to end as soon as the volume has answered: its planned-stop marker is there by then. */
static void removal_stop(struct service *service)
{
        if (service->persisted_serial < service->serial)
                return;
        removal_phase(service, REMOVAL_STOPPING, service->removal->timeout_msec);
        service_set_goal(service, GOAL_DOWN, 0);
        service_wake(service);
}

static bool removal_step(struct ready *ready)
{
        struct removal *removal = (struct removal *)ready;
        struct service *service = removal->service;
        bool due = removal->due;

        removal->due = false;
        switch (removal->phase) {
        case REMOVAL_FORGETTING:
                removal_stop(service);
                break;
        case REMOVAL_STOPPING:
        case REMOVAL_KILLING:
                if (removal_has_ended(service) || (due && removal_run_is_gone(service)))
                        removal_leave(service);
                else if (due)
                        removal_press(service);
                break;
        case REMOVAL_WAITING:
                if (service->place.kind == PLACE_LEFT)
                        removal_phase(service, REMOVAL_LEAVING, LEAVE_LOOK_MSEC);
                break;
        case REMOVAL_LEAVING:
                removal_look_leaving(service);
                break;
        case REMOVAL_FINISHING:
                removal_finish(service);
                break;
        case REMOVAL_SWEEPING:
                break;
        }
        return false;
}

/* What has ended by now is seen first: the timer may have come before all events of a long turn. */
static void removal_expired(void *owner)
{
        struct removal *removal = owner;

        registry_catch_up(removal->service->registry);
        if (removal->phase == REMOVAL_STOPPING || removal->phase == REMOVAL_KILLING) {
                service_see(removal->service);
                service_wake(removal->service);
        }
        removal->due = true;
        ready_wake(&removal->ready);
}

static int removal_make(struct service *service)
{
        struct removal *removal;

        if (service->removal)
                return 0;
        removal = calloc(1, sizeof(*removal));
        if (!removal)
                return -ENOMEM;
        removal->service = service;
        ready_init(&removal->ready, &service->registry->ready, removal_step);
        timer_init(&removal->timer, service->registry->loop, removal_expired, removal);
        service->removal = removal;
        return 0;
}

int removal_begin(struct service *service, int64_t timeout_msec, bool forget, bool root)
{
        struct registry *registry = service->registry;

        if (removal_make(service))
                return -ENOMEM;
        service_settle_waits(service, &(struct fault){.kind = FAULT_SUPERSEDED});
        service->own.goal.kind = GOAL_NONE;
        service->operation = OPERATION_UNREGISTER;
        if (forget)
                home_take_away(registry, service->profile, service->record.home);
        service->record.removing = forget ? REMOVING_ALL : REMOVING_SLOT;
        service->record.want_up = false;
        service->record.brake.hold = HOLD_NONE;
        service_save(service);
        service_set_down(service, true);
        log_event("unregister: begun service=%s", service->name);
        service->removal->phase = REMOVAL_FORGETTING;
        service->removal->ready.root = root;
        service->removal->timeout_msec = timeout_msec;
        if (forget)
                persist_services(registry, &service, 1, true, root, NULL, NULL);
        service->follower = &service->removal->ready;
        service_wake(service);
        return 0;
}

int removal_add_waiter(struct service *service, struct ticket ticket)
{
        struct removal_waiter *waiter = removal_make(service) ? NULL : calloc(1, sizeof(*waiter));

        if (!waiter)
                return -ENOMEM;
        waiter->ticket = ticket;
        waiter->next = service->removal->waiters;
        service->removal->waiters = waiter;
        return 0;
}
