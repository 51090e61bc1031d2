/* SPDX-License-Identifier: ISC */
#include "daemon/slot/revival.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/bounds.h"
#include "daemon/edge/control.h"
#include "daemon/edge/groups.h"
#include "daemon/edge/process.h"
#include "daemon/edge/stray.h"
#include "daemon/judge/revival.h"
#include "daemon/judge/shortage.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "daemon/slot/publication.h"
#include "daemon/slot/renewal.h"
#include "proto/sysname.h"

/* Does the name in the scan directory lead to the slot, so that s6-svscan can see it? */
static bool is_in_sight(const struct service *service)
{
        const struct registry *registry = service->registry;
        struct stat seen, slot;

        return registry_is_linked(registry, service->name) == 1 &&
               fstatat(registry->scandir.fd, service->name, &seen, 0) == 0 &&
               fstatat(registry->slots.fd, service->name, &slot, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISDIR(slot.st_mode) && seen.st_dev == slot.st_dev && seen.st_ino == slot.st_ino;
}

static bool is_at_work(pid_t pid)
{
        return pid > 0 && process_state(pid) != PROCESS_STATE_ENDED;
}

/* Does that result say nothing, so that what was looked for may be there? */
static bool is_passing(int result)
{
        return shortage_is_why(result) || result == -EIO;
}

/* Processes of a gateway whose s6-supervise was killed may go on. A number that is another process's by now
 * only delays the revival. */
static bool is_left_running(const struct service *service)
{
        const struct registry *registry = service->registry;
        struct s6_status status;
        struct groups groups;
        int result = s6_status_read(registry->slots.fd, service->name, &status);

        if (is_passing(result) || (result == 0 && is_at_work(status.pid)))
                return true;
        if (groups_read(registry->slots.fd, service->name, registry->deputy.crew.uid, &groups) < 0)
                return true;
        for (size_t i = 0; i < groups.count; i++)
                if (is_at_work(groups.marks[i].pid))
                        return true;
        return false;
}

static struct halves revival_halves(const struct service *service)
{
        return (struct halves){
                .gateway = service->own.supervised,
                .logger = service->logger.there && service->logger.supervised,
                .has_log = service->logger.there,
                .runs = service->own.supervised ? service->own.status.pid != 0 : is_left_running(service),
        };
}

/* A logger that is told to end flushes what it has read; one that hangs is killed the next time. */
static void revival_end_logger(struct service *service)
{
        const char *letters = service->revival.tries > 1 ? "kx" : "dx";

        run_order(&service->logger, letters);
}

static void revival_act(struct service *service, enum revival revival)
{
        int result;

        service->revival.tries++;
        switch (revival) {
        case REVIVAL_NOTHING:
        case REVIVAL_STRAY:
                break;
        case REVIVAL_END_LOGGER:
                log_event("revival: its logger's s6-supervise is ended, so that both are started: service=%s "
                          "try=%u",
                          service->name, service->revival.tries);
                revival_end_logger(service);
                break;
        case REVIVAL_END_GATEWAY:
                log_event("revival: its s6-supervise is ended, so that both are started: service=%s try=%u",
                          service->name, service->revival.tries);
                run_send(&service->own, "x"); /* a run that it starts meanwhile goes on */
                break;
        case REVIVAL_RENEW:
                result = renewal_make(service);
                log_event("revival: its slot is made anew: service=%s try=%u why=%s", service->name,
                          service->revival.tries, result ? sysname_error(-result) : "-");
                break;
        }
}

static void revival_forget(struct service *service)
{
        memset(&service->revival, 0, sizeof(service->revival));
}

/* Has s6-svscan read what it was told? One that was stopped, or is not there, has not had its time. */
static bool svscan_has_read(const struct registry *registry)
{
        return scandir_is_running(&registry->scandir) == 1 && scandir_unread(&registry->scandir) == 0;
}

static void revival_over(struct service *service)
{
        if (service->revival.tries)
                log_event("revival: supervised again: service=%s after_msec=%lld", service->name,
                          (long long)(clock_msec() - service->revival.since_msec));
        revival_forget(service);
}

/* Has the slot lacked a supervisor for long enough, while s6-svscan has seen it all the time? */
static bool revival_is_at(struct service *service, bool is_read)
{
        int64_t now_msec = clock_msec();

        if (service->again.what & AGAIN_LOOK || !is_read || !is_in_sight(service)) {
                revival_forget(service);
                return false;
        }
        if (!service->revival.since_msec) {
                service->revival.since_msec = now_msec;
                service->revival.pause_msec = REVIVAL_FIRST_MSEC;
                service->revival.next_msec = now_msec + REVIVAL_FIRST_MSEC;
        }
        return now_msec >= service->revival.next_msec;
}

static void note_stray(void *owner, const char *name, pid_t pid, bool busy)
{
        const struct registry *registry = owner;
        const char *suffix = strchr(name, '/');
        char own[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;
        pid_t *stray;

        if ((suffix && strcmp(suffix, "/log") != 0) || strcspn(name, "/") >= sizeof(own))
                return;
        snprintf(own, sizeof(own), "%.*s", (int)strcspn(name, "/"), name);
        service = registry_find(registry, own);
        if (!service)
                return;
        stray = suffix ? &service->revival.stray_logger : &service->revival.stray;
        if (*stray <= 0)
                *stray = busy ? -EBUSY : pid;
}

/* Looks for the strays of all slots in one go, however many slots lack a supervisor. */
static void look_for_strays(struct registry *registry)
{
        for (size_t i = 0; i < registry->count; i++)
                registry->services[i]->revival.stray = registry->services[i]->revival.stray_logger = 0;
        stray_each(registry->scandir.fd, note_stray, registry);
}

/* pid: of a stray s6-supervise. If that has a process where it is, nothing is done: the process may be the
 * gateway. */
static enum revival revival_of_stray(const struct service *service, const char *name, pid_t pid,
                                     enum revival otherwise)
{
        if (pid <= 0)
                return pid == -EBUSY ? REVIVAL_NOTHING : otherwise;
        if (stray_dismiss(pid) < 0)
                return otherwise;
        log_event("revival: an s6-supervise that is not in its slot is ended: service=%s pid=%d try=%u", name,
                  (int)pid, service->revival.tries + 1);
        return REVIVAL_STRAY;
}

/* Does what there is to do for one slot. False: nothing can be done now; what runs may end later. */
static bool revival_try(struct service *service)
{
        const struct halves halves = revival_halves(service);
        enum revival revival = revival_judge(&halves);
        int64_t pause_msec = service->revival.pause_msec * 2;

        if (!halves.gateway)
                revival = revival_of_stray(service, service->name, service->revival.stray, revival);
        if (revival != REVIVAL_STRAY && halves.has_log && !halves.logger)
                revival = revival_of_stray(service, control_name(&service->logger.control).text,
                                           service->revival.stray_logger, revival);
        if (revival == REVIVAL_NOTHING)
                return false;
        revival_act(service, revival);
        service->revival.pause_msec = pause_msec < REVIVAL_MOST_MSEC ? pause_msec : REVIVAL_MOST_MSEC;
        service->revival.next_msec = clock_msec() + service->revival.pause_msec;
        return true;
}

void revival_turn(struct registry *registry)
{
        bool is_read = svscan_has_read(registry), has_looked = false;
        unsigned left = REVIVAL_AT_ONCE;

        for (size_t i = 0; i < registry->count; i++) {
                struct service *service = registry->services[i];

                if (!service->profile || !service_lacks_supervisor(service)) {
                        revival_over(service);
                        continue;
                }
                if (!revival_is_at(service, is_read) || !left)
                        continue;
                if (!has_looked)
                        look_for_strays(registry);
                has_looked = true;
                if (revival_try(service))
                        left--;
        }
        if (left < REVIVAL_AT_ONCE)
                publication_rescan(registry);
}
