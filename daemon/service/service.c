#include "daemon/service/service.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/log/log.h"
#include "daemon/edge/s6_control.h"
#include "daemon/service/killed.h"
#include "daemon/service/poll.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"

#define SEND_AGAIN_MSEC 500

int service_at(const struct service *service)
{
        return service->profile ? service->registry->slots.fd : service->registry->scandir.fd;
}

struct service_log_name service_log_name(const struct service *service)
{
        struct service_log_name name;

        snprintf(name.text, sizeof(name.text), "%s/log", service->name);
        return name;
}

bool service_lacks_watch(const struct service *service)
{
        return service->wd < 0 || (service->has_log && service->log_wd < 0);
}

bool service_lacks_supervisor(const struct service *service)
{
        if (service->operation != OPERATION_NONE)
                return false;
        return !service->supervised || (service->profile && service->has_log && !service->logger.supervised);
}

bool service_is_polled(const struct service *service)
{
        return service_lacks_watch(service) || service_lacks_supervisor(service);
}

bool service_is_wholly_supervised(const struct service *service)
{
        return service->supervised && (!service->has_log || service->logger.supervised);
}

bool service_is_alive(const struct service *service)
{
        return service->supervised && s6_status_is_alive(&service->status);
}

bool service_is_wanted(const struct service *service)
{
        return service->profile ? service->record.want_up : service->status.want_up || service->end.given_up;
}

bool service_is_settled(const struct service *service)
{
        if (!service_is_alive(service))
                return false;
        if (service->profile)
                return clock_msec() - service->run_began_msec >= service->registry->settle_msec;
        return !service->has_readiness || service->status.ready;
}

int service_save(struct service *service)
{
        struct text text;
        struct room room;
        int result;

        if (!service->profile)
                return 0;
        /* Whatever is recorded is followed by something that s6 writes. */
        registry_read_room(service->registry, &room);
        text_init(&text);
        snprintf(service->record.boot, sizeof(service->record.boot), "%s", service->registry->boot);
        record_write(&service->record, service->record_members, &text);
        text_append(&text, "", 1);
        result = text.failed ? -ENOMEM
                             : slot_write_state(&service->registry->slots, service->name, text.bytes);
        text_deinit(&text);
        again_note(service, AGAIN_SAVE, result);
        return result;
}

int service_set_down(struct service *service, bool down)
{
        int result = slot_set_down(&service->registry->slots, service->name, down);

        again_note(service, AGAIN_DOWN, result);
        return result;
}

void service_clear_tallies(struct service *service, bool own, bool log)
{
        const struct service_log_name name = service_log_name(service);

        if (own)
                again_note(service, AGAIN_TALLY, s6_tally_clear(service_at(service), service->name));
        if (log)
                again_note(service, AGAIN_LOG_TALLY, s6_tally_clear(service_at(service), name.text));
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
        struct wait *waits = service->waits;

        service->waits = NULL;
        while (waits) {
                struct wait *wait = waits;

                waits = wait->next;
                wait_end(wait, fault);
        }
}

void service_set_goal(struct service *service, enum goal_kind kind, pid_t replace)
{
        if (service->goal.kind != GOAL_NONE && (service->goal.kind != kind || replace))
                service_settle_waits(service, &(struct fault){.kind = FAULT_SUPERSEDED});
        service->goal =
                (struct goal){.kind = kind, .replace = replace, .base_usec = service->status.since_usec};
}

void service_delivered(struct service *service)
{
        struct record *record = &service->record;

        if (!record->pending && record->told == service->told)
                return;
        record->pending = PENDING_NOTHING;
        record->told = service->told;
        record->told_pid = service->told ? service->status.pid : 0;
        service_save(service);
}

bool service_sent(struct service *service, int result)
{
        if (s6_control_is_gone(result))
                service->supervised = false;
        else if (result)
                service->send_error = -result;
        else
                service->sent_msec = clock_msec();
        return result == 0;
}

static void service_send(struct service *service, const char *letters)
{
        enum told told = service->told;

        if (!service_sent(service, s6_control_send(service_at(service), service->name, letters)))
                return;
        if (s6_status_is_alive(&service->status) && strchr(letters, 'd'))
                service->told = TOLD_DOWN;
        else if (s6_status_is_alive(&service->status) && (strchr(letters, 'r') || service->told == TOLD_DOWN))
                service->told = TOLD_RESTART;
        if (told == TOLD_NOTHING && service->told != TOLD_NOTHING)
                service->record.told_usec = clock_utc_usec();
        stand_in_signal(service, false, letters);
        if (!service->stand_in.open)
                service_delivered(service);
}

