#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/log.h"
#include "daemon/edge/s6_control.h"
#include "daemon/edge/tree.h"
#include "daemon/model/operation.h"
#include "daemon/model/registry.h"
#include "proto/name.h"

/*
 * What a broker finds when it starts: slots of the one before it, live or half done, and the static services.
 * A live slot is looked at, never touched.
 */

static int directory_names(int fd, char ***names, size_t *count)
{
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = copy < 0 ? NULL : fdopendir(copy);
        size_t capacity = 0;

        *names = NULL;
        *count = 0;
        if (!directory)
                return -errno;
        for (struct dirent *entry; (entry = readdir(directory));) {
                if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
                        continue;
                if (*count == capacity) {
                        capacity = capacity ? capacity * 2 : 64;
                        *names = reallocarray(*names, capacity, sizeof(**names));
                }
                if (!*names || !((*names)[(*count)++] = strdup(entry->d_name)))
                        abort(); /* out of memory before anything is served: the next start may have more */
        }
        closedir(directory);
        return 0;
}

static void names_free(char **names, size_t count)
{
        for (size_t i = 0; i < count; i++)
                free(names[i]);
        free(names);
}

static bool adopt_record(struct service *service)
{
        struct registry *registry = service->registry;
        char profile[LIMIT_PROFILE_NAME_BYTES + 2];
        char *text = NULL;
        bool ok = slot_read_profile(&registry->slots, service->name, profile, sizeof(profile)) == 0 &&
                  !strcmp(profile, service->profile) &&
                  slot_read_state(&registry->slots, service->name, &text) == 0 &&
                  record_read(text, &service->record) == 0;

        free(text);
        return ok;
}

/* The order that the last broker was about to give, or that the run has been given and is still about. */
static void adopt_order(struct service *service, const struct s6_status *status)
{
        const struct record *record = &service->record;
        bool runs = status->pid && !status->finishing;

        if (runs && record->told != TOLD_NOTHING && record->told_pid == status->pid)
                service->told = record->told;
        if (!record->pending && record->want_up && service->told == TOLD_NOTHING)
                return;
        if (record->pending == PENDING_ORDER && record->want_up && !runs) {
                stagger_start(service); /* a boot may have left many */
                return;
        }
        service->goal =
                (struct goal){.kind = record->want_up ? GOAL_UP : GOAL_DOWN, .base_usec = status->since_usec};
        if (runs && (record->pending == PENDING_RESTART || service->told == TOLD_RESTART))
                service->goal.replace = status->pid;
}

/*
 * It runs: see what it does, and that link and down file are as they should be. An order that may have been
 * lost with the last broker is given again; one that reached s6-supervise is not, since a gateway takes a
 * second SIGTERM for impatience.
 */
static void adopt_live(struct service *service)
{
        struct registry *registry = service->registry;
        struct s6_status status;

        if (!registry_is_linked(registry, service->name) && registry_link(registry, service->name) == 0)
                publication_rescan(registry);
        slot_set_down(&registry->slots, service->name, !record_runs_now(&service->record));
        service->retry_base_usec = -1;
        if (s6_status_read(registry->slots.fd, service->name, &status) == 0)
                adopt_order(service, &status);
        service_look(service);
}

/* Whole, and nobody supervises it: a register that a killed broker left, unless s6-svscan is just about to
 * start it. */
static void adopt_dead(struct service *service)
{
        struct registry *registry = service->registry;
        bool linked = registry_is_linked(registry, service->name);
        int result = 0;

        if (!linked)
                result = slot_clean(&registry->slots, service->name);
        if (result == 0)
                result = slot_set_down(&registry->slots, service->name,
                                       !record_runs_now(&service->record) || service->record.pending);
        if (result == 0)
                result = operation_resume_register(service);
        if (result == 0 && service->record.pending && service->record.want_up)
                stagger_start(service);
        else
                service->record.pending = PENDING_NOTHING;
        if (result)
                log_line("adopt: cannot publish: %s service=%s", strerrorname_np(-result), service->name);
}

/* What was wanted is not known: what runs goes on as s6 has it, what does not is left to a person. */
static void adopt_unrecorded(struct service *service, bool alive)
{
        struct s6_status status;

        log_line("adopt: its record cannot be read service=%s", service->name);
        service->record = (struct record){.want_up = true};
        if (alive && s6_status_read(service->registry->slots.fd, service->name, &status) == 0) {
                service->record.want_up = status.want_up;
        } else {
                service->record.hold = HOLD_HELD;
                snprintf(service->record.reason, sizeof(service->record.reason),
                         "what was wanted of it could not be read; start it to run it");
        }
        service_save(service);
}

