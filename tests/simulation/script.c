/* SPDX-License-Identifier: ISC */
/* What the template's scripts read and write, and whom they end. */
#include "s6_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAI_OF_EPOCH ((UINT64_C(1) << 62) + 37)
#define DEATH_BYTES 14
#define DEATHS_MOST 100

int64_t script_usec(void)
{
        if (sim_fault(FAULT_GATEWAYS, 30000))
                return sim_between(0, 4 * SEC);
        return sim_between(MSEC, 40 * MSEC);
}

int script_place(const struct task *process)
{
        const struct supervise *supervise =
                process->supervise >= 0 ? &s6->supervises[process->supervise] : NULL;
        char path[S6_NAME_BYTES + 16];

        if (supervise && supervise->lost)
                return -1;
        if (supervise)
                return openat(supervise->place, process->log ? ".." : ".",
                              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        snprintf(path, sizeof(path), "services/%s", s6->services[process->service].name);
        return openat(sim_directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static unsigned read_notes(int place, const char *path, struct group_note *notes)
{
        char text[64 * S6_NOTED] = "", *at = text;
        unsigned count = 0;
        ssize_t length;
        int fd = openat(place, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return 0;
        length = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (length <= 0)
                return 0;
        while (count < S6_NOTED && *at) {
                int pid, used = 0;
                uint64_t start;

                if (sscanf(at, "%d:%" SCNu64 "\n%n", &pid, &start, &used) < 2 || !used)
                        break;
                notes[count++] = (struct group_note){pid, start};
                at += used;
        }
        return count;
}

void script_note_read(struct task *process, const char *path)
{
        int place = script_place(process);

        process->earlier_count = 0;
        if (place < 0)
                return;
        process->earlier_count = read_notes(place, path, process->earlier);
        close(place);
}

void script_note_empty(struct task *process, const char *path)
{
        int place = script_place(process);
        int fd = place < 0 ? -1 : openat(place, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        if (fd >= 0)
                close(fd);
        if (place >= 0)
                close(place);
}

void script_note(struct task *process, const char *path)
{
        struct group_note notes[S6_NOTED];
        char text[64 * S6_NOTED];
        size_t length = 0;
        unsigned count;
        int place = script_place(process), fd;

        process->earlier_count = 0;
        if (place < 0)
                return;
        count = read_notes(place, path, notes);
        for (unsigned i = 0; i < count && process->earlier_count < S6_NOTED - 1; i++)
                if (note_is_alive(&notes[i]))
                        process->earlier[process->earlier_count++] = notes[i];
        for (unsigned i = 0; i < process->earlier_count; i++)
                length += (size_t)snprintf(text + length, sizeof(text) - length, "%d:%" PRIu64 "\n",
                                           (int)process->earlier[i].pid, process->earlier[i].start);
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%d:%" PRIu64 "\n",
                                   (int)process->pid, process->start);
        fd = openat(place, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd >= 0 && write(fd, text, length) != (ssize_t)length)
                abort();
        if (fd >= 0)
                close(fd);
        close(place);
}

static unsigned signal_earlier(struct task *process, int number)
{
        unsigned left = 0;

        for (unsigned i = 0; i < process->earlier_count; i++) {
                const struct group_note *note = &process->earlier[i];

                if (!note_is_alive(note) || note->pid == process->group)
                        continue;
                left++;
                if (number)
                        group_signal(note->pid, number, true);
        }
        return left;
}

void sweep_begin(struct task *process, int64_t patience_usec)
{
        process->phase = PHASE_SWEEPS;
        process->kills = false;
        process->end_usec = sim_now_usec() + patience_usec;
        process->due_usec = sim_now_usec();
        if (signal_earlier(process, SIGTERM))
                signal_earlier(process, SIGCONT);
}

bool sweep_step(struct task *process)
{
        if (signal_earlier(process, process->kills ? SIGKILL : 0) == 0)
                return true;
        if (sim_now_usec() >= process->end_usec) {
                if (process->kills)
                        return true;
                process->kills = true;
                process->end_usec = sim_now_usec() + SEC;
                signal_earlier(process, SIGKILL);
        }
        process->due_usec = sim_now_usec() + 100 * MSEC;
        return false;
}

static void goes_in(struct task *process)
{
        process->phase = PHASE_ENTERS;
        process->due_usec = sim_now_usec() + script_usec();
}

void script_drop_rights(struct task *process, const char *path, int64_t patience_usec)
{
        script_note(process, path);
        process->root = false;
        process->dirty = true;
        if (process->earlier_count)
                sweep_begin(process, patience_usec);
        else
                goes_in(process);
}

bool script_begins(struct task *process, void (*prelude)(struct task *), void (*enter)(struct task *))
{
        if (process->phase == PHASE_PRELUDE)
                prelude(process);
        else if (process->phase == PHASE_ENTERS)
                enter(process);
        else if (process->phase != PHASE_SWEEPS)
                return false;
        else if (sweep_step(process))
                goes_in(process);
        return true;
}

/* Each directory on the way, as `mkdir -p` with a umask of 077 would. */
int volume_directory(const char *path, bool make)
{
        int at = openat(sim_directory, "volume", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char name[128];

        while (at >= 0 && *path) {
                size_t length = strcspn(path, "/");
                int next;

                snprintf(name, sizeof(name), "%.*s", (int)length, path);
                if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
                        make = false;
                next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                close(at);
                at = next;
                path += length + (path[length] == '/');
        }
        return at;
}

/* False: it is busy, or cannot be. */
bool volume_lock(struct task *process, int directory, const char *name, bool *busy)
{
        struct stat found;
        int fd = openat(directory, name, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);

        *busy = false;
        if (fd < 0)
                return false;
        if (fstat(fd, &found) < 0)
                abort();
        close(fd);
        *busy = s6_lock_holder(found.st_dev, found.st_ino) != 0;
        if (*busy)
                return false;
        process->lock = (struct file_id){found.st_dev, found.st_ino};
        return true;
}

static uint64_t get_number(const unsigned char *bytes, int length)
{
        uint64_t value = 0;

        while (length--)
                value = value << 8 | *bytes++;
        return value;
}

/* As s6-permafailon counts. */
bool tally_trips(const struct task *process, unsigned seconds, unsigned deaths, bool (*counts)(unsigned code))
{
        const struct supervise *supervise =
                process->supervise >= 0 ? &s6->supervises[process->supervise] : NULL;
        unsigned char bytes[DEATHS_MOST * DEATH_BYTES];
        int64_t since_usec = sim_utc_usec() - seconds * SEC;
        unsigned count = 0;
        ssize_t length;
        int fd = !supervise || supervise->lost
                         ? -1
                         : openat(supervise->place, "supervise/death_tally", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return false;
        length = read(fd, bytes, sizeof(bytes));
        close(fd);
        if (length <= 0 || length % DEATH_BYTES)
                return false;
        for (ssize_t i = 0; i < length; i += DEATH_BYTES) {
                int64_t usec = (int64_t)(get_number(bytes + i, 8) - TAI_OF_EPOCH) * SEC +
                               (int64_t)get_number(bytes + i + 8, 4) / 1000;

                count += usec >= since_usec && counts(bytes[i + 12]);
        }
        return count >= deaths;
}
