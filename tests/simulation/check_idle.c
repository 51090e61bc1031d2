/* SPDX-License-Identifier: ISC */
/* What must hold whenever nothing can happen before some time has passed: the broker sleeps then, so it must know of what is, and have a
 * timer, or somebody's answer to come, for whatever it still has to do. A wake that was lost shows here at once, though something else
 * would make up for it later. */
#include "wants.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "daemon/order/reconcile.h"
#include "daemon/order/world.h"
#include "daemon/session/server.h"
#include "s6.h"

static const struct registry *registry(void)
{
        return sim_server()->registry;
}

static bool is_due(const struct service *service)
{
        return timer_is_running(&service->timer) || ready_is_waiting(&service->ready);
}

static void check_tried_again(const struct service *service)
{
        bool told = service->own.send_error || service->logger.send_error;

        SIM_HOLDS(!service->again.what || is_due(service), "tried-again",
                  "%s: something is to be tried again (%x), and nobody does", service->name,
                  service->again.what);
        SIM_HOLDS(!told || service->operation != OPERATION_NONE || is_due(service), "tried-again",
                  "%s: an order could not be given, and nobody gives it again", service->name);
}

/* Whatever becomes of the broker, another s6-supervise obeys what is wanted now. */
static void check_down(const struct service *service)
{
        bool runs = record_runs_now(&service->record), is_down;
        char path[CLIENT_NAME_BYTES + 32];

        if (!service->profile || service->operation != OPERATION_NONE || service->again.what ||
            service->queued || service->record.pending)
                return;
        snprintf(path, sizeof(path), "services/%.63s/down", service->name);
        is_down = faccessat(sim_directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        SIM_HOLDS(is_down == !runs, "down-file", "%s: it is %sto run now, and its down file is %sthere",
                  service->name, runs ? "" : "not ", is_down ? "" : "not ");
}

/* So it does of its logger, which no gateway that may begin is without. */
static void check_logger_down(const struct service *service)
{
        char path[CLIENT_NAME_BYTES + 32];
        bool is_down, own_is_down;

        if (!service->profile || service->operation != OPERATION_NONE || service->again.what)
                return;
        snprintf(path, sizeof(path), "services/%.63s/log/down", service->name);
        is_down = faccessat(sim_directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        snprintf(path, sizeof(path), "services/%.63s/down", service->name);
        own_is_down = faccessat(sim_directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        SIM_HOLDS(is_down == service->logger.idle, "down-file",
                  "%s: its logger %s to log, and its down file is %sthere", service->name,
                  service->logger.idle ? "has nothing" : "has something", is_down ? "" : "not ");
        SIM_HOLDS(!is_down || own_is_down, "logger-comes-first", "%s may begin, and its logger is kept down",
                  service->name);
}

/* What the volume does not have is on its way there, or will be. */
static void check_persisted(const struct service *service)
{
        bool waits = service->profile && service->record.unpersisted && !record_is_blind(&service->record) &&
                     !service->record.removing && service->operation == OPERATION_NONE;

        SIM_HOLDS(!waits || service->persisted_serial < service->serial ||
                          timer_is_running(&registry()->persist_again) || registry()->orders ||
                          registry()->reconciles->running,
                  "tried-again", "%s: the volume lacks it, and nobody writes it", service->name);
}

/* Whoever waits for his turn to start has it, where there is one. */
static void check_queued(void)
{
        unsigned starting = 0, could = 0;

        for (size_t i = 0; i < registry()->count; i++) {
                const struct service *service = registry()->services[i];

                starting += service->profile && service->own.goal.kind == GOAL_UP;
                could += service->queued && service->operation == OPERATION_NONE && service->own.supervised;
        }
        SIM_HOLDS(!could || starting >= registry()->stagger.at_once, "turn-comes",
                  "%u wait for their turn to start, and %u are starting", could, starting);
}

/* It is seen by a watch, or looked at. */
static bool is_looked_at(const struct service *service)
{
        bool unwatched = service->own.wd < 0 || (service->logger.there && service->logger.wd < 0);

        return unwatched && timer_is_running(&registry()->poll.turn);
}

static void check_run(const struct service *service, const struct run *run, bool log)
{
        const struct s6_seen seen = s6_look((unsigned)s6_find(service->name), log);
        bool alive = run->supervised && run->status.pid && !run->status.finishing;

        if (!run->there || seen.strayed || seen.leaves || seen.state == S6_BEGINS)
                return;
        SIM_HOLDS(seen.supervisor || !run->supervised, "seen-is-so",
                  "%s%s: nobody supervises it, and the broker sleeps and does not know", service->name,
                  log ? "/log" : "");
        SIM_HOLDS(!seen.supervisor || !run->supervised || (seen.state == S6_UP) == alive, "seen-is-so",
                  "%s%s: s6 has it as %d, and the broker sleeps and has it as %s", service->name,
                  log ? "/log" : "", (int)seen.state, alive ? "up" : "not up");
        SIM_HOLDS(!alive || seen.state != S6_UP || seen.pid == run->status.pid, "seen-is-so",
                  "%s%s: another process is up than the broker, which sleeps, knows of", service->name,
                  log ? "/log" : "");
}

static void check_seen(const struct service *service)
{
        if (s6_find(service->name) < 0 || service->operation != OPERATION_NONE || service->again.what ||
            is_looked_at(service) || core->inotify_late_until_usec > sim_now_usec())
                return;
        check_run(service, &service->own, false);
        if (service->profile)
                check_run(service, &service->logger, true);
}

/* What is not noted as lacking is there. Looked at when something of it is new. */
#define FOLLOWED_MOST 64
static struct written {
        char name[CLIENT_NAME_BYTES];
        uint64_t serial;
        bool want_up;
} written[FOLLOWED_MOST];

static bool is_news(const struct service *service)
{
        unsigned i = 0;

        while (i < FOLLOWED_MOST - 1 && written[i].name[0] && strcmp(written[i].name, service->name) != 0)
                i++;
        if (strcmp(written[i].name, service->name) == 0 && written[i].serial == service->persisted_serial &&
            written[i].want_up == service->record.want_up)
                return false;
        written[i] =
                (struct written){.serial = service->persisted_serial, .want_up = service->record.want_up};
        snprintf(written[i].name, sizeof(written[i].name), "%.*s", CLIENT_NAME_BYTES - 1, service->name);
        return true;
}

static void check_written(const struct service *service)
{
        struct wants_record record;

        if (!service->profile || service->record.unpersisted || record_is_blind(&service->record) ||
            service->record.removing || service->operation != OPERATION_NONE ||
            service->record.brake.hold != HOLD_NONE || wants_is_loose(service->name) ||
            owed_has(registry(), service->profile) || !is_news(service))
                return;
        SIM_HOLDS(wants_read(service->profile, &record), "record-is-whole", "%s: its record is none",
                  service->name);
        SIM_HOLDS(record.want == WANT_NOTHING || (record.want == WANT_UP) == service->record.want_up,
                  "noted-as-written", "%s: noted as being on the volume, which says %u and not %s",
                  service->name, record.want, service->record.want_up ? "up" : "down");
}

/* A slot is gone from view, and its supervisors have ended, before it is taken apart. */
static void check_taken_apart(unsigned service, bool log)
{
        const struct s6_seen seen = s6_look(service, log);

        SIM_HOLDS(!seen.supervisor || !seen.deleted, "gone-before-it-is-taken-apart",
                  "%s%s: its directory is gone, and its s6-supervise is not", s6_name(service),
                  log ? "/log" : "");
}

void check_when_idle(void)
{
        if (!sim_server() || !sim_broker_is_ready() || registry()->stopping)
                return;
        for (size_t i = 0; i < registry()->count; i++) {
                const struct service *service = registry()->services[i];

                check_tried_again(service);
                check_down(service);
                check_logger_down(service);
                check_persisted(service);
                check_seen(service);
                check_written(service);
        }
        check_queued();
        for (unsigned i = 0; i < s6_count(); i++) {
                check_taken_apart(i, false);
                check_taken_apart(i, true);
        }
}