static void service_note_exit(struct service *service, const struct s6_status *now)
{
        struct record *record = &service->record;

        record->has_exit = true;
        record->exit_code = WIFSIGNALED(now->wait_status) ? -1 : WEXITSTATUS(now->wait_status);
        record->exit_signal = WIFSIGNALED(now->wait_status) ? WTERMSIG(now->wait_status) : 0;
        record->exit_at_usec = now->since_usec;
}

/* The run that the old status showed is over. */
static void service_died(struct service *service, const struct s6_status *now)
{
        bool ordered = service->told != TOLD_NOTHING;

        service->last_run_msec = clock_msec() - service->run_began_msec;
        service->unclean = false;
        killed_end(service);
        service->told = service->record.told = TOLD_NOTHING;
        service->record.told_pid = 0;
        service->record.told_usec = 0;
        /* A new s6-supervise knows nothing of the run of the one before it. */
        if (service->supervised)
                service_note_exit(service, now);
        if (ordered) {
                service->goal.base_usec = now->since_usec;
                if (service->profile) /* s6 has noted this one too */
                        service_clear_tallies(service, true, false);
        } else if (!service->supervised || service->record.exit_code != EXIT_RESTART_ME)
                service->died_unasked = true;
        service_save(service);
        if (service->record.gone && service->registry->above.left)
                service->registry->above.left(service->registry->above.owner);
}

/* late: it has ended, too, before it was seen. */
static void service_began(struct service *service, const struct s6_status *now, bool late)
{
        int64_t age_msec = (clock_utc_usec() - now->since_usec) / 1000;

        killed_begin(service, late);
        service->run_began_msec = clock_msec() - (age_msec > 0 ? age_msec : 0);
        service->sampled.known = false;
        if (!service->died_unasked)
                return;
        service->died_unasked = false;
        service->record.restarts++;
        service_save(service);
}

static void service_take_status(struct service *service, const struct s6_status *now)
{
        struct s6_status *old = &service->status;
        bool other = now->pid != old->pid || !s6_status_is_alive(now) != !s6_status_is_alive(old);

        if (!service->profile)
                static_end_follow(service, now);
        if (service->end.given_up && !service->record.has_exit) /* before there was a broker */
                service_note_exit(service, now);
        if (service->supervised && s6_status_ran_between(old, now)) {
                service_began(service, now, true);
                service_died(service, now);
        }
        if (s6_status_is_alive(old) && other)
                service_died(service, now);
        if (s6_status_is_alive(now) && other)
                service_began(service, now, false);
        *old = *now;
        if (!service->supervised) {
                service->registry->moved_msec = clock_msec();
                stagger_wake(service->registry);
        }
        service->supervised = true;
}

void service_on_status(struct service *service, bool log)
{
        struct s6_status now;

        if (log)
                logger_on_status(service);
        else if (s6_status_read(service_at(service), service->name, &now) == 0)
                service_take_status(service, &now);
        else
                service_see(service);
        service_wake(service);
}

void service_on_lock(struct service *service, bool log)
{
        /* Even if another is there already: what runs now is not the run that the one before it started. */
        if (log)
                service->logger.supervised = false;
        else
                service->supervised = false;
        service_see(service);
        service_wake(service);
}

/* 0, or a negative errno where it could not be seen. */
static int service_see_own(struct service *service)
{
        struct s6_status now;
        int alive = s6_control_alive(service_at(service), service->name);
        int result = alive > 0 ? s6_status_read(service_at(service), service->name, &now) : alive;

        if (alive > 0 && result == 0)
                service_take_status(service, &now);
        else if (alive == 0 || result == -ENOENT)
                service->supervised = false; /* or has only just begun, and writes one soon */
        return result == -ENOENT ? 0 : result;
}

void service_see(struct service *service)
{
        int own = service_see_own(service);
        int log = logger_see(service);

        again_note(service, AGAIN_LOOK, own ? own : log);
}

void service_catch_up(struct service *service)
{
        if (!service_lacks_watch(service) && !(service->again.what & AGAIN_LOOK))
                return;
        service_see(service);
        service_wake(service);
}

/* Who waits for root is before the others. */
void service_wake(struct service *service)
{
        if (service->goal.kind != GOAL_NONE && service->ordered.root)
                ready_wake_root(&service->ready);
        else
                ready_wake(&service->ready);
}

