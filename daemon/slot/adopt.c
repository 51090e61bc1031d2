/* SPDX-License-Identifier: ISC */
#include "daemon/slot/adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/edge/entries.h"
#include "daemon/log/log.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/edge/tree.h"
#include "daemon/judge/shortage.h"
#include "daemon/slot/adopt_boot.h"
#include "daemon/slot/operation.h"
#include "daemon/service/logger.h"
#include "daemon/service/turn.h"
#include "daemon/service/persist.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"
#include "daemon/slot/publication.h"
#include "daemon/slot/scan.h"
#include "daemon/keep/sweep.h"
#include "daemon/service/volume_room.h"
#include "daemon/service/watches.h"
#include "proto/name.h"
#include "proto/sysname.h"

/* Reads the slot's record. *recorded: 0, or a negative errno if there is no record of this gateway that can
 * be read. Returns 0, or the negative errno of a shortage: that makes everything fail alike, and says nothing
 * about the slot, so this start is over, and s6 makes another. */
static int adopt_record(struct service *service, int *recorded)
{
        struct registry *registry = service->registry;
        char profile[LIMIT_PROFILE_NAME_BYTES + 2];
        char *text = NULL;
        int result = slot_read_profile(&registry->slots, service->name, profile, sizeof(profile));

        if (result == 0 && strcmp(profile, service->profile) != 0)
                result = -EBADMSG;
        if (result == 0)
                result = slot_read_state(&registry->slots, service->name, &text);
        if (result == 0)
                result = record_read(text, &service->record);
        if (result == 0)
                result = record_read_members(text, &service->record_members);
        free(text);
        *recorded = result;
        return shortage_is_why(result) ? result : 0;
}

/* When, by clock_msec(), the run that was told to end is killed: its time began when it was told. */
static int64_t adopt_kill_msec(const struct record *record)
{
        int64_t age_msec = record->told_usec ? (clock_utc_usec() - record->told_usec) / 1000 : 0;
        int64_t left_msec = (int64_t)record->kill_after_msec - (age_msec > 0 ? age_msec : 0);

        return clock_msec() + (left_msec > 0 ? left_msec : 0);
}

/* Is the end that the status shows the one that an order had asked for, while what was to follow has not
 * begun? The finish script may undo a `u` that came before the script has ended. */
static bool adopt_ended_by_order(const struct service *service, const struct s6_status *status)
{
        const struct record *record = &service->record;
        unsigned deaths;

        if (s6_status_is_alive(status) || record->brake.hold != HOLD_NONE)
                return false;
        if (record->exit_order == EXIT_ORDERED && record->exit_at_usec == status->since_usec)
                return true;
        /* No broker has seen that end; with an order, the tally begins anew. */
        return record->told != TOLD_NOTHING &&
               s6_tally_count(service_at(service), service->name, &deaths) == 0 && deaths <= 1;
}

/* Takes up the order that the last broker was about to give, or that the run was given and has not carried
 * out yet. */
static void adopt_order(struct service *service, const struct s6_status *status)
{
        const struct record *record = &service->record;
        bool runs = status->pid && !status->finishing;

        if (runs && record->told != TOLD_NOTHING && record->told_pid == status->pid)
                service->own.told = record->told;
        if (runs && record->signalled_pid == status->pid)
                signals_adopt(&service->own.signals, status->pid, record->signalled, record->signalled_usec);
        if (!record->pending && record->want_up && service->own.told == TOLD_NOTHING &&
            !adopt_ended_by_order(service, status))
                return;
        if (record->pending == PENDING_ORDER && record->want_up && !runs) {
                stagger_start(service); /* a boot may have left many */
                return;
        }
        service->own.goal =
                (struct goal){.kind = record->want_up ? GOAL_UP : GOAL_DOWN, .base_usec = status->since_usec};
        service->own.goal.kill_after_msec = record->kill_after_msec;
        if (service->own.told != TOLD_NOTHING && record->kill_after_msec)
                service->own.kill_msec = adopt_kill_msec(record);
        service->starter = STARTER_PERSON;
        if (runs && (record->pending == PENDING_RESTART || service->own.told == TOLD_RESTART))
                service->own.goal.replace = status->pid;
}

/*
 * The slot lives: its link and its down file are made as they should be. An order that may have been lost
 * with the last broker is given again; one that reached s6-supervise is not, since a gateway takes a second
 * SIGTERM for impatience.
 */
