/* SPDX-License-Identifier: ISC */
/* What an s6-supervise reads and writes in its directory, as each version of it does. */
#include "s6_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAI_OF_EPOCH ((UINT64_C(1) << 62) + 37)
#define DEATHS_MOST 100
#define DEATH_BYTES 14

static void put_number(unsigned char *bytes, uint64_t value, int length)
{
        while (length--) {
                bytes[length] = (unsigned char)value;
                value >>= 8;
        }
}

static void put_stamp(unsigned char *bytes, int64_t usec)
{
        put_number(bytes, TAI_OF_EPOCH + (uint64_t)(usec / SEC), 8);
        put_number(bytes + 8, (uint64_t)(usec % SEC) * 1000, 4);
}

/* As openwritenclose_suffix(): a file beside it takes its place. */
static void write_file(const struct supervise *supervise, const char *name, const void *bytes, size_t length)
{
        char beside[64];
        int fd;

        if (supervise->lost)
                return;
        snprintf(beside, sizeof(beside), "%s.new", name);
        fd = openat(supervise->place, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                return;
        if (write(fd, bytes, length) != (ssize_t)length)
                abort();
        close(fd);
        renameat(supervise->place, beside, supervise->place, name);
}

void supervise_announce(struct supervise *supervise)
{
        bool grouped = sim_settings->flavour == S6_2_13;
        size_t length = grouped ? 43 : 35;
        unsigned char bytes[43] = {0};

        put_stamp(bytes, supervise->since_usec);
        put_stamp(bytes + 12, supervise->ready_usec);
        put_number(bytes + 24, (uint64_t)supervise->child, 8);
        if (grouped)
                put_number(bytes + 32, (uint64_t)supervise->group, 8);
        put_number(bytes + length - 3, (uint64_t)supervise->wait_status & 0xffff, 2);
        bytes[length - 1] = (unsigned char)(supervise->paused | supervise->finishing << 1 |
                                            supervise->wanted << 2 | supervise->ready << 3);
        write_file(supervise, "supervise/status", bytes, length);
}

void supervise_forget_deaths(struct supervise *supervise)
{
        int fd = supervise->lost ? -1
                                 : openat(supervise->place, "supervise/death_tally",
                                          O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);

        if (fd >= 0)
                close(fd);
}

void supervise_count_death(struct supervise *supervise)
{
        unsigned char deaths[(DEATHS_MOST + 1) * DEATH_BYTES];
        unsigned most = DEATHS_MOST;
        size_t count = 0;
        int status = supervise->wait_status;
        int fd;

        if (!supervise_read_number(supervise, "max-death-tally", &most) || most > DEATHS_MOST)
                most = DEATHS_MOST;
        fd = supervise->lost ? -1 : openat(supervise->place, "supervise/death_tally", O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                ssize_t length = read(fd, deaths, most * DEATH_BYTES);

                count = length > 0 ? (size_t)length / DEATH_BYTES : 0;
                close(fd);
        }
        put_stamp(deaths + count * DEATH_BYTES, supervise->since_usec);
        deaths[count * DEATH_BYTES + 12] =
                (unsigned char)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        deaths[count * DEATH_BYTES + 13] = (unsigned char)(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        count++;
        if (most)
                write_file(supervise, "supervise/death_tally", deaths + (count > most) * DEATH_BYTES,
                           (count - (count > most)) * DEATH_BYTES);
}

bool supervise_has(const struct supervise *supervise, const char *file, int mode)
{
        return !supervise->lost && faccessat(supervise->place, file, mode, 0) == 0;
}

bool supervise_read_number(const struct supervise *supervise, const char *file, unsigned *number)
{
        char text[16] = "";
        char *end;
        unsigned long value;
        ssize_t length;
        int fd = supervise->lost ? -1 : openat(supervise->place, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return false;
        length = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (length <= 0)
                return false;
        value = strtoul(text, &end, 10);
        if (end == text || (*end && *end != '\n'))
                return false;
        *number = (unsigned)value;
        return true;
}

void supervise_set_down(struct supervise *supervise, bool down)
{
        int fd;

        if (supervise->lost)
                return;
        if (!down) {
                unlinkat(supervise->place, "down", 0);
                return;
        }
        fd = openat(supervise->place, "down", O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);
        if (fd >= 0)
                close(fd);
}

int supervise_read_letter(struct supervise *supervise, char *letter)
{
        return supervise->fifo >= 0 && read(supervise->fifo, letter, 1) == 1;
}

static struct file_id id_of(int fd)
{
        struct stat found;

        if (fstat(fd, &found) < 0)
                abort();
        return (struct file_id){found.st_dev, found.st_ino};
}

/* 2.11 to 2.15 alike: the directories are made unless they are there, and the lock decides who works in it. */
bool supervise_enter(struct supervise *supervise)
{
        int scan = openat(sim_directory, "scan", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        pid_t holder;

        if (scan < 0)
                return false;
        supervise->place = openat(scan, supervise->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(scan);
        if (supervise->place < 0)
                return false;
        supervise->place_id = id_of(supervise->place);
        if (mkdirat(supervise->place, "event", 0700) < 0 && errno != EEXIST)
                return false;
        if (mkdirat(supervise->place, "supervise", 0700) < 0 && errno != EEXIST)
                return false;
        supervise->lock =
                openat(supervise->place, "supervise/lock", O_WRONLY | O_NONBLOCK | O_CREAT | O_CLOEXEC, 0644);
        if (supervise->lock < 0)
                return false;
        supervise->lock_id = (struct file_id){0};
        holder = s6_lock_holder(id_of(supervise->lock).device, id_of(supervise->lock).inode);
        if (holder) {
                sim_trace("s6: %s: another instance is running: %d", supervise->name, (int)holder);
                return false;
        }
        supervise->lock_id = id_of(supervise->lock);
        return true;
}

bool supervise_control(struct supervise *supervise)
{
        if (mkfifoat(supervise->place, "supervise/control", 0600) < 0 && errno != EEXIST)
                return false;
        supervise->fifo = openat(supervise->place, "supervise/control", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        supervise->fifo_write =
                openat(supervise->place, "supervise/control", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        return supervise->fifo >= 0 && supervise->fifo_write >= 0;
}

/* Where that directory is by now: it may have been moved, with who works in it. */
static void note_path(struct supervise *supervise)
{
        char link[64];
        struct stat found;
        ssize_t length;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", supervise->place);
        length = readlink(link, supervise->path, sizeof(supervise->path) - 1);
        if (length < 0)
                abort();
        supervise->path[length] = '\0';
        supervise->lost = fstat(supervise->place, &found) < 0 || found.st_nlink == 0 ||
                          fstatat(AT_FDCWD, supervise->path, &found, 0) < 0 ||
                          found.st_ino != supervise->place_id.inode;
}

static void close_one(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

void supervise_save(struct supervise *supervise)
{
        supervise->unread = 0;
        if (supervise->fifo >= 0) {
                ssize_t length = read(supervise->fifo, supervise->letters, S6_FIFO_BYTES);

                supervise->unread = length > 0 ? (size_t)length : 0;
        }
        if (supervise->place >= 0 && !supervise->lost)
                note_path(supervise);
        close_one(&supervise->fifo);
        close_one(&supervise->fifo_write);
        close_one(&supervise->lock);
        close_one(&supervise->place);
}

/* The FIFO and the lock of a directory whose supervise/ was exchanged for another are lost as well. */
void supervise_begin(struct supervise *supervise)
{
        if (supervise->state == SUPERVISE_BOOT || supervise->lost)
                return;
        supervise->place = open(supervise->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (supervise->place < 0 || id_of(supervise->place).inode != supervise->place_id.inode) {
                close_one(&supervise->place);
                supervise->lost = true;
                return;
        }
        supervise->lock = openat(supervise->place, "supervise/lock", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (supervise->state == SUPERVISE_BOOT2)
                return;
        if (!supervise_control(supervise) || supervise->lock < 0)
                supervise->lost = true;
        else if (supervise->unread && write(supervise->fifo_write, supervise->letters, supervise->unread) !=
                                              (ssize_t)supervise->unread)
                abort();
}
