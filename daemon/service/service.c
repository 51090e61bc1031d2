/* SPDX-License-Identifier: ISC */
#include "daemon/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/s6_status.h"
#include "daemon/log/log.h"
#include "daemon/service/killed.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/registry.h"
#include "proto/name.h"

int service_at(const struct service *service)
{
        return service->profile ? service->registry->slots.fd : service->registry->scandir.fd;
}

bool service_lacks_watch(const struct service *service)
{
        return service->own.wd < 0 || (service->logger.there && service->logger.wd < 0);
}

bool service_lacks_supervisor(const struct service *service)
{
        if (service->operation != OPERATION_NONE)
                return false;
        return !service->own.supervised ||
               (service->profile && service->logger.there && !service->logger.supervised);
}

bool service_is_polled(const struct service *service)
{
        return service_lacks_watch(service) || service_lacks_supervisor(service) ||
               log_pipe_of_service_is_lost(service) || log_pipe_is_renewed(service);
}

bool service_is_wholly_supervised(const struct service *service)
{
        return service->own.supervised && (!service->logger.there || service->logger.supervised);
}

bool service_is_alive(const struct service *service)
{
        return run_is_alive(&service->own);
}

bool service_is_wanted(const struct service *service)
{
        return service->profile ? service->record.want_up
                                : service->own.status.want_up || service->end.given_up;
}

int64_t service_settle_msec(const struct service *service)
{
        return service->profile ? service->registry->settle_msec : 0;
}

/* Notes what a try came to. The service is woken, since only its own turn sets the timer for the next try. */
static void note_again(struct service *service, enum again what, int result)
{
        bool known = service->again.what & what;

        again_note(&service->again, what, result, service->name);
        if (result && !known)
                service_wake(service);
}

int service_save(struct service *service)
{
        struct text text;
        struct room room;
        int result;

        if (!service->profile)
                return 0;
        /* Whatever is recorded is followed by something that s6 writes, but for the volume's answer. */
        if (!service->noted_only_here)
                registry_read_room(service->registry, &room);
        text_init(&text);
        snprintf(service->record.boot, sizeof(service->record.boot), "%s", service->registry->boot);
        record_write(&service->record, service->record_members, &text);
        text_append(&text, "", 1);
        result = text.failed ? -ENOMEM
                             : slot_write_state(&service->registry->slots, service->name, text.bytes);
        text_deinit(&text);
        service->noted_only_here = false;
        note_again(service, AGAIN_SAVE, result);
        return result;
}

void service_save_later(struct service *service)
{
        service->noted_only_here = true;
        service_save_due(service); /* else the step that delivers the order under way saves it */
}

void service_save_due(struct service *service)
{
        if (service->noted_only_here && service->ordered.delivered >= service->ordered.number)
                service_save(service);
}

static void remove_logger_down(struct service *service)
{
        note_again(service, AGAIN_LOG_DOWN, slot_let_log_run(&service->registry->slots, service->name));
}

/* Makes the logger wanted. Returns false if it was wanted already. */
static bool let_logger_run(struct service *service)
{
        if (!service->logger.idle)
                return false;
        service->logger.idle = false;
        remove_logger_down(service);
        return true;
}

/* Starts the logger of a gateway that begins or has begun: at once, since the gateway may be told next. */
static void want_logger(struct service *service)
{
        struct run *logger = &service->logger;

        if (!let_logger_run(service) || run_is_alive(logger))
                return;
        run_set_goal(logger, GOAL_UP, 0);
        if (logger->supervised)
                run_order(logger, "u");
        service_wake(service);
}

int service_set_down(struct service *service, bool down)
{
        int result;

        if (!down)
                want_logger(service);
        result = slot_set_down(&service->registry->slots, service->name, down);
        note_again(service, AGAIN_DOWN, result);
        return result;
}

void service_clear_tally(struct run *run)
{
        struct service *service = run->service;

        note_again(service, run == &service->own ? AGAIN_TALLY : AGAIN_LOG_TALLY,
                   s6_tally_clear(run->control.place->at, control_name(&run->control).text));
}

