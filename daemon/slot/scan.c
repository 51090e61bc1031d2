/* SPDX-License-Identifier: ISC */
#include "daemon/slot/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/edge/entries.h"
#include "daemon/log/log.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/poll.h"
#include "daemon/service/turn.h"
#include "daemon/service/registry.h"
#include "daemon/service/watches.h"
#include "daemon/slot/publication.h"
#include "proto/name.h"
#include "proto/sysname.h"

/* Nothing can be known of this entry now: the whole directory is looked at again. */
static void scan_again(struct registry *registry, const char *name, int error)
{
        if (!registry->scan_whole)
                log_event("scandir: it is tried again: why=%s name=%s", sysname_error(error), name);
        registry->scan_whole = true;
        poll_wake(registry);
}

static bool is_absent(int error)
{
        return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* 1: there is something of that name, 0: nothing, or a negative errno. */
static int scan_has(const struct registry *registry, const char *path)
{
        struct stat info;

        if (fstatat(registry->scandir.fd, path, &info, 0) == 0)
                return 1;
        return is_absent(errno) ? 0 : -errno;
}

static void scan_add(struct registry *registry, const char *name, ino_t inode)
{
        char path[LIMIT_SERVICE_NAME_BYTES + 32];
        int has_log, has_readiness;
        struct service *service;

        snprintf(path, sizeof(path), "%s/log", name);
        has_log = scan_has(registry, path);
        snprintf(path, sizeof(path), "%s/notification-fd", name);
        has_readiness = scan_has(registry, path);
        if (has_log < 0 || has_readiness < 0) {
                scan_again(registry, name, has_log < 0 ? -has_log : -has_readiness);
                return;
        }
        service = service_new(registry, name, false);
        if (!service) {
                scan_again(registry, name, ENOMEM);
                return;
        }
        service->logger.there = has_log;
        service->own.has_readiness = has_readiness;
        service->inode = inode;
        watches_arm(registry, service); /* it may have no supervise/ yet: poll.h comes back to it */
        service_see(service);
        service_follow_time(service);
        service_wake(service);
}

static void scan_new(struct registry *registry, const char *name)
{
        int linked = registry_is_linked(registry, name);
        struct stat info;

        if (linked < 0) {
                scan_again(registry, name, -linked);
        } else if (linked) {
                /* A link into our own directory whose slot is gone was left by a killed broker. */
                registry_unlink(registry, name);
                log_event("adopt: removed a link to nothing: service=%s", name);
        } else if (fstatat(registry->scandir.fd, name, &info, 0) == 0) {
                if (S_ISDIR(info.st_mode))
                        scan_add(registry, name, info.st_ino);
        } else if (!is_absent(errno)) {
                scan_again(registry, name, errno);
        } else if (fstatat(registry->scandir.fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
                registry->scan_whole = true; /* what the link leads to may come, and nothing tells of that */
        }
}

/* Is the static service gone, or does its name lead to another directory now? */
static bool scan_is_over(struct registry *registry, const struct service *service)
{
        struct stat info;

        if (fstatat(registry->scandir.fd, service->name, &info, 0) == 0)
                return info.st_ino != service->inode;
        if (is_absent(errno))
                return true;
        scan_again(registry, service->name, errno);
        return false;
}

/* Somebody has taken the link of a slot that is there: it is put back, as it would be by a broker that
 * starts. */
static void scan_own(struct service *service)
{
        struct registry *registry = service->registry;
        int linked, result;

        if (service->operation != OPERATION_NONE || log_pipe_is_renewed(service))
                return;
        linked = registry_is_linked(registry, service->name);
        if (linked > 0)
                return;
        result = linked < 0 ? linked : registry_link(registry, service->name);
        if (result == 0) {
                log_event("scandir: its link was gone, and is back: service=%s", service->name);
                publication_rescan(registry);
        } else if (result == -EEXIST) {
                log_event("scandir: something else has its name: service=%s", service->name);
        } else {
                scan_again(registry, service->name, -result);
        }
}

static void scan_one(struct registry *registry, const char *name)
{
        struct service *service = registry_find(registry, name);

        if (service && service->profile) {
                scan_own(service);
                return;
        }
        if (service && scan_is_over(registry, service)) {
                registry_forget(registry, service);
                service = NULL;
        }
        if (!service && name_check_service(name) == NAME_OK)
                scan_new(registry, name);
}

/* Services that are gone have no entry: so all services come first, and behind them the entries that are no
 * service yet. */
static int scan_names(const struct registry *registry, struct text *names)
{
        struct entries entries;
        int result = entries_read(registry->scandir.fd, &entries);

        if (result)
                return result;
        for (size_t i = 0; i < registry->count; i++)
                text_append(names, registry->services[i]->name, strlen(registry->services[i]->name) + 1);
        for (size_t i = 0; i < entries.count; i++)
                if (entries.names[i][0] != '.' && !registry_find(registry, entries.names[i]))
                        text_append(names, entries.names[i], strlen(entries.names[i]) + 1);
        entries_free(&entries);
        return 0;
}

static void scan_note_all(struct noted *scan)
{
        struct registry *registry = scan->registry;
        struct text names;
        int result;

        text_init(&names);
        registry->scan_whole = false;
        result = scan_names(registry, &names);
        if (result == 0)
                result = noted_whole(scan, &names);
        text_deinit(&names);
        if (result)
                scan_again(registry, ".", -result);
}

/* Looks at the next entry. False: that was the last one. */
static bool scan_next(struct noted *scan)
{
        const char *name = noted_take(scan);

        if (name && *name && *name != '.')
                scan_one(scan->registry, name);
        return noted_has_more(scan);
}

static bool scan_step(struct ready *ready)
{
        struct noted *scan = (struct noted *)ready;

        if (scan->registry->stopping)
                return false;
        if (noted_take_all(scan) || (scan->registry->scan_whole && !noted_is_whole(scan)))
                scan_note_all(scan);
        return scan_next(scan);
}

void scan_all(struct registry *registry)
{
        struct noted scan;

        noted_init(&scan, registry, scan_step);
        scan_note_all(&scan);
        while (scan_next(&scan))
                ;
        noted_deinit(&scan);
}

void scan_init(struct noted *scan, struct registry *registry)
{
        noted_init(scan, registry, scan_step);
}