static void adopt_live(struct service *service)
{
        struct registry *registry = service->registry;

        if (!registry_is_linked(registry, service->name) && registry_link(registry, service->name) == 0)
                publication_rescan(registry);
        service_set_down(service, !record_runs_now(&service->record));
        adopt_order(service, &service->own.status);
}

/* The slot is whole, and nobody supervises it: a killed broker left its register, unless s6-svscan is just
 * about to start it. */
static void adopt_dead(struct service *service)
{
        struct registry *registry = service->registry;
        bool linked = registry_is_linked(registry, service->name) != 0;
        int result = 0;

        /* What a living s6-supervise of the logger has in log/ is not to be removed. */
        if (!linked && !service->logger.supervised)
                result = slot_clean(&registry->slots, service->name);
        if (result == 0)
                result = service_set_down(service,
                                          !record_runs_now(&service->record) || service->record.pending);
        if (result == 0)
                result = operation_resume_register(service);
        if (result == 0 && service->record.pending && service->record.want_up)
                stagger_start(service);
        else
                service->record.pending = PENDING_NOTHING;
        if (result)
                log_event("adopt: cannot publish: %s service=%s", sysname_error(-result), service->name);
}

/* What was wanted is not known: a gateway that is supervised goes on as s6 has it, any other is left to a
 * person. */
static void adopt_unrecorded(struct service *service, int why)
{
        bool newer = why == -EPROTONOSUPPORT;

        if (newer)
                log_event("adopt: its record was written by a newer svcbrokerd service=%s", service->name);
        else
                log_event("adopt: its record cannot be read service=%s", service->name);
        service->record = (struct record){.want_up = true};
        if (service->own.supervised) {
                service->record.want_up = service->own.status.want_up;
        } else {
                service->record.brake.hold = HOLD_HELD;
                service->record.cause = newer ? CAUSE_NEWER : CAUSE_UNREADABLE;
                snprintf(service->record.reason, sizeof(service->record.reason), "%s; start it to run it",
                         newer ? "its record was written by a newer svcbrokerd"
                               : "its record could not be read");
        }
        service_save(service);
}

/* Looks at the slot's two s6-supervise, each of which may be alive or not. They are watched first, so that
 * none begins unseen. */
static int adopt_look(struct service *service)
{
        int result = logger_find(service);

        if (result)
                return result;
        if (watches_arm(service->registry, service))
                log_event("adopt: cannot watch: service=%s", service->name);
        service_see(service);
        logger_resume(service);
        /* What the gateway's s6-supervise has not read yet of the last broker's orders may start it. */
        service->own.told_up = service->own.supervised && !run_is_alive(&service->own) &&
                               control_is_unread(&service->own.control, 0);
        return shortage_is_why(-service->again.error) ? -service->again.error : 0;
}

/* Removes what was begun in the slot and not ended, and finds how large its variables are. */
static void adopt_files(struct service *service)
{
        const struct slots *slots = &service->registry->slots;
        struct json_object *environment = NULL;

        slot_tidy(slots, service->name);
        service->environment_bytes = 1; /* variables that cannot be read count as some */
        if (slot_read_environment(slots, service->name, &environment) == 0)
                service->environment_bytes = environment_weight(environment);
        else
                log_event("adopt: its variables cannot be read service=%s", service->name);
        json_object_put(environment);
}

static int adopt_slot(struct registry *registry, const char *name)
{
        struct service *service = service_new(registry, name, true);
        int result, recorded = 0;
        bool alive;

        if (!service)
                return -ENOMEM;
        result = adopt_record(service, &recorded);
        history_recall(service);
        /* The gateway was registered since, by a broker that does not know what the volume is owed. */
        if (result == 0 && (recorded || service->record.removing != REMOVING_ALL))
                owed_pay(registry, service->profile);
        if (registry->owed.unsaved)
                persist_later(registry);
        if (result == 0)
                result = adopt_look(service);
        if (result)
                return result;
        alive = service->own.supervised || service->again.what & AGAIN_LOOK;
        if (!alive && (recorded ? registry->fresh_boot : strcmp(service->record.boot, registry->boot) != 0)) {
                registry->has_dead = true; /* the last container's: the volume says what becomes of it */
                registry_forget(registry, service);
                return 0;
        }
        adopt_files(service);
        if (recorded)
                adopt_unrecorded(service, recorded);
        restart_take_option(service);
        if (service->record.removing) {
                operation_resume_unregister(service);
        } else if (alive) {
                adopt_live(service);
        } else {
                adopt_dead(service);
        }
        service_follow_time(service);
        service_wake(service);
        return 0;
}

