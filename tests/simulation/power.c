/* SPDX-License-Identifier: ISC */
/*
 * What of the volume is on its disk, and what would be lost with the machine's power. Of what the broker promises to keep, that is: its
 * records; all else there is as if it had been synced. A name is on the disk when its directory was synced behind the change, what a file
 * holds when the file was, and everything when the file system was. What was not may be there or not, each for itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

#include "daemon/judge/intent.h"
#include "proto/sysname.h"

#define NAMES_MOST 256
#define NAME_BYTES 256
#define PATH_BYTES 300
#define FILE_BYTES (64 * 1024)

/*
 * In the world's directory: disk/names/ has a hard link to what each durable name leads to, disk/bytes/ what those and other files durably
 * hold, by inode.
 */
static struct power {
        bool has_above;   /* the name of the directory above that of the records is durable */
        bool has_records; /* and so is that one's */
} * power;

static int open_records(const char *below)
{
        char path[64];

        snprintf(path, sizeof(path), "%s/%s", sim_volume(), below);
        return openat(sim_directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void power_init(void)
{
        power = sim_alloc(sizeof(*power));
        mkdirat(sim_directory, "disk", 0700);
        mkdirat(sim_directory, "disk/names", 0700);
        mkdirat(sim_directory, "disk/bytes", 0700);
}

static void bytes_path(char path[64], ino_t inode)
{
        snprintf(path, 64, "disk/bytes/%llu", (unsigned long long)inode);
}

static void name_path(char path[PATH_BYTES], const char *name)
{
        snprintf(path, PATH_BYTES, "disk/names/%.*s", NAME_BYTES - 1, name);
}

static void must_link(int result)
{
        SIM_HOLDS(result == 0, "simulator", "a link: %s", sysname_error(errno));
}

/* What it holds now is durable. */
static void keep_bytes(int at, const char *name)
{
        static char bytes[FILE_BYTES];
        char path[64];
        struct stat found;
        int from = openat(at, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), to;
        ssize_t length;

        if (from < 0)
                return;
        length = read(from, bytes, sizeof(bytes));
        if (fstat(from, &found) == 0 && S_ISREG(found.st_mode) && length >= 0) {
                bytes_path(path, found.st_ino);
                to = openat(sim_directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                SIM_HOLDS(to >= 0 && write(to, bytes, (size_t)length) == length, "simulator",
                          "no room for %s", path);
                close(to);
        }
        close(from);
}

static unsigned list(int at, const char *path, char names[NAMES_MOST][NAME_BYTES])
{
        int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *entry;
        unsigned count = 0;

        while (directory && (entry = readdir(directory)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && count < NAMES_MOST)
                        snprintf(names[count++], NAME_BYTES, "%s", entry->d_name);
        if (directory)
                closedir(directory);
        return count;
}

static int compare(const void *left, const void *right)
{
        return strcmp(left, right);
}

/* The names that the directory of records has now are durable. */
static void keep_names(int records)
{
        static char names[NAMES_MOST][NAME_BYTES];
        char path[PATH_BYTES];
        unsigned count = list(sim_directory, "disk/names", names);

        for (unsigned i = 0; i < count; i++) {
                name_path(path, names[i]);
                unlinkat(sim_directory, path, 0);
        }
        count = list(records, ".", names);
        for (unsigned i = 0; i < count; i++) {
                name_path(path, names[i]);
                must_link(linkat(records, names[i], sim_directory, path, 0));
        }
}

static bool is_same(int one, int other)
{
        struct stat a, b;

        return one >= 0 && other >= 0 && fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino;
}

static void keep_all(int records)
{
        static char names[NAMES_MOST][NAME_BYTES];
        unsigned count = records < 0 ? 0 : list(records, ".", names);

        for (unsigned i = 0; i < count; i++)
                keep_bytes(records, names[i]);
        if (records >= 0)
                keep_names(records);
        power->has_above = power->has_records = records >= 0;
}

static void keep(int fd, bool all)
{
        char self[64];
        struct stat found;
        int above = open_records(".svcbroker"), records = open_records(INTENT_DIRECTORY),
            whole = open_records(".");

        snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        if (all)
                keep_all(records);
        else if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode))
                keep_bytes(sim_directory, self);
        else if (is_same(fd, records))
                keep_names(records);
        else if (is_same(fd, above))
                power->has_records = records >= 0;
        else if (is_same(fd, whole))
                power->has_above = above >= 0;
        close(above);
        close(records);
        close(whole);
}

int power_synced(int fd, bool all)
{
        bool inside = sim_inside;

        if (!(core->settings.faults & FAULT_POWER))
                return 0;
        inside_end();
        keep(fd, all);
        if (inside)
                inside_begin();
        return 0;
}

/* A file as it comes back: as it was synced; if it never was, or has been written since, perhaps as it is, perhaps in part. */
static void lose_bytes(int records, const char *name)
{
        static char now[FILE_BYTES], then[FILE_BYTES];
        char path[64];
        struct stat found;
        int fd = openat(records, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC), kept;
        ssize_t length = fd < 0 ? -1 : read(fd, now, sizeof(now)), durable = -1;

        if (length < 0 || fstat(fd, &found) < 0)
                return;
        bytes_path(path, found.st_ino);
        kept = openat(sim_directory, path, O_RDONLY | O_CLOEXEC);
        if (kept >= 0)
                durable = read(kept, then, sizeof(then));
        if (kept >= 0)
                close(kept);
        if ((durable != length || memcmp(now, then, (size_t)length) != 0) && sim_below(2)) {
                if (durable < 0)
                        durable = sim_below(2) ? 0 : length / 2;
                else
                        memcpy(now, then, (size_t)durable);
                sim_trace("power: of %s, %zd bytes are left", name, durable);
                if (ftruncate(fd, 0) < 0 || pwrite(fd, now, (size_t)durable, 0) != durable)
                        sim_trace("power: %s cannot be cut", name);
        }
        close(fd);
}

static bool leads_to(int at, const char *path, ino_t *inode)
{
        struct stat found;

        *inode = 0;
        if (fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        *inode = found.st_ino;
        return true;
}

/* The name leads to where it did when it was last synced, or to where it does now. */
static void lose_name(int records, const char *name)
{
        char path[PATH_BYTES];
        ino_t now, then;
        bool was, is = leads_to(records, name, &now);

        name_path(path, name);
        was = leads_to(sim_directory, path, &then);
        if ((was == is && now == then) || sim_below(2))
                return;
        sim_trace("power: %s is %s again", name, was ? "what it was" : "not there");
        if (is)
                unlinkat(records, name, 0);
        if (was)
                must_link(linkat(sim_directory, path, records, name, 0));
}

static void lose(int records)
{
        static char names[2 * NAMES_MOST][NAME_BYTES];
        unsigned count = list(sim_directory, "disk/names", names);

        count += list(records, ".", &names[count]);
        qsort(names, count, sizeof(names[0]), compare);
        for (unsigned i = 0; i < count; i++)
                if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
                        lose_name(records, names[i]);
        count = list(records, ".", names);
        qsort(names, count, sizeof(names[0]), compare);
        for (unsigned i = 0; i < count; i++)
                lose_bytes(records, names[i]);
}

void power_cut(void)
{
        int records = open_records(INTENT_DIRECTORY);
        char path[64];

        if (records >= 0 && (!power->has_above || !power->has_records) && sim_below(2)) {
                sim_trace("power: the directory of records is not there");
                snprintf(path, sizeof(path), "%s/.svcbroker-lost-%llu", sim_volume(),
                         (unsigned long long)core->step);
                renameat(records, "../../.svcbroker", sim_directory, path);
                close(records);
                records = -1;
        }
        if (records >= 0)
                lose(records);
        keep_all(records);
        if (records >= 0)
                close(records);
}