void service_see(struct service *service)
{
        int own = run_see(&service->own);
        int log = run_see(&service->logger);

        service->unseen = false;
        note_again(service, AGAIN_LOOK, own ? own : log);
}

void service_try_again(struct service *service)
{
        unsigned what = again_take(&service->again);

        if (what & AGAIN_LOOK)
                service_see(service);
        if (what & AGAIN_DOWN)
                service_set_down(service, !record_runs_now(&service->record) || service->queued);
        if (what & AGAIN_LOG_DOWN)
                remove_logger_down(service);
        if (what & AGAIN_TALLY)
                service_clear_tally(&service->own);
        if (what & AGAIN_LOG_TALLY)
                service_clear_tally(&service->logger);
        if (what & AGAIN_SAVE)
                service_save(service);
}

void service_add_wait(struct service *service, struct wait *wait)
{
        wait->service = service;
        wait->next = service->waits;
        service->waits = wait;
}

void service_remove_wait(struct service *service, struct wait *wait)
{
        for (struct wait **at = &service->waits; *at; at = &(*at)->next)
                if (*at == wait) {
                        *at = wait->next;
                        wait->service = NULL;
                        return;
                }
}

void service_settle_waits(struct service *service, const struct fault *fault)
{
        wait_end_all(&service->waits, fault);
}

void service_set_goal(struct service *service, enum goal_kind kind, pid_t replace)
{
        if (service->own.goal.kind != GOAL_NONE && (service->own.goal.kind != kind || replace))
                service_settle_waits(service, &(struct fault){.kind = FAULT_SUPERSEDED});
        run_set_goal(&service->own, kind, replace);
}

void service_signal(struct service *service, unsigned row)
{
        if (service->profile && signal_rows[row].ends)
                service_clear_tally(&service->own); /* its finish script is about to count this end, too */
        signals_add(&service->own.signals, service->own.status.pid, row);
}

void service_signalled(struct service *service)
{
        const struct signals *signals = &service->own.signals;
        struct record *record = &service->record;

        record->signalled_pid = signals->pid;
        record->signalled = signals->sent;
        record->signalled_usec = signals->sent_usec;
        service_save(service);
}

void service_delivered(struct service *service)
{
        struct record *record = &service->record;
        enum told told = service->own.told;
        /* A newer order is recorded, and waits for the volume: what comes about now was ordered before it. */
        bool newer = service->ordered.delivered < service->ordered.number;

        if ((!record->pending || newer) && record->told == told)
                return;
        if (!newer)
                record->pending = PENDING_NOTHING;
        record->told = told;
        record->told_pid = told ? service->own.status.pid : 0;
        service_save(service);
}

void service_ordered(struct service *service)
{
        if (service->own.told != TOLD_NOTHING && !service->record.told_usec)
                service->record.told_usec = clock_utc_usec();
        if (control_is_delivered(&service->own.control))
                service_delivered(service);
}

/* A run is a restart if the one before ended without an order, and did not ask to be started again. */
static void count_restart(struct service *service, struct run *run)
{
        if (run->end != RUN_END_UNASKED)
                return;
        run->brake->restarts++;
        service_save(service);
}

static void note_exit(struct record *record, const struct s6_status *now, enum exit_order order)
{
        const struct ending ending = ending_of_status(now->wait_status);

        record->has_exit = true;
        record->exit_code = (short)ending.code;
        record->exit_signal = (short)ending.signal;
        record->exit_at_usec = now->since_usec;
        record->exit_order = order;
}

static void own_takes(struct run *run, const struct s6_status *now)
{
        struct service *service = run->service;

        if (!service->profile)
                static_end_follow(service, now);
        if (service->end.given_up && !service->record.has_exit) /* given up before there was a broker */
                note_exit(&service->record, now, EXIT_ORDER_UNKNOWN);
        if (!run->supervised) {
                service->registry->moved_msec = clock_msec();
                service->leftover = service->leftover == LEFTOVER_NEVER ? LEFTOVER_NONE : LEFTOVER_UNKNOWN;
        }
        log_pipe_taken(run);
}

