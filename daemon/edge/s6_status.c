/* SPDX-License-Identifier: ISC */
#include "daemon/edge/s6_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"

/*
 * TAI64 counts from 2^62, which is 1970-01-01 00:00:00 TAI. skalibs keeps real TAI, not "UTC in TAI's
 * clothes": it adds the 10 s by which the two differed when leap seconds began and then one for each row of
 * its table (tai_from_sysclock and leapsecs_table, 27 rows, the last of 2016-12-31). Debian and s6-overlay
 * build it so (without --enable-tai-clock). Hence for every date since 2017, and until a 28th leap second is
 * announced:
 */
#define TAI64_OF_UNIX_EPOCH ((UINT64_C(1) << 62) + 10 + 27)

/* Far beyond any clock (the year 6325), and well within what microseconds in 64 bits can say. */
#define SECONDS_MAX (INT64_C(1) << 37)

/*
 * The sizes that versions of s6 write: 35 bytes in 2.11 and from 2.15 on, 43 in 2.12 to 2.14 (with a process
 * group behind the pid). Layout and sizes: s6's libs6 (s6_svstatus_unpack) of those versions. Big-endian:
 * TAI64N stamp, TAI64N ready stamp, pid u64, what a version may have there of its own, wait status u16, flags
 * u8.
 */
static const size_t sizes[] = {35, 43};
#define S6_STATUS_BYTES_MOST 43 /* the largest of them */

static bool is_known_size(size_t length)
{
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                if (sizes[i] == length)
                        return true;
        return false;
}

#define FLAG_PAUSED 1u
#define FLAG_FINISHING 2u
#define FLAG_WANT_UP 4u
#define FLAG_READY 8u

/* A death in the tally: TAI64N stamp, exit code, signal. */
#define TALLY_RECORD_BYTES 14
#define TALLY_TEMPORARY ".svcbroker-tally"

static uint64_t big_endian(const unsigned char *bytes, size_t length)
{
        uint64_t value = 0;

        for (size_t i = 0; i < length; i++)
                value = value << 8 | bytes[i];
        return value;
}

/* A stamp of before 1970 (a clock that was never set) counts as 1970. */
static int decode_stamp(const unsigned char *bytes, int64_t *usec)
{
        uint64_t seconds = big_endian(bytes, 8);
        uint64_t nanoseconds = big_endian(bytes + 8, 4);

        if (nanoseconds >= 1000000000 || seconds > TAI64_OF_UNIX_EPOCH + SECONDS_MAX)
                return -EBADMSG;
        if (seconds < TAI64_OF_UNIX_EPOCH)
                *usec = 0;
        else
                *usec = (int64_t)(seconds - TAI64_OF_UNIX_EPOCH) * 1000000 + (int64_t)(nanoseconds / 1000);
        return 0;
}

int s6_status_decode(const unsigned char *bytes, size_t length, struct s6_status *status)
{
        const unsigned char *tail;
        struct s6_status found = {0};
        uint64_t pid;
        unsigned flags;

        if (!is_known_size(length))
                return -EBADMSG;

        tail = bytes + length - 3;
        pid = big_endian(bytes + 24, 8);
        flags = tail[2];

        if (decode_stamp(bytes, &found.since_usec) < 0 || decode_stamp(bytes + 12, &found.ready_usec) < 0)
                return -EBADMSG;
        if (pid > INT32_MAX || flags > (FLAG_PAUSED | FLAG_FINISHING | FLAG_WANT_UP | FLAG_READY))
                return -EBADMSG;

        found.pid = (pid_t)pid;
        found.wait_status = (int)big_endian(tail, 2);
        /* s6 2.15 sets the flag, without a process, for "not started yet". */
        found.paused = (flags & FLAG_PAUSED) != 0 && pid != 0;
        found.finishing = (flags & FLAG_FINISHING) != 0;
        found.want_up = (flags & FLAG_WANT_UP) != 0;
        found.ready = (flags & FLAG_READY) != 0;
        *status = found;
        return 0;
}

bool s6_status_is_alive(const struct s6_status *status)
{
        return status->pid != 0 && !status->finishing;
}

/* s6-supervise begins with two equal stamps. Of an end it takes one, writes the death tally, tries finish, and only
 * then takes the other (main(), uplastup_z() and set_down_and_ready() of its source, 2.11 to 2.15). */
bool s6_status_has_run_nothing(const struct s6_status *status)
{
        return status->pid == 0 && status->wait_status == 0 && status->since_usec == status->ready_usec;
}

/* The stamp is that of the last start or end; the end of a finish script leaves it alone. */
bool s6_status_ran_between(const struct s6_status *before, const struct s6_status *now)
{
        return before->since_usec != 0 && !s6_status_is_alive(before) && !s6_status_is_alive(now) &&
               before->since_usec != now->since_usec;
}