static enum goal_verdict service_judge(struct service *service)
{
        struct seen seen = {
                .supervised = service->supervised,
                .finishing = service->status.finishing,
                .paused = service->status.paused || service->halt.kind == HALT_STOPPED,
                .want_up = service->status.want_up,
                .settled = service_is_settled(service),
                .pid = service->status.pid,
                .since_usec = service->status.since_usec,
                .told = service->told,
        };
        const char *letters = NULL;
        enum goal_verdict verdict = goal_judge(&service->goal, &seen, &letters);

        switch (verdict) {
        case GOAL_SEND:
                service_send(service, letters);
                break;
        case GOAL_WAIT:
                break;
        case GOAL_DONE:
        case GOAL_FAILED:
                service->goal.kind = GOAL_NONE;
                service_delivered(service);
                break;
        }
        return verdict;
}

static int64_t sooner(int64_t left, int64_t right)
{
        return left < right ? left : right;
}

static void service_set_timer(struct service *service)
{
        int64_t wait_msec = INT64_MAX;

        if (service->profile && service_is_alive(service) && !service_is_settled(service))
                wait_msec = service->run_began_msec + service->registry->settle_msec - clock_msec();
        if (service->goal.kind == GOAL_NONE && service->operation == OPERATION_NONE && service->profile)
                wait_msec = sooner(wait_msec, restart_wait_msec(service));
        if (service->operation == OPERATION_NONE && service->profile)
                wait_msec = sooner(wait_msec, sooner(logger_wait_msec(service), locks_wait_msec(service)));
        wait_msec = sooner(wait_msec, stand_in_wait_msec(service));
        wait_msec = sooner(wait_msec, again_wait_msec(service));
        wait_msec = sooner(wait_msec, step_wait_msec(service));
        if (service->send_error)
                wait_msec = sooner(wait_msec, SEND_AGAIN_MSEC);
        if (wait_msec == INT64_MAX)
                timer_stop(&service->timer);
        else
                timer_start(&service->timer, wait_msec < 0 ? 0 : (uint64_t)wait_msec + 1);
        if (service_is_polled(service))
                poll_wake(service->registry);
}

void service_show(struct service *service)
{
        struct registry *registry = service->registry;
        struct view view;

        service_view(service, &view);
        if (service->revision && !memcmp(&view, &service->shown, sizeof(view)))
                return;
        service->shown = view;
        service->revision = ++registry->revision;
        if (registry->events.changed)
                registry->events.changed(registry->events.owner, service);
}

void service_follow_time(struct service *service)
{
        step_follow(service);
        service_set_timer(service);
        service_show(service);
}

static bool service_step(struct ready *ready)
{
        struct service *service = (struct service *)((char *)ready - offsetof(struct service, ready));
        bool had_goal = service->goal.kind != GOAL_NONE;
        bool failed = false;

        if (service->registry->stopping)
                return false;
        service->send_error = 0;
        if (service->goal.kind != GOAL_NONE && s6_status_is_alive(&service->status))
                step_see(service); /* one that somebody has stopped would not see its TERM */
        stand_in_step(service);
        if (had_goal)
                failed = service_judge(service) == GOAL_FAILED;
        if (service->goal.kind == GOAL_NONE && service->operation == OPERATION_NONE && service->profile)
                restart_follow_record(service);
        if (service->operation == OPERATION_NONE && service->profile) {
                logger_follow(service);
                locks_follow(service);
        }
        service_follow_time(service);
        if (had_goal && service->goal.kind == GOAL_NONE)
                stagger_wake(service->registry);
        if (had_goal && service->goal.kind == GOAL_NONE && service->waits)
                service_settle_waits(service, failed ? &(struct fault){.kind = FAULT_FAILED} : NULL);
        if (service->follower)
                ready_wake(service->follower);
        return false;
}

/* Judged by what is there now, not by what was read before a long turn of the loop. */
static void service_expired(void *owner)
{
        struct service *service = owner;

        registry_catch_up(service->registry);
        again_try(service);
        service_see(service);
        service_wake(service);
}

struct service *service_new(struct registry *registry, const char *name, bool gateway)
{
        struct service *service = registry_add(registry, name, gateway);

        if (!service)
                return NULL;
        ready_init(&service->ready, &registry->ready, service_step);
        timer_init(&service->timer, registry->loop, service_expired, service);
        return service;
}
