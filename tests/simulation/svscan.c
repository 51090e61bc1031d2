/* SPDX-License-Identifier: ISC */
/* s6-svscan, process 1: what its versions have in common. It looks at one name in a step, so that others come in between. */
#include "s6_inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct svscan_state *svscan;

static int scan = -1, fifo = -1, fifo_write = -1, lock = -1; /* of this life */

static const struct svscan_kind *kind(void)
{
        return sim_settings->flavour == S6_2_11 ? &svscan_old : &svscan_new;
}

void svscan_init(void)
{
        svscan = sim_alloc(sizeof(*svscan));
        svscan->letters = sim_alloc(S6_FIFO_BYTES);
        svscan->name = sim_alloc(S6_ENTRIES * sizeof(*svscan->name));
        /* What it was told to take at most: mostly its default, and now and then less than is asked of it; but not of
         * scenarios, which have options. */
        /* 2.13 never forgets what has no process: its table fills up with what was unregistered, and nobody can help that. */
        svscan->max = sim_below(12) || sim_settings->options || sim_settings->flavour == S6_2_13 ? 1000
                      : 2 * sim_settings->profiles < 4                                           ? 4
                                                       : 2 * sim_settings->profiles;
        if (sim_settings->flavour == S6_2_11)
                svscan->max /= 2;
        kind()->init();
}

static void clear(void)
{
        svscan->scan_usec = sim_now_usec();
        svscan->start_usec = SIM_NEVER;
        svscan->what = 0;
        svscan->scanning = svscan->reads = svscan->stopped = svscan->has_letters = false;
        svscan->wake_usec = SIM_NEVER;
        svscan->unread = 0;
        kind()->clear();
}

void svscan_restart(void)
{
        clear();
        svscan->lock_id.inode = 0;
        task_new(TASK_SVSCAN, 0, -1, false, -1);
        s6->births++;
}

static int open_in_scan(const char *name, int flags, mode_t mode)
{
        int fd = openat(scan, name, flags | O_CLOEXEC | O_NONBLOCK, mode);

        if (fd < 0)
                abort();
        return fd;
}

