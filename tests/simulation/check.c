/* SPDX-License-Identifier: ISC */
#include "wants.h"

#include <string.h>

#include "daemon/bounds.h"
#include "daemon/order/order_parts.h"
#include "daemon/order/world.h"
#include "daemon/session/peer.h"
#include "daemon/session/server.h"
#include "daemon/slot/removal.h"
#include "s6.h"

/* What must hold of the model: after each step, and when the world has come to rest. Of files: check_files.c. */

static const struct registry *registry(void)
{
        return sim_server() ? sim_server()->registry : NULL;
}

static void check_one_gateway(void)
{
        for (unsigned i = 0; i < s6_count(); i++)
                SIM_HOLDS(!s6_profile(i) || s6_gateways(i) <= 1, "one-gateway", "%u processes of %s",
                          s6_gateways(i), s6_name(i));
}

/* Who keeps a gateway's logger down lets it go first. */
static void check_logged_first(void)
{
        const unsigned keeps = FAULT_DISK | FAULT_MEMORY | FAULT_DESCRIPTORS;

        for (unsigned i = 0; i < s6_count() && !(sim_settings->faults & keeps); i++)
                SIM_HOLDS(!s6_profile(i) || !s6_unlogged(i), "logger-comes-first",
                          "%s began, and its logger was kept down", s6_name(i));
}

static void check_serials(void)
{
        for (size_t i = 0; i < registry()->count; i++) {
                const struct service *service = registry()->services[i];

                SIM_HOLDS(service->persisted_serial <= registry()->serial, "serials",
                          "%s: the volume answered for what it was not told", service->name);
                SIM_HOLDS(i == 0 || strcmp(registry()->services[i - 1]->name, service->name) < 0,
                          "registry-is-sorted", "%s stands behind %s", service->name,
                          registry()->services[i - 1]->name);
        }
}

/* Nobody is told how a run ended that did not end so. */
static void check_exit(void)
{
        for (size_t i = 0; i < registry()->count; i++) {
                const struct service *service = registry()->services[i];
                const struct record *record = &service->record;
                int place = s6_find(service->name);

                SIM_HOLDS(!record->has_exit || place < 0 ||
                                  s6_ended_so((unsigned)place, record->exit_at_usec, record->exit_code,
                                              record->exit_signal),
                          "exit-is-so", "%s: it ended with code %d, signal %d, it is said, and did not",
                          service->name, record->exit_code, record->exit_signal);
        }
}

/* Exit 78 says that no try helps: only a person's start tries again. */
static void check_configuration(void)
{
        for (size_t i = 0; i < registry()->count; i++) {
                const struct record *record = &registry()->services[i]->record;

                SIM_HOLDS(!record->has_exit || record->exit_code != 78 ||
                                  record->brake.hold != HOLD_BACKOFF || !record->brake.next_start_usec,
                          "configuration-is-not-retried", "%s waits for a start, having ended with 78",
                          registry()->services[i]->name);
        }
}

/* Of one service, in this life of the broker: since when it waits for that start; since when nobody supervises it. */
#define FOLLOWED_MOST 64
#define BACKOFF_MOST_USEC (400 * (int64_t)1000000)
#define UNSEEN_MOST_USEC (5 * (int64_t)1000000)
static struct followed {
        char name[CLIENT_NAME_BYTES];
        int64_t next_start_usec;
        int64_t waits_usec, alone_usec, unlogged_usec;
} followed[FOLLOWED_MOST];

static struct followed *follow(const char *name)
{
        unsigned i = 0;

        while (i < FOLLOWED_MOST - 1 && followed[i].name[0] && strcmp(followed[i].name, name) != 0)
                i++;
        if (strcmp(followed[i].name, name) != 0) {
                followed[i] = (struct followed){.alone_usec = SIM_NEVER, .unlogged_usec = SIM_NEVER};
                strncpy(followed[i].name, name, CLIENT_NAME_BYTES - 1);
        }
        return &followed[i];
}

/* A back-off has a bound, whatever the clock does. */
static void check_backoff(const struct service *service, struct followed *its)
{
        const struct brake *brake = &service->record.brake;
        bool waits = brake->hold == HOLD_BACKOFF && brake->next_start_usec && service->own.supervised &&
                     !service->own.status.pid && !service->again.what;

        if (!waits || its->next_start_usec != brake->next_start_usec)
                its->waits_usec = sim_now_usec();
        its->next_start_usec = brake->next_start_usec;
        SIM_HOLDS(sim_now_usec() - its->waits_usec < BACKOFF_MOST_USEC, "backoff-has-an-end",
                  "%s waits for its start since %lld s", service->name,
                  (long long)(sim_now_usec() - its->waits_usec) / 1000000);
}

