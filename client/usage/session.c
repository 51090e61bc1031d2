/* SPDX-License-Identifier: ISC */
#include "client/usage/session.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 256
#define LINE_BYTES 1024
#define KIB 1024

static FILE *open_file(const char *proc, int64_t pid, const char *name)
{
        char path[PATH_BYTES];

        if (snprintf(path, sizeof(path), "%s/%" PRId64 "/%s", proc, pid, name) >= (int)sizeof(path))
                return NULL;
        return fopen(path, "re");
}

/* Reads a process's stat, from behind its name, which may hold anything, even blanks and brackets
 * (proc(5)). */
static bool read_process(const char *proc, int64_t pid, struct usage_process *process)
{
        char line[LINE_BYTES];
        int64_t own_user, own_system, user, system;
        FILE *file = open_file(proc, pid, "stat");
        const char *at = NULL;
        size_t length;

        if (!file)
                return false;
        length = fread(line, 1, sizeof(line) - 1, file);
        fclose(file);
        line[length] = '\0';
        at = strrchr(line, ')');
        process->pid = pid;
        if (!at || sscanf(at + 1,
                          " %*c %*d %*d %" SCNd64 " %*d %*d %*u %*u %*u %*u %*u %" SCNd64 " %" SCNd64
                          " %" SCNd64 " %" SCNd64 " %*d %*d %" SCNd64,
                          &process->session, &own_user, &own_system, &user, &system, &process->threads) != 6)
                return false;
        process->cpu_ticks = own_user + own_system + user + system;
        return true;
}

static int compare(const void *one, const void *other)
{
        const struct usage_process *left = one, *right = other;

        if (left->session != right->session)
                return left->session < right->session ? -1 : 1;
        return left->pid < right->pid ? -1 : left->pid > right->pid;
}

static int add(struct usage_processes *processes, size_t *capacity, const struct usage_process *process)
{
        if (processes->count == *capacity) {
                size_t more = *capacity ? *capacity * 2 : 64;
                struct usage_process *all = reallocarray(processes->all, more, sizeof(*all));

                if (!all)
                        return -ENOMEM;
                processes->all = all;
                *capacity = more;
        }
        processes->all[processes->count++] = *process;
        return 0;
}

int usage_processes_read(const char *proc, struct usage_processes *processes)
{
        struct usage_processes found = {NULL, 0};
        size_t capacity = 0;
        const struct dirent *entry;
        int result = 0;
        DIR *directory = opendir(proc);

        if (!directory)
                return -errno;
        while (result == 0 && (entry = readdir(directory))) {
                struct usage_process process;

                if (isdigit((unsigned char)entry->d_name[0]) &&
                    read_process(proc, strtoll(entry->d_name, NULL, 10), &process))
                        result = add(&found, &capacity, &process);
        }
        closedir(directory);
        if (result < 0) {
                usage_processes_free(&found);
                return result;
        }
        if (found.count)
                qsort(found.all, found.count, sizeof(*found.all), compare);
        *processes = found;
        return 0;
}

void usage_processes_free(struct usage_processes *processes)
{
        free(processes->all);
        *processes = (struct usage_processes){NULL, 0};
}

/* Reads a process's memory. USAGE_UNKNOWN: it may not be read. A process that has just ended has 0. */
static int64_t read_memory(const char *proc, int64_t pid)
{
        char line[LINE_BYTES];
        int64_t sum = 0, kib;
        FILE *file = open_file(proc, pid, "status");

        if (!file)
                return errno == ENOENT || errno == ESRCH ? 0 : USAGE_UNKNOWN;
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "RssAnon: %" SCNd64, &kib) == 1 ||
                    sscanf(line, "RssShmem: %" SCNd64, &kib) == 1)
                        sum += kib * KIB;
        fclose(file);
        return sum;
}

static int64_t count_files(const char *proc, int64_t pid)
{
        char path[PATH_BYTES];
        const struct dirent *entry;
        int64_t count = 0;
        DIR *directory;

        snprintf(path, sizeof(path), "%s/%" PRId64 "/fd", proc, pid);
        directory = opendir(path);
        if (!directory)
                return errno == ENOENT || errno == ESRCH ? 0 : USAGE_UNKNOWN;
        while ((entry = readdir(directory)))
                count += isdigit((unsigned char)entry->d_name[0]) != 0;
        closedir(directory);
        return count;
}

/* Adds a process's figure. If that of one process is not known, the sum is not known. */
static int64_t sum(int64_t all, int64_t one)
{
        return all < 0 || one < 0 ? USAGE_UNKNOWN : all + one;
}

static size_t first_of(const struct usage_processes *processes, int64_t session)
{
        size_t from = 0, to = processes->count;

        while (from < to) {
                size_t middle = from + (to - from) / 2;

                if (processes->all[middle].session < session)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

void usage_of_session(const char *proc, const struct usage_processes *processes, int64_t session, bool files,
                      struct usage *usage)
{
        struct usage found = {.files = files ? 0 : USAGE_UNKNOWN};
        int64_t ticks = 0, per_second = sysconf(_SC_CLK_TCK);

        for (size_t i = first_of(processes, session);
             i < processes->count && processes->all[i].session == session; i++) {
                const struct usage_process *process = &processes->all[i];

                found.processes++;
                found.threads += process->threads;
                ticks += process->cpu_ticks;
                found.memory_bytes = sum(found.memory_bytes, read_memory(proc, process->pid));
                if (files)
                        found.files = sum(found.files, count_files(proc, process->pid));
        }
        found.cpu_usec = ticks * 1000000 / (per_second > 0 ? per_second : 100);
        if (!found.processes) /* /proc hides the session (hidepid), or it has just ended */
                found = (struct usage){USAGE_UNKNOWN, USAGE_UNKNOWN, USAGE_UNKNOWN, USAGE_UNKNOWN,
                                       USAGE_UNKNOWN};
        *usage = found;
}
