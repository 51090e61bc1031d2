/* SPDX-License-Identifier: ISC */
/* What the broker finds below /proc and in its control group, as the kernel writes it. */
#include "s6_inner.h"
#include "clients.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_CAPABILITIES "000001ffffffffff"

static int proc = -1; /* of this life */

static void put(int at, const char *path, const char *text, size_t length)
{
        int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        if (fd < 0 || write(fd, text, length) != (ssize_t)length)
                abort();
        close(fd);
}

static void make(int at, const char *path)
{
        if (mkdirat(at, path, 0755) < 0 && errno != EEXIST)
                abort();
}

static void put_text(const char *path, const char *text)
{
        put(proc, path, text, strlen(text));
}

static void put_status(int at, const struct task *process, char state)
{
        unsigned uid = process->root ? 0 : CLIENTS_UID;
        char text[512];
        int length = snprintf(text, sizeof(text),
                              "Name:\t%s\n%sState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\n"
                              "TracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nThreads:\t1\n"
                              "CapPrm:\t%s\nCapEff:\t%s\n",
                              task_word(process), process->zombie ? "" : "Umask:\t0022\n", state,
                              state == 'T'   ? "stopped"
                              : state == 'Z' ? "zombie"
                                             : "sleeping",
                              (int)process->pid, (int)process->pid, (int)process->parent, uid, uid, uid, uid,
                              uid, uid, uid, uid, process->root ? ALL_CAPABILITIES : "0000000000000000",
                              process->root ? ALL_CAPABILITIES : "0000000000000000");

        put(at, "status", text, (size_t)length);
}

static void put_stat(int at, const struct task *process, char state)
{
        char text[256];
        int length = snprintf(text, sizeof(text),
                              "%d (%s) %c %d %d %d 0 -1 4194560 100 0 0 0 1 1 0 0 20 0 1 0 %" PRIu64
                              " 4096000 300 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
                              (int)process->pid, task_word(process), state, (int)process->parent,
                              (int)process->group, (int)process->group, process->start);

        put(at, "stat", text, (size_t)length);
}

static void put_children(int at, const struct task *process)
{
        char path[64], text[4096];
        size_t length = 0;

        snprintf(path, sizeof(path), "task/%d", (int)process->pid);
        make(at, "task");
        make(at, path);
        for (unsigned i = 0; i < s6->task_top && length < sizeof(text) - 16; i++)
                if (s6->tasks[i].kind != TASK_FREE && s6->tasks[i].parent == process->pid)
                        length += (size_t)snprintf(text + length, sizeof(text) - length, "%d ",
                                                   (int)s6->tasks[i].pid);
        snprintf(path, sizeof(path), "task/%d/children", (int)process->pid);
        put(at, path, text, length);
}

static void put_words(int at, const struct task *process)
{
        char text[S6_NAME_BYTES + 64];
        int length;

        if (process->zombie)
                length = 0;
        else if (process->kind == TASK_SVSCAN && sim_settings->flavour == S6_2_11)
                length = snprintf(text, sizeof(text), "s6-svscan%c-c%c%u%c/run/service", 0, 0, svscan->max,
                                  0) +
                         1;
        else if (process->kind == TASK_SVSCAN)
                length = snprintf(text, sizeof(text), "s6-svscan%c-C%c%u%c/run/service", 0, 0, svscan->max,
                                  0) +
                         1;
        else if (process->kind == TASK_SUPERVISE && process->supervise >= 0)
                length = snprintf(text, sizeof(text), "s6-supervise%c%s", 0,
                                  s6->supervises[process->supervise].name) +
                         1;
        else
                length = snprintf(text, sizeof(text), "%s", task_word(process)) + 1;
        put(at, "cmdline", text, (size_t)length);
}