/* That a supervisor is gone is seen soon. */
static void check_supervised(const struct service *service, struct followed *its)
{
        int place = s6_find(service->name);
        bool alone = place >= 0 && s6_look((unsigned)place, false).supervisor == 0 &&
                     service->own.supervised && !service->again.what;

        if (!alone)
                its->alone_usec = SIM_NEVER;
        else if (its->alone_usec == SIM_NEVER)
                its->alone_usec = sim_now_usec();
        SIM_HOLDS(!alone || sim_now_usec() - its->alone_usec < UNSEEN_MOST_USEC ||
                          sim_settings->faults & FAULT_INOTIFY,
                  "supervisor-is-seen", "%s has no supervisor for %lld s, and is taken for supervised",
                  service->name, (long long)(sim_now_usec() - its->alone_usec) / 1000000);
}

/* A gateway that has run for a while has its logger up, or on its way, or held back. */
static void check_logged(const struct service *service, struct followed *its)
{
        const struct run *logger = &service->logger;
        int place = s6_find(service->name);
        struct s6_seen seen = s6_look((unsigned)place, true);
        bool mute = s6_look((unsigned)place, false).state == S6_UP && seen.state == S6_DOWN && !seen.wanted &&
                    logger->goal.kind == GOAL_NONE && logger->brake->hold == HOLD_NONE &&
                    service->operation == OPERATION_NONE && !service->again.what &&
                    service->place.kind == PLACE_KEPT;

        if (!mute)
                its->unlogged_usec = SIM_NEVER;
        else if (its->unlogged_usec == SIM_NEVER)
                its->unlogged_usec = sim_now_usec();
        SIM_HOLDS(!mute || sim_now_usec() - its->unlogged_usec < UNSEEN_MOST_USEC ||
                          sim_settings->faults & FAULT_INOTIFY,
                  "what-runs-is-logged", "%s runs, and for %lld s nobody starts its logger", service->name,
                  (long long)(sim_now_usec() - its->unlogged_usec) / 1000000);
}

static void check_followed(void)
{
        for (size_t i = 0; i < registry()->count; i++) {
                const struct service *service = registry()->services[i];

                if (service->profile)
                        check_backoff(service, follow(service->name));
                if (service->profile && s6_find(service->name) >= 0)
                        check_logged(service, follow(service->name));
                check_supervised(service, follow(service->name));
        }
}

void check_after_step(void)
{
        check_one_gateway();
        check_logged_first();
        if (!registry())
                return;
        check_configuration();
        check_exit();
        check_followed();
        check_brakes();
        check_bounds(sim_server());
        check_serials();
}

/* Nothing is under way: neither orders nor waits, nothing comes or goes, nothing waits for the volume. */
static void check_nothing_is_open(void)
{
        const struct registry *all = registry();

        SIM_HOLDS(!all->orders && !all->names_under_way, "nothing-is-open",
                  "an order is under way, %zu names", all->names_under_way);
        SIM_HOLDS(!all->reconciles->running && !all->reconciles->queue, "nothing-is-open",
                  "a reconcile is under way");
        SIM_HOLDS(!all->store.batches && !all->store.queued_bytes && !all->store.queued_root_bytes,
                  "nothing-is-open", "something waits for the volume: %zu bytes, root's %zu",
                  all->store.queued_bytes, all->store.queued_root_bytes);
        for (size_t i = 0; i < all->count; i++) {
                const struct service *service = all->services[i];

                /* Whom there was no memory to note has left a removal that never began: the next one uses it. */
                SIM_HOLDS(service->operation == OPERATION_NONE && !service->registration &&
                                  (!service->removal || sim_settings->faults & FAULT_MEMORY) &&
                                  service->place.kind == PLACE_KEPT,
                          "nothing-is-open", "%s comes or goes: operation %d, place %d", service->name,
                          (int)service->operation, (int)service->place.kind);
                SIM_HOLDS(!service->waits, "nothing-is-open", "somebody waits for %s", service->name);
                SIM_HOLDS(!service->record.unpersisted || record_is_blind(&service->record),
                          "accepted-gets-to-the-volume", "%s waits for the volume", service->name);
                SIM_HOLDS(!service->again.what, "nothing-is-open", "%s: something is to be tried again",
                          service->name);
        }
}

/* The slot's record and the volume's say the same. */
static void check_record(const struct service *service)
{
        struct wants_record record;

        if (wants_is_loose(service->name))
                return;
        SIM_HOLDS(wants_read(service->profile, &record), "record-is-whole", "%s: its record is none",
                  service->name);
        if (service->record.brake.hold != HOLD_NONE && service->record.cause == CAUSE_UNREADABLE)
                return; /* it is not run by what nobody could read */
        SIM_HOLDS(record.want == WANT_NOTHING || record_is_blind(&service->record) ||
                          (record.want == WANT_UP) == service->record.want_up,
                  "record-is-recorded", "%s: the slot says %s, and the volume does not", service->name,
                  service->record.want_up ? "up" : "down");
        SIM_HOLDS(record.want == WANT_NOTHING || record_is_blind(&service->record) ||
                          record.environment == check_mark_of(service->name),
                  "record-is-recorded", "%s: the slot has variables %d, and the volume %d", service->name,
                  check_mark_of(service->name), record.environment);
}