static void own_began(struct run *run, const struct s6_status *now, bool late)
{
        struct service *service = run->service;

        want_logger(service); /* root may have started the gateway past us */
        killed_begin(service, late);
        service->habit = HABIT_UNKNOWN;
        history_note_began(service, now, late);
        count_restart(service, run);
}

/* Did the run that ends now end by the last order? The end may be an older order's, and then the next run is
 * still to be told the last one. */
static bool is_end_of_order(const struct service *service)
{
        const struct run *own = &service->own;

        return own->told != TOLD_NOTHING && service->ordered.delivered >= service->ordered.number &&
               (own->goal.kind != GOAL_DOWN || own->told == TOLD_DOWN);
}

static void own_ended(struct run *run, const struct s6_status *now)
{
        struct service *service = run->service;
        struct record *record = &service->record;
        const struct ending ending = run_ending(run, now);

        if (is_end_of_order(service))
                record->kill_after_msec = 0;
        service->unclean = false;
        killed_end(service);
        history_note_ended(service, now, &ending);
        record->told = TOLD_NOTHING;
        record->told_pid = 0;
        record->told_usec = 0;
        record->signalled_pid = 0;
        if (ending.known) {
                note_exit(record, now, run->end == RUN_END_ORDERED ? EXIT_ORDERED : EXIT_UNORDERED);
                service->deaths[ending_death(&ending, run->end == RUN_END_ORDERED, record->oom_kills)]++;
        }
        if (run->end == RUN_END_ORDERED && service->profile)
                service_clear_tally(run); /* s6 has noted this end too */
        else if (ending.known && ending.code == EXIT_RESTART_ME)
                run->end = RUN_END_ORDERED;
        service_save(service);
        if (record->gone && service->registry->above.left)
                service->registry->above.left(service->registry->above.owner);
}

static void own_delivered(struct run *run)
{
        struct service *service = run->service;

        service_delivered(service);
        service_wake(service);
}

static bool own_is_barred(const struct run *run)
{
        return log_pipe_holds(run->service);
}

static void logger_takes(struct run *run, const struct s6_status *now)
{
        log_pipe_taken(run);
}

static void logger_began(struct run *run, const struct s6_status *now, bool late)
{
        let_logger_run(run->service); /* root has started it, and it stays wanted */
        count_restart(run->service, run);
}

/* A removal, or a slot that is made anew, ends the logger on purpose. */
static void logger_ended(struct run *run, const struct s6_status *now)
{
        struct service *service = run->service;

        if (service->operation != OPERATION_NONE || log_pipe_is_renewed(service))
                run->end = RUN_END_ORDERED;
        else if (run->end == RUN_END_ORDERED)
                service_clear_tally(run);
        else
                log_pipe_logger_ended(run, now);
}

static void logger_delivered(struct run *run)
{
        service_wake(run->service);
}

static const struct run_owner own_owner = {own_takes, own_began, own_ended, own_delivered, own_is_barred};
static const struct run_owner logger_owner = {logger_takes, logger_began, logger_ended, logger_delivered,
                                              NULL};

void service_init(struct service *service, struct registry *registry, bool gateway)
{
        const struct control_place *place = gateway ? &registry->slots_place : &registry->scandir_place;
        struct control control = {.place = place, .name = service->name, .suffix = ""};

        service->profile = gateway ? name_profile_of(service->name) : NULL;
        service->registry = registry;
        run_init(&service->own, service, &own_owner, control, &service->record.brake);
        control.suffix = "/log";
        run_init(&service->logger, service, &logger_owner, control, &service->record.logger_brake);
        service->own.there = true;
}

/* Services with an order of root's come before the others. */
void service_wake(struct service *service)
{
        if (service->own.goal.kind != GOAL_NONE && service->ordered.root)
                ready_wake_root(&service->ready);
        else
                ready_wake(&service->ready);
}