void svscan_begin(void)
{
        struct stat found;

        scan = openat(sim_directory, "scan", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (scan < 0 || (mkdirat(scan, ".s6-svscan", 0700) < 0 && errno != EEXIST))
                abort();
        lock = open_in_scan(".s6-svscan/lock", O_WRONLY | O_CREAT, 0600);
        if (fstat(lock, &found) < 0)
                abort();
        svscan->lock_id = (struct file_id){found.st_dev, found.st_ino};
        if (mkfifoat(scan, ".s6-svscan/control", 0600) < 0 && errno != EEXIST)
                abort();
        fifo = open_in_scan(".s6-svscan/control", O_RDONLY, 0);
        fifo_write = open_in_scan(".s6-svscan/control", O_WRONLY, 0);
        if (svscan->unread && write(fifo_write, svscan->letters, svscan->unread) != (ssize_t)svscan->unread)
                abort();
        svscan->unread = 0;
}

void svscan_save(void)
{
        ssize_t length = fifo < 0 ? -1 : read(fifo, svscan->letters, S6_FIFO_BYTES);

        svscan->unread = length > 0 ? (size_t)length : 0;
        close(fifo);
        close(fifo_write);
        close(lock);
        close(scan);
        fifo = fifo_write = lock = scan = -1;
}

struct file_id svscan_lock(void)
{
        return svscan->lock_id;
}

int svscan_fifo(void)
{
        return fifo;
}

unsigned svscan_new_pipe(void)
{
        return ++svscan->pipes;
}

bool svscan_holds_pipe(unsigned number)
{
        return kind()->holds_pipe(number);
}

static void wake(void)
{
        if (svscan->wake_usec == SIM_NEVER)
                svscan->wake_usec = sim_now_usec() + s6_reaction_usec();
}

void svscan_child_ended(void)
{
        svscan->what |= REAP;
        wake();
}

void svscan_later(int64_t usec)
{
        if (sim_now_usec() + usec < svscan->scan_usec)
                svscan->scan_usec = sim_now_usec() + usec;
}

int svscan_stat(const char *name, struct file_id *id)
{
        struct stat found;

        if (fstatat(scan, name, &found, 0) < 0)
                return -errno;
        *id = (struct file_id){found.st_dev, found.st_ino};
        return S_ISDIR(found.st_mode);
}

pid_t svscan_spawn(const char *name, unsigned pipe)
{
        struct task *process = task_new(TASK_SUPERVISE, 1, -1, false, -1);
        struct supervise *supervise;

        if (!process)
                return 0;
        if (sim_fault(FAULT_S6, 1000) || !(supervise = supervise_new(process->pid, name))) {
                sim_trace("s6: svscan cannot begin an s6-supervise for %s", name);
                task_reap(process);
                return 0;
        }
        process->pipe = pipe;
        process->service = supervise->service;
        process->log = supervise->log;
        process->supervise = (int)(supervise - s6->supervises);
        sim_trace("s6: svscan begins %d for %s", (int)process->pid, name);
        return process->pid;
}

void svscan_kill(pid_t pid, bool term)
{
        sim_trace("s6: svscan sends %s to %d", term ? "TERM" : "HUP", (int)pid);
        task_signal(task_find(pid), term ? SIGTERM : SIGHUP);
}

static int compare_names(const void *one, const void *other)
{
        return strcmp(one, other);
}

/* As they are now, in an order of the seed's. */
static void list(void)
{
        DIR *directory = fdopendir(openat(scan, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

        svscan->names = svscan->at = 0;
        if (!directory)
                abort();
        for (struct dirent *entry; (entry = readdir(directory)) && svscan->names < S6_ENTRIES;)
                if (entry->d_name[0] != '.')
                        snprintf(svscan->name[svscan->names++], ENTRY_NAME_BYTES, "%s", entry->d_name);
        closedir(directory);
        qsort(svscan->name, svscan->names, sizeof(*svscan->name), compare_names);
        for (unsigned i = svscan->names; i > 1; i--) {
                char name[ENTRY_NAME_BYTES];
                unsigned other = sim_below(i);

                memcpy(name, svscan->name[i - 1], sizeof(name));
                memcpy(svscan->name[i - 1], svscan->name[other], sizeof(name));
                memcpy(svscan->name[other], name, sizeof(name));
        }
}

static void take_letter(char letter)
{
        sim_trace("s6: svscan takes %c", letter > ' ' && letter < 127 ? letter : '?');
        switch (letter) {
        case 'z':
                svscan->what |= REAP;
                return;
        case 'a':
                svscan->what |= SCAN_FIRST;
                svscan->scan_usec = sim_now_usec();
                return;
        case 'h':
                svscan->what |= SCAN_FIRST | KILL_INACTIVE;
                svscan->scan_usec = sim_now_usec();
                return;
        case 'n':
                svscan->what |= KILL_INACTIVE;
                return;
        case 'N':
                svscan->what |= KILL_INACTIVE | TERM_LOGGERS;
                return;
        default: /* those that end it: the container is restarted otherwise */
                return;
        }
}

/* In 2.11 a scan comes before the kills of the same turn anyway. */
static void kill_them(void)
{
        if (svscan->what & SCAN_FIRST || !(svscan->what & (KILL_ALL | KILL_INACTIVE | TERM_LOGGERS)))
                return;
        kind()->kill();
        svscan->what &= ~(unsigned)(KILL_ALL | KILL_INACTIVE | TERM_LOGGERS);
}

static void reap(void)
{
        if (!(svscan->what & REAP))
                return;
        svscan->what &= ~(unsigned)REAP;
        for (unsigned i = 0; i < s6->task_top; i++) {
                struct task *process = &s6->tasks[i];
                pid_t pid = process->pid;

                if (process->kind == TASK_FREE || !process->zombie || process->parent != 1)
                        continue;
                task_reap(process);
                kind()->ended(pid);
        }
}

static void scan_step(void)
{
        if (!svscan->scanning) {
                svscan->scanning = true;
                svscan->scan_usec = SIM_NEVER;
                kind()->scan_begin();
                list();
                sim_trace("s6: svscan scans %u names", svscan->names);
        } else if (svscan->at == svscan->names) {
                svscan->scanning = false;
                kind()->scan_end();
        } else if (!kind()->check(svscan->name[svscan->at++])) {
                sim_trace("s6: svscan gives the scan up at %s", svscan->name[svscan->at - 1]);
                svscan->scanning = false;
        }
}

/* Of a turn of its loop; false: there was nothing to read. */
static bool read_letters(void)
{
        char letter;

        if (fifo < 0 || read(fifo, &letter, 1) != 1) {
                svscan->has_letters = svscan->reads = false;
                return false;
        }
        svscan->reads = true;
        take_letter(letter);
        return true;
}

void svscan_step(void)
{
        int64_t now_usec = sim_now_usec();

        if (svscan->stopped) { /* only when faults have ceased */
                svscan->stopped = false;
                return;
        }
        if (svscan->scanning) {
                scan_step();
        } else if (svscan->wake_usec <= now_usec) {
                if (read_letters())
                        return;
                svscan->wake_usec = SIM_NEVER;
        } else if (svscan->scan_usec <= now_usec) {
                scan_step();
        } else if (svscan->start_usec <= now_usec) {
                kind()->start();
        }
        if (svscan->scanning)
                return;
        kill_them();
        reap();
}

int64_t svscan_due_usec(void)
{
        int64_t due_usec;

        if (svscan->stopped)
                return sim_faults_ceased() ? sim_now_usec() : SIM_NEVER;
        if (svscan->scanning)
                return sim_now_usec();
        if (svscan->has_letters)
                wake();
        due_usec = svscan->wake_usec;
        due_usec = svscan->scan_usec < due_usec ? svscan->scan_usec : due_usec;
        return svscan->start_usec < due_usec ? svscan->start_usec : due_usec;
}

bool svscan_is_at_rest(void)
{
        return !svscan->scanning && !svscan->has_letters && svscan->wake_usec == SIM_NEVER &&
               svscan->scan_usec > sim_now_usec() + SEC && /* one that it gave up, and tries again */
               svscan->start_usec == SIM_NEVER && !svscan->stopped;
}

void s6_stop_svscan(bool stopped)
{
        sim_trace("s6: svscan is %s", stopped ? "stopped" : "continued");
        svscan->stopped = stopped;
}
