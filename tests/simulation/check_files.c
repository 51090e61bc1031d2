/* SPDX-License-Identifier: ISC */
#include "wants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "daemon/judge/record.h"
#include "daemon/service/registry.h"
#include "daemon/session/server.h"
#include "proto/name.h"

/* What must hold of files: of slots, of the scan directory, of the volume. */

static void each_name(const char *directory, void (*act)(const char *directory, const char *name))
{
        int fd = openat(sim_directory, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *listed = fd < 0 ? NULL : fdopendir(fd);

        for (struct dirent *entry; listed && (entry = readdir(listed));)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        act(directory, entry->d_name);
        if (listed)
                closedir(listed);
        else if (fd >= 0)
                close(fd);
}

static bool is_there(const char *above, const char *name, const char *below)
{
        char path[512];

        snprintf(path, sizeof(path), "%s/%s%s", above, name, below);
        return faccessat(sim_directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static char *read_state(const char *name)
{
        static char text[8192];
        char path[512];
        ssize_t length;
        int fd;

        snprintf(path, sizeof(path), "services/%s/data/state", name);
        fd = openat(sim_directory, path, O_RDONLY | O_CLOEXEC);
        length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (fd >= 0)
                close(fd);
        text[length < 0 ? 0 : length] = '\0';
        return text;
}

/* A slot that has its name is complete. */
static void check_slot(const char *directory, const char *name)
{
        struct record record;

        (void)directory;
        if (name[0] == '.')
                return;
        SIM_HOLDS(strncmp(name, "gateway-", 8) == 0 && name_check_profile(name + 8) == NAME_OK,
                  "slot-is-whole", "services/%s is no slot's name", name);
        SIM_HOLDS(is_there("services", name, "/run") && is_there("services", name, "/finish") &&
                          is_there("services", name, "/data/profile") && is_there("services", name, "/env") &&
                          is_there("services", name, "/supervise") && is_there("services", name, "/event"),
                  "slot-is-whole", "services/%s lacks something", name);
        SIM_HOLDS(record_read(read_state(name), &record) == 0, "slot-is-whole",
                  "services/%s: its state is none: %s", name, read_state(name));
}

/* A link of a gateway leads to a slot, always. */
static void check_link(const char *directory, const char *name)
{
        (void)directory;
        if (strncmp(name, "gateway-", 8) == 0)
                SIM_HOLDS(is_there("services", name, "/run"), "slot-is-whole", "scan/%s leads nowhere", name);
}

/* Nobody but root writes there; the names that hermes may not read are closed. */
static void check_modes(const char *directory, const char *name)
{
        char path[512];
        struct stat found;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        if (fstatat(sim_directory, path, &found, AT_SYMLINK_NOFOLLOW) < 0 || S_ISLNK(found.st_mode))
                return;
        SIM_HOLDS(!(found.st_mode & 0022), "modes", "%s can be written by others: %o", path,
                  found.st_mode & 07777);
        SIM_HOLDS((strcmp(name, "supervise") != 0 && strcmp(name, "event") != 0) || !(found.st_mode & 0077),
                  "modes", "%s is open: %o", path, found.st_mode & 07777);
        SIM_HOLDS(strcmp(name, "env") != 0 || !(found.st_mode & 0007), "modes", "%s is open: %o", path,
                  found.st_mode & 07777);
        if (S_ISDIR(found.st_mode))
                each_name(path, check_modes);
}

void check_after_kill(void)
{
        each_name("services", check_slot);
        each_name("scan", check_link);
}

/* What was staged, or waits to be taken, is gone; and each is the registry's. */
static void check_no_stages(const char *directory, const char *name)
{
        (void)directory;
        if (strcmp(name, ".boot") == 0)
                return;
        /* What an error kept from being taken back is swept by the next broker. */
        if (name[0] == '.' && sim_settings->faults & (FAULT_DISK | FAULT_MEMORY | FAULT_DESCRIPTORS))
                return;
        SIM_HOLDS(name[0] != '.', "nothing-is-left", "services/%s is left", name);
        SIM_HOLDS(registry_find(sim_server()->registry, name), "nothing-is-left", "services/%s is nobody's",
                  name);
        SIM_HOLDS(!is_there("services", name, "/.env") && !is_there("services", name, "/.down"),
                  "nothing-is-left", "services/%s has something that was not taken", name);
}

static void check_no_dots(const char *directory, const char *name)
{
        /* A broker that is killed leaves it, and a boot that the volume does not answer sweeps nothing. */
        bool unswept = sim_settings->faults & FAULT_VOLUME &&
                       sim_settings->faults & (FAULT_KILL | FAULT_S6 | FAULT_POWER);

        SIM_HOLDS(name[0] != '.' || core->volume_keeps || unswept || sim_settings->faults & FAULT_DESCRIPTORS,
                  "nothing-is-left", "%s/%s is left", directory, name);
}

/* The variables of a slot, by their mark. */
int check_mark_of(const char *name)
{
        char path[512], text[65536], *mark;
        ssize_t length;
        int fd;

        snprintf(path, sizeof(path), "services/%s/env", name);
        fd = openat(sim_directory, path, O_RDONLY | O_CLOEXEC);
        length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (fd >= 0)
                close(fd);
        text[length < 0 ? 0 : length] = '\0';
        mark = strstr(text, "MARK=");
        while (mark && mark != text && mark[-1] != '\n')
                mark = strstr(mark + 1, "MARK=");
        return length <= 0 ? WANTS_NO_ENVIRONMENT : mark ? atoi(mark + 5) : WANTS_ANY_ENVIRONMENT;
}

/* The slot is linked, and its files say what the model says. */
static void check_slot_of(const struct service *service)
{
        struct record record;
        bool runs = record_runs_now(&service->record);

        SIM_HOLDS(is_there("scan", service->name, ""), "registered-is-linked",
                  "%s is not in the scan directory", service->name);
        SIM_HOLDS(is_there("services", service->name, "/down") == !runs, "down-file",
                  "%s: it is %sto run now, and its down file is %sthere", service->name, runs ? "" : "not ",
                  runs ? "" : "not ");
        SIM_HOLDS(record_read(read_state(service->name), &record) == 0 &&
                          record.want_up == service->record.want_up &&
                          record.unpersisted == service->record.unpersisted &&
                          record.brake.hold == service->record.brake.hold &&
                          record.pending == service->record.pending,
                  "state-is-written", "%s: its state says %s", service->name, read_state(service->name));
}

void check_files_at_rest(void)
{
        const struct registry *registry = sim_server()->registry;

        check_after_kill();
        each_name("services", check_no_stages);
        each_name("services", check_modes);
        each_name("volume/.svcbroker/intent", check_no_dots);
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->profile)
                        check_slot_of(registry->services[i]);
}