static void put_process(struct task *process)
{
        char path[32], text[32];
        char state = process->zombie ? 'Z' : process->stopped ? 'T' : 'S';
        bool stopped_svscan = process->pid == 1 && svscan->stopped;
        int length, at;

        snprintf(path, sizeof(path), "%d", (int)process->pid);
        make(proc, path);
        at = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (at < 0)
                abort();
        if (stopped_svscan)
                state = 'T';
        put_status(at, process, state);
        put_stat(at, process, state);
        put_words(at, process);
        length = snprintf(text, sizeof(text), "%s\n", task_word(process));
        put(at, "comm", text, (size_t)length);
        if (process->kind == TASK_SVSCAN || process->kind == TASK_SUPERVISE)
                put_children(at, process);
        if (process->pid == 1) {
                static const char limits[] =
                        "Limit                     Soft Limit           Hard Limit           Units     \n"
                        "Max processes             127234               127234               processes \n"
                        "Max open files            4096                 4096                 files     \n";

                put(at, "limits", limits, sizeof(limits) - 1);
                put(at, "environ", "PATH=/usr/bin:/bin", sizeof("PATH=/usr/bin:/bin"));
        }
        close(at);
        process->dirty = false;
}

static void remove_all(int at, const char *name)
{
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory;

        if (fd < 0 || !(directory = fdopendir(fd)))
                abort();
        for (struct dirent *entry; (entry = readdir(directory));) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (unlinkat(fd, entry->d_name, 0) < 0 && (errno == EISDIR || errno == EPERM))
                        remove_all(fd, entry->d_name);
        }
        closedir(directory);
        unlinkat(at, name, AT_REMOVEDIR);
}

/* Directories of processes that are not there any more. */
static void forget_gone(void)
{
        DIR *directory = fdopendir(openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

        if (!directory)
                abort();
        for (struct dirent *entry; (entry = readdir(directory));) {
                char *end;
                long pid = strtol(entry->d_name, &end, 10);

                if (*end == '\0' && pid > 0 && !task_find((pid_t)pid))
                        remove_all(proc, entry->d_name);
        }
        closedir(directory);
        s6->proc_is_new = false;
}

void s6_proc_refresh(void)
{
        if (proc < 0)
                return;
        if (s6->proc_is_new)
                forget_gone();
        for (unsigned i = 0; i < s6->task_top; i++)
                if (s6->tasks[i].kind != TASK_FREE && s6->tasks[i].dirty)
                        put_process(&s6->tasks[i]);
}

void proc_save(void)
{
        if (proc >= 0)
                close(proc);
        proc = -1;
}

/* What a restart of the container leaves nothing of, where /run is a tmpfs. */
void s6_run_remove(void)
{
        remove_all(sim_directory, "services");
        remove_all(sim_directory, "run");
        make(sim_directory, "services");
        make(sim_directory, "run");
}

void s6_scan_remove(void)
{
        remove_all(sim_directory, "scan");
        make(sim_directory, "scan");
}

/* Of each boot: the pid namespace is known by its inode. */
void proc_boot(void)
{
        char path[64];

        snprintf(path, sizeof(path), "proc/self/ns/pid");
        unlinkat(sim_directory, path, 0);
        make(sim_directory, "proc/self");
        make(sim_directory, "proc/self/ns");
        put(sim_directory, path, "", 0);
}

void proc_begin(void)
{
        proc = openat(sim_directory, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (proc < 0)
                abort();
}

void proc_init(void)
{
        make(sim_directory, "proc");
        proc_begin();
        make(proc, "sys");
        make(proc, "sys/kernel");
        make(proc, "sys/fs");
        make(proc, "sys/fs/inotify");
        put_text("loadavg", "0.10 0.10 0.10 1/120 4000\n");
        put_text("sys/kernel/threads-max", "254469\n");
        put_text("sys/kernel/pid_max", "4194304\n");
        put_text("sys/fs/inotify/max_user_watches", "65536\n");
        proc_boot();
        put_text("self/cgroup", "0::/\n");
        put_text("self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw\n");
        proc_save();
}