/* What is wanted is up, or said to be held back, and why; what is not is down. */
static void check_alive(const struct service *service)
{
        const struct record *record = &service->record;
        int place = s6_find(service->name);
        struct s6_seen seen = s6_look((unsigned)place, false);

        SIM_HOLDS(seen.state != S6_UP || service->logger.brake->hold != HOLD_NONE ||
                          (s6_look((unsigned)place, true).state == S6_UP && !service->logger.idle) ||
                          (check_is_forgotten(service, true) && service->shown.log_trouble),
                  "what-runs-is-logged", "%s runs, and its logger does not: s6 has it as %d", service->name,
                  (int)s6_look((unsigned)place, true).state);
        if (check_ignores_its_end(service))
                return;
        if (record->want_up && record->brake.hold == HOLD_NONE)
                SIM_HOLDS(service->shown.state == STATE_UP && seen.state == S6_UP && seen.wanted,
                          "wanted-is-up", "%s is wanted and not held back: state %d, s6's %d%s",
                          service->name, (int)service->shown.state, (int)seen.state,
                          seen.wanted ? "" : ", which does not want it");
        else if (record->want_up)
                SIM_HOLDS(service->shown.reason[0] || record->brake.next_start_usec == 0,
                          "held-with-a-reason", "%s is held back (%d), and nobody says why", service->name,
                          (int)record->brake.hold);
        else
                SIM_HOLDS(seen.state == S6_DOWN && !s6_gateways((unsigned)place), "unwanted-is-down",
                          "%s is not wanted, and s6 has it as %d, with %u processes", service->name,
                          (int)seen.state, s6_processes((unsigned)place));
}

/* What is shown is what is. */
static void check_shown(const struct service *service)
{
        struct s6_seen seen = s6_look((unsigned)s6_find(service->name), false);
        bool runs = seen.state == S6_UP;
        bool shows = service->shown.state == STATE_UP || service->shown.state == STATE_STARTING ||
                     service->shown.state == STATE_STOPPING;

        SIM_HOLDS(seen.state == S6_ABSENT || runs == shows, "shown-is-so",
                  "%s is shown as %d, and s6 has it as %d", service->name, (int)service->shown.state,
                  (int)seen.state);
        SIM_HOLDS(!runs || service->shown.pid == seen.pid, "shown-is-so",
                  "%s is shown with another process than it has", service->name);
        SIM_HOLDS(seen.supervisor != 0 || service->shown.state == STATE_UNSUPERVISED, "shown-is-so",
                  "%s has no supervisor, and is shown as %d", service->name, (int)service->shown.state);
}

static void check_acknowledged(const struct service *service)
{
        unsigned want = wants_of(service->name);

        SIM_HOLDS(service->record.own_stop ||
                          want & (service->record.want_up ? WANT_UP : WANT_DOWN | WANT_NOTHING),
                  "acknowledged-is-wanted",
                  "%s: wanted %s, and what was acknowledged is %u (1 nothing, 2 down, 4 up)", service->name,
                  service->record.want_up ? "up" : "down", want);
}

/* A gateway that was ordered to be there is; what is no slot has no process. */
static void check_slots(void)
{
        for (unsigned i = 0; i < s6_count(); i++) {
                const struct service *service = registry_find(registry(), s6_name(i));

                if (!s6_profile(i) || service)
                        continue;
                /* Or there is no place for it. */
                SIM_HOLDS(wants_of(s6_name(i)) & WANT_NOTHING || !registry_room(registry()),
                          "acknowledged-is-wanted", "%s has no slot", s6_name(i));
                SIM_HOLDS(!s6_processes(i) && s6_look(i, false).supervisor == 0 &&
                                  s6_look(i, true).supervisor == 0,
                          "unregistered-is-gone", "%s has no slot, and %u processes", s6_name(i),
                          s6_processes(i));
        }
}

void check_at_rest(void)
{
        if (!registry())
                return;
        check_nothing_is_open();
        for (size_t i = 0; i < registry()->count; i++) {
                const struct service *service = registry()->services[i];

                if (s6_find(service->name) < 0)
                        continue;
                check_shown(service);
                if (!service->profile)
                        continue;
                check_record(service);
                check_acknowledged(service);
                check_alive(service);
        }
        check_slots();
        check_files_at_rest();
}