static bool is_gateway_name(const char *name)
{
        const char *profile = name_profile_of(name);

        return profile && name_check_profile(profile) == NAME_OK;
}

/* .gateway-x and .gateway-x~ are halves of a register or unregister that a killed broker left. */
static void adopt_leftover(struct registry *registry, const char *name)
{
        char base[NAME_MAX + 1];
        struct stat info;
        size_t length;

        snprintf(base, sizeof(base), "%s", name + 1);
        length = strlen(base);
        if (length && base[length - 1] == '~')
                base[length - 1] = 0;
        if (!is_gateway_name(base)) {
                log_event("adopt: ignored: no gateway's name: name=%s", name);
                return;
        }
        /* What is left is removed only if the slot itself is certainly not there. faccessat(2) would not say so: a
         * sandbox may refuse it. */
        if (!registry_find(registry, base) &&
            fstatat(registry->slots.fd, base, &info, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
                registry_unlink(registry, base);
                slot_remove(&registry->slots, base);
                log_event("adopt: removed what was left of service=%s", base);
        }
}

static void remove_one_dead(struct registry *registry, const char *name)
{
        if (!is_gateway_name(name) || registry_find(registry, name))
                return;
        registry_unlink(registry, name);
        slot_remove(&registry->slots, name);
}

bool adopt_remove_dead(struct registry *registry)
{
        struct entries *dead = &registry->dead;

        if (!registry->has_dead || (!dead->count && entries_read(registry->slots.fd, dead)))
                return false;
        if (registry->dead_removed < dead->count) {
                remove_one_dead(registry, dead->names[registry->dead_removed++]);
                return true;
        }
        entries_free(dead);
        *dead = (struct entries){0};
        registry->dead_removed = 0;
        registry->has_dead = false;
        return false;
}

static void adopt_late(struct registry *registry, const char *name)
{
        struct service *service;
        struct stat info;

        if (registry->stopping || registry->has_dead || !is_gateway_name(name) ||
            registry_find(registry, name) ||
            fstatat(registry->slots.fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        log_event("adopt: a slot is there again: service=%s", name);
        if (adopt_slot(registry, name) == 0)
                return;
        service = registry_find(registry, name);
        if (service)
                registry_forget(registry, service);
}

static void adopt_all_late(struct noted *late)
{
        struct entries entries;
        struct text names;

        if (entries_read(late->registry->slots.fd, &entries))
                return;
        text_init(&names);
        for (size_t i = 0; i < entries.count; i++)
                text_append(&names, entries.names[i], strlen(entries.names[i]) + 1);
        entries_free(&entries);
        noted_whole(late, &names);
        text_deinit(&names);
}

static bool late_step(struct ready *ready)
{
        struct noted *late = (struct noted *)ready;
        const char *name;

        if (noted_take_all(late))
                adopt_all_late(late);
        name = noted_take(late);
        if (name)
                adopt_late(late->registry, name);
        return name != NULL;
}

void adopt_init(struct noted *late, struct registry *registry)
{
        noted_init(late, registry, late_step);
}

int adopt(struct registry *registry)
{
        struct entries entries = {0};
        struct room room;
        int result = adopt_read_boot(registry);

        if (result == 0 && shortage_is_why(owed_read(registry)))
                result = -EMFILE;
        if (result == 0)
                result = entries_read(registry->slots.fd, &entries);
        for (size_t i = 0; result == 0 && i < entries.count; i++) {
                const char *name = entries.names[i];

                if (adopt_is_beside(name))
                        continue;
                if (name[0] == '.')
                        adopt_leftover(registry, name);
                else if (is_gateway_name(name))
                        result = adopt_slot(registry, name);
                else
                        log_event("adopt: ignored: no gateway's name: name=%s", name);
        }
        entries_free(&entries);
        if (result)
                return result;
        scan_all(registry);
        registry_read_room(registry, &room);
        sweep_run(&registry->store);
        volume_room_look(registry);
        persist_soon(registry); /* what the last broker had no time to write */
        return 0;
}