/* The path of a file in supervise/; -ENAMETOOLONG where it does not fit. */
static int supervise_path(const char *name, const char *file, char *path, size_t size)
{
        int length = snprintf(path, size, "%s/supervise%s%s", name, *file == '\0' ? "" : "/", file);

        return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

/* Opens supervise/: the descriptor, or a negative errno. */
static int open_supervise(int at, const char *name)
{
        char path[S6_PATH_BYTES];
        int result = supervise_path(name, "", path, sizeof(path));
        int fd;

        if (result < 0)
                return result;
        fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int open_to_read(int at, const char *path)
{
        int fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int open_supervise_file(int at, const char *name, const char *file)
{
        char path[S6_PATH_BYTES];
        struct stat found;
        int result = supervise_path(name, file, path, sizeof(path));
        int fd;

        if (result < 0)
                return result;
        fd = open_to_read(at, path);
        if (fd < 0)
                return fd;
        result = fstat(fd, &found) < 0 ? -errno : S_ISREG(found.st_mode) ? 0 : -EBADMSG;
        if (result < 0) {
                close(fd);
                return result;
        }
        return fd;
}

/* What has no status in it is no status file, whatever it is. */
int s6_status_read(int at, const char *name, struct s6_status *status)
{
        unsigned char bytes[S6_STATUS_BYTES_MOST + 1]; /* one more, to see that a file is too long */
        char path[S6_PATH_BYTES];
        int result = supervise_path(name, "status", path, sizeof(path));
        int fd = result < 0 ? result : open_to_read(at, path);
        ssize_t n;

        if (fd < 0)
                return fd;
        /* One read has all of it: the file is small, and nobody writes to it under this name. */
        do
                n = read(fd, bytes, sizeof(bytes));
        while (n < 0 && errno == EINTR);
        if (n >= 0)
                result = s6_status_decode(bytes, (size_t)n, status);
        else
                result = errno == EISDIR || errno == EAGAIN ? -EBADMSG : -errno;
        close(fd);
        return result;
}

int s6_tally_count(int at, const char *name, unsigned *deaths)
{
        char path[S6_PATH_BYTES];
        struct stat found;
        int result = supervise_path(name, "death_tally", path, sizeof(path));

        if (result < 0)
                return result;
        if (fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno != ENOENT)
                        return -errno;
                found.st_size = 0;
        } else if (S_ISLNK(found.st_mode)) {
                return -ELOOP;
        } else if (!S_ISREG(found.st_mode)) {
                return -EBADMSG;
        }
        *deaths = (unsigned)(found.st_size / TALLY_RECORD_BYTES);
        return 0;
}

/* Reads the last whole records; *length: how many bytes. 0 or a negative errno. */
static int read_tally(int fd, unsigned char *bytes, size_t size, size_t *length)
{
        struct stat found;
        ssize_t n;
        off_t end;

        if (fstat(fd, &found) < 0)
                return -errno;
        end = found.st_size - found.st_size % TALLY_RECORD_BYTES;
        do
                n = pread(fd, bytes, size, end > (off_t)size ? end - (off_t)size : 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        *length = (size_t)n - (size_t)n % TALLY_RECORD_BYTES;
        return 0;
}

int s6_tally_recent(int at, const char *name, unsigned seconds, unsigned *deaths)
{
        unsigned char bytes[S6_DEATHS * TALLY_RECORD_BYTES];
        int64_t last = 0, usec;
        unsigned count = 0;
        size_t length = 0;
        int result = 0;
        int fd = open_supervise_file(at, name, "death_tally");

        if (fd >= 0) {
                result = read_tally(fd, bytes, sizeof(bytes), &length);
                close(fd);
        } else if (fd != -ENOENT) {
                return fd;
        }
        if (result == 0 && length != 0)
                result = decode_stamp(bytes + length - TALLY_RECORD_BYTES, &last);
        if (result < 0)
                return result;
        for (size_t i = 0; i < length; i += TALLY_RECORD_BYTES)
                count += decode_stamp(bytes + i, &usec) == 0 && last - usec <= (int64_t)seconds * 1000000;
        *deaths = count;
        return 0;
}

bool s6_tally_has_since(int at, const char *name, int64_t since_usec)
{
        unsigned char bytes[TALLY_RECORD_BYTES];
        size_t length = 0;
        int64_t usec = 0;
        int fd = open_supervise_file(at, name, "death_tally");

        if (fd < 0)
                return false;
        if (read_tally(fd, bytes, sizeof(bytes), &length))
                length = 0;
        close(fd);
        return length != 0 && decode_stamp(bytes, &usec) == 0 && usec >= since_usec;
}

/* Puts an empty file in the tally's place. */
static int replace_tally(int supervise)
{
        int fd;
        int result;

        /* No O_EXCL: a file that a killed broker left is as good, and nobody else writes in supervise/. */
        fd = openat(supervise, TALLY_TEMPORARY,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        result = fchmod(fd, 0644) < 0 ? -errno : 0;
        close(fd);
        if (result == 0 && renameat(supervise, TALLY_TEMPORARY, supervise, "death_tally") < 0)
                result = -errno;
        if (result < 0)
                unlinkat(supervise, TALLY_TEMPORARY, 0);
        return result;
}

/* Empties the tally where there is no inode for another file. Who reads it sees all or nothing then, too. */
static int empty_tally(int supervise)
{
        int fd = openat(supervise, "death_tally", O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        close(fd);
        return 0;
}

int s6_tally_clear(int at, const char *name)
{
        unsigned deaths = 0;
        int result = s6_tally_count(at, name, &deaths);
        int supervise;

        if (result < 0 || deaths == 0)
                return result;
        supervise = open_supervise(at, name);
        if (supervise < 0)
                return supervise;
        result = replace_tally(supervise);
        if (result == -ENOSPC || result == -EDQUOT)
                result = empty_tally(supervise);
        close(supervise);
        return result;
}

static void tidy_tally(int at, const char *name)
{
        int supervise = open_supervise(at, name);

        if (supervise < 0)
                return;
        unlinkat(supervise, TALLY_TEMPORARY, 0);
        close(supervise);
}

void s6_tally_tidy(int at, const char *name)
{
        char log[S6_PATH_BYTES];

        tidy_tally(at, name);
        if (snprintf(log, sizeof(log), "%s/log", name) < (int)sizeof(log))
                tidy_tally(at, log);
}