static void adopt_slot(struct registry *registry, const char *name)
{
        struct service *service = registry_add(registry, name, true);
        bool alive, recorded;

        if (!service)
                return;
        service->has_log = slot_has_log(&registry->slots, name);
        alive = s6_control_alive(registry->slots.fd, name);
        recorded = adopt_record(service);
        if (!alive && (recorded ? strcmp(service->record.boot, registry->boot) != 0 : registry->fresh_boot)) {
                registry->has_dead = true; /* of the last container; the volume says what becomes of it */
                registry_forget(registry, service);
                return;
        }
        if (registry_watch(registry, service))
                log_line("adopt: cannot watch: service=%s", name);
        if (!recorded)
                adopt_unrecorded(service, alive);
        if (service->record.removing) {
                service_look(service);
                operation_resume_unregister(service);
        } else if (alive) {
                adopt_live(service);
        } else {
                adopt_dead(service);
        }
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
                log_line("adopt: ignored: no gateway's name: name=%s", name);
                return;
        }
        /* Not by faccessat, which a sandbox may refuse: only what is certainly not there is only half there. */
        if (!registry_find(registry, base) &&
            fstatat(registry->slots.fd, base, &info, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
                registry_unlink(registry, base);
                slot_remove(&registry->slots, base);
                log_line("adopt: removed what was left of service=%s", base);
        }
}

/* Which life of the container was last reconciled. */
#define BOOT_NOTE ".boot"

static void adopt_boot(struct registry *registry)
{
        char *note = NULL;
        size_t length;

        registry->fresh_boot = true;
        if (tree_read(registry->slots.fd, BOOT_NOTE, RECORD_BOOT_BYTES, &note, &length) == 0)
                registry->fresh_boot = strcmp(note, registry->boot) != 0;
        free(note);
}

void registry_note_boot(struct registry *registry)
{
        int result = tree_replace(registry->slots.fd, BOOT_NOTE ".new", BOOT_NOTE, registry->boot,
                                  strlen(registry->boot), 0600);

        if (result)
                log_line("reconcile: cannot note that it is done: why=%s", strerrorname_np(-result));
        registry->fresh_boot = false;
}

void registry_remove_dead(struct registry *registry)
{
        char **names;
        size_t count;

        if (!registry->has_dead || directory_names(registry->slots.fd, &names, &count))
                return;
        for (size_t i = 0; i < count; i++)
                if (is_gateway_name(names[i]) && !registry_find(registry, names[i])) {
                        registry_unlink(registry, names[i]);
                        slot_remove(&registry->slots, names[i]);
                }
        names_free(names, count);
        registry->has_dead = false;
}

int registry_adopt(struct registry *registry)
{
        char **names;
        size_t count;
        int result;

        adopt_boot(registry);
        result = directory_names(registry->slots.fd, &names, &count);

        if (result)
                return result;
        for (size_t i = 0; i < count; i++) {
                if (!strncmp(names[i], BOOT_NOTE, strlen(BOOT_NOTE)))
                        continue;
                if (names[i][0] == '.')
                        adopt_leftover(registry, names[i]);
                else if (is_gateway_name(names[i]))
                        adopt_slot(registry, names[i]);
                else
                        log_line("adopt: ignored: no gateway's name: name=%s", names[i]);
        }
        names_free(names, count);
        registry_scan_static(registry);
        return 0;
}

static void scan_one(struct registry *registry, const char *name)
{
        struct service *service = registry_find(registry, name);
        struct stat info;
        char path[LIMIT_SERVICE_NAME_BYTES + 32];

        if (service || name_check_service(name) != NAME_OK)
                return;
        /* A link into our own directory whose slot is gone was left by a killed broker. */
        if (registry_is_linked(registry, name)) {
                registry_unlink(registry, name);
                log_line("adopt: removed a link to nothing: service=%s", name);
                return;
        }
        if (fstatat(registry->scandir.fd, name, &info, 0) < 0 || !S_ISDIR(info.st_mode))
                return;
        service = registry_add(registry, name, false);
        if (!service)
                return;
        service->has_log = faccessat(registry->scandir.fd, service_log_name(service).text, F_OK, 0) == 0;
        snprintf(path, sizeof(path), "%s/notification-fd", name);
        service->has_readiness = faccessat(registry->scandir.fd, path, F_OK, 0) == 0;
        service->inode = info.st_ino;
        registry_watch(registry,
                       service); /* it may have no supervise/ yet: service_step() comes back to it */
        service_look(service);
}

/* Those that are gone, or whose name leads to another directory now: these are found anew. */
static void scan_forget_static(struct registry *registry)
{
        for (size_t i = 0; i < registry->count;) {
                struct service *service = registry->services[i];
                struct stat info;

                if (!service->profile && (fstatat(registry->scandir.fd, service->name, &info, 0) < 0 ||
                                          info.st_ino != service->inode))
                        registry_forget(registry, service);
                else
                        i++;
        }
}

void registry_scan_static(struct registry *registry)
{
        char **names;
        size_t count;

        if (registry->stopping || directory_names(registry->scandir.fd, &names, &count))
                return;
        scan_forget_static(registry);
        for (size_t i = 0; i < count; i++)
                if (names[i][0] != '.')
                        scan_one(registry, names[i]);
        names_free(names, count);
}
