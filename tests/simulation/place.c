/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

#define PLACE "/dev/shm"
#define FALLBACK "/tmp"

char sim_path[64];
int sim_directory = -1;

static void must(bool done, const char *what)
{
        if (done)
                return;
        perror(what);
        exit(2);
}

static void make(const char *path, mode_t mode)
{
        must(mkdirat(sim_directory, path, mode) == 0, path);
}

static void put(const char *path, const char *text, mode_t mode)
{
        int fd = openat(sim_directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
        close(fd);
}

/* Like the real one, but for how much there is to copy. */
static void make_template(void)
{
        make("template", 0755);
        put("template/run", "#!/bin/sh\n", 0755);
        put("template/finish", "#!/bin/sh\n", 0755);
        put("template/settings",
            "brake_seconds=60\nbrake_deaths=5\nbrake_restarts=10\nlog_files=10\nlog_file_bytes=1000000\n",
            0644);
        make("template/log", 0755);
        put("template/log/run", "#!/bin/sh\n", 0755);
        put("template/log/finish", "#!/bin/sh\n", 0755);
}

static void make_proc(void)
{
        char target[128];

        make("proc", 0755);
        make("proc/self", 0755);
        make("proc/self/ns", 0755);
        put("proc/self/ns/pid", "", 0444);
        make("bin", 0755);
        put("bin/svcbrokerd", "", 0755);
        snprintf(target, sizeof(target), "%s/bin/svcbrokerd", sim_path);
        must(symlinkat(target, sim_directory, "proc/self/exe") == 0, "proc/self/exe");
        put("proc/loadavg", "0.10 0.10 0.10 1/100 4000\n", 0644);
}

static void make_volume(void)
{
        char path[64];

        make("volume", 0755);
        make("volume/logs", 0755);
        make("volume/profiles", 0755);
        for (unsigned i = 1; i < core->settings.profiles; i++) {
                snprintf(path, sizeof(path), "volume/profiles/p%u", i);
                make(path, 0755);
                snprintf(path, sizeof(path), "volume/profiles/p%u/SOUL.md", i);
                put(path, "", 0644);
        }
}

const char *sim_volume(void)
{
        return faccessat(sim_directory, SIM_VOLUME_AWAY, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? SIM_VOLUME_AWAY
                                                                                         : "volume";
}

void place_make(void)
{
        umask(022);
        snprintf(sim_path, sizeof(sim_path), "%s/svcsim-XXXXXX", access(PLACE, W_OK) == 0 ? PLACE : FALLBACK);
        must(mkdtemp(sim_path) != NULL, sim_path);
        must(chmod(sim_path, 0755) == 0, sim_path);
        sim_directory = open(sim_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(sim_directory >= 0, sim_path);
        make("scan", 0755);
        make("services", 0755);
        make("run", 0755);
        make("static", 0755);
        make_template();
        make_proc();
        make_volume();
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
        (void)info;
        (void)kind;
        (void)walk;
        return remove(path);
}

void place_remove(void)
{
        nftw(sim_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        close(sim_directory);
}
