/* SPDX-License-Identifier: ISC */
/*
 * The calls that the linker gives to the simulation. Where no fault is drawn they are the C library's: the same deeds are done with the
 * broker's code at work and without, each in a directory of its own, and must come out alike.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/sysname.h"
#include "tests/unit/unit.h"

#include "clients.h"
#include "core.h"

static char said[2][32768];
static char *saying;

static void on_text(const char *text)
{
}

static const struct company nobody = {.on_log = on_text, .on_path = on_text};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
        size_t length = strlen(saying);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(saying + length, sizeof(said[0]) - length, format, arguments);
        va_end(arguments);
}

/* Of a call that says -1 and errno. */
static int came(const char *what, int result)
{
        say("%s: %s\n", what, result < 0 ? sysname_error(errno) : "ok");
        return result;
}

static void came_and_close(const char *what, int fd)
{
        if (came(what, fd) >= 0)
                close(fd);
}

static void put(int at, const char *name, const char *text)
{
        int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

        came("put", fd);
        say("written %zd\n", write(fd, text, strlen(text)));
        came("close", close(fd));
}

static void look(const char *what, int result, const struct stat *found)
{
        if (came(what, result) == 0)
                say("  mode %o links %u size %lld %s\n", found->st_mode, (unsigned)found->st_nlink,
                    S_ISDIR(found->st_mode) ? 0LL : (long long)found->st_size,
                    found->st_uid == (sim_inside ? 0 : getuid()) ? "ours" : "another's");
}

static void open_deeds(int at)
{
        struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};

        put(at, "file", "some text");
        came_and_close("create again", openat(at, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        came_and_close("open what is not there", openat(at, "none", O_RDONLY | O_CLOEXEC));
        came_and_close("open a file as a directory", openat(at, "file", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        came("symlinkat", symlinkat("file", at, "link"));
        came("symlinkat again", symlinkat("file", at, "link"));
        came_and_close("open a link", openat(at, "link", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        came_and_close("openat2 of a link", (int)syscall(SYS_openat2, at, "link", &how, sizeof(how)));
        came_and_close("openat2", (int)syscall(SYS_openat2, at, "file", &how, sizeof(how)));
        came("mkdirat", mkdirat(at, "directory", 0750));
        came("mkdirat again", mkdirat(at, "directory", 0750));
        came_and_close("write a directory", openat(at, "directory", O_WRONLY | O_CLOEXEC));
        came("mkfifo", mkfifoat(at, "fifo", 0600));
        came_and_close("a FIFO that nobody reads", openat(at, "fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        came_and_close("a FIFO", openat(at, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

static void file_deeds(int at)
{
        char text[32] = "";
        struct stat found;
        int fd = openat(at, "file", O_RDWR | O_CLOEXEC);

        say("read %zd", read(fd, text, sizeof(text) - 1));
        say(" %s\n", text);
        say("pread %zd\n", pread(fd, text, 4, 5));
        came("ftruncate", ftruncate(fd, 4));
        came("fallocate", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4096));
        came("fchmod", fchmod(fd, 0600));
        look("fstat", fstat(fd, &found), &found);
        came("fsync", fsync(fd));
        came("fdatasync", fdatasync(fd));
        came("syncfs", syncfs(fd));
        came("close", close(fd));
        came("close again", close(fd));
        say("write to it %zd\n", write(fd, "a", 1));
        came("fchmodat", fchmodat(at, "file", 0604, 0));
        look("fstatat", fstatat(at, "file", &found, AT_SYMLINK_NOFOLLOW), &found);
        look("of a link", fstatat(at, "link", &found, AT_SYMLINK_NOFOLLOW), &found);
        look("of what is not there", fstatat(at, "none", &found, 0), &found);
        say("readlinkat %zd\n", readlinkat(at, "link", text, sizeof(text)));
        came("readlinkat of a file", (int)readlinkat(at, "file", text, sizeof(text)));
}

static void name_deeds(int at)
{
        put(at, "one", "1");
        put(at, "two", "22");
        came("renameat", renameat(at, "one", at, "three"));
        came("renameat of nothing", renameat(at, "one", at, "three"));
        came("exchange", renameat2(at, "two", at, "three", RENAME_EXCHANGE));
        came("no replace", renameat2(at, "two", at, "three", RENAME_NOREPLACE));
        came("exchange with nothing", renameat2(at, "two", at, "none", RENAME_EXCHANGE));
        came("rename over a directory", renameat(at, "two", at, "directory"));
        came("unlink a directory", unlinkat(at, "directory", 0));
        came("unlink nothing", unlinkat(at, "none", 0));
        put(at, "directory/file", "");
        came("remove what is not empty", unlinkat(at, "directory", AT_REMOVEDIR));
        came("unlink", unlinkat(at, "directory/file", 0));
        came("remove", unlinkat(at, "directory", AT_REMOVEDIR));
}

static int compare(const void *left, const void *right)
{
        return strcmp(left, right);
}

/* Its order is anyone's: what there is, is not. */
static void list_deeds(int at)
{
        char names[32][300];
        DIR *directory = fdopendir(openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

        for (int turn = 0; turn < 2; turn++) {
                unsigned count = 0;

                for (struct dirent *entry; (entry = readdir(directory)) && count < 32;)
                        snprintf(names[count++], sizeof(names[0]), "%s %d", entry->d_name, entry->d_type);
                qsort(names, count, sizeof(names[0]), compare);
                for (unsigned i = 0; i < count; i++)
                        say("entry %s\n", names[i]);
                rewinddir(directory);
        }
        came("closedir", closedir(directory));
        say("opendir of nothing: %s\n", opendir("/nonexistent") ? "ok" : sysname_error(errno));
}

static void lock_deeds(int at)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = openat(at, "file", O_RDWR | O_CLOEXEC), other = openat(at, "file", O_RDWR | O_CLOEXEC);

        came("ask for a lock", fcntl(fd, F_GETLK, &lock));
        say("held: %d\n", lock.l_type != F_UNLCK);
        came("flock", flock(fd, LOCK_EX | LOCK_NB));
        came("flock by another", flock(other, LOCK_EX | LOCK_NB));
        say("flags %o\n", (unsigned)(fcntl(fd, F_GETFL) & O_ACCMODE));
        close(other);
        close(fd);
}

static void event_deeds(int at, const char *path)
{
        char bytes[4096] __attribute__((aligned(8)));
        const struct inotify_event *event = (const void *)bytes;
        uint64_t number = 3;
        int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

        came("inotify", fd);
        came("watch", inotify_add_watch(fd, path, IN_CREATE) > 0 ? 0 : -1);
        came("watch nothing", inotify_add_watch(fd, "/nonexistent", IN_CREATE));
        put(at, "new", "");
        say("event %d %s\n", read(fd, bytes, sizeof(bytes)) > 0 ? (int)event->mask : -1, event->name);
        close(fd);
        fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        came("empty", (int)read(fd, &number, sizeof(number)));
        number = 3;
        came("ring", (int)write(fd, &number, sizeof(number)));
        number = 0;
        came("read", (int)read(fd, &number, sizeof(number)));
        say("rung %llu\n", (unsigned long long)number);
        close(fd);
}

static void socket_deeds(int at)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int other = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", at);
        came("nobody listens", connect(other, (struct sockaddr *)&address, sizeof(address)));
        came("bind", bind(fd, (struct sockaddr *)&address, sizeof(address)));
        came("bind again", bind(other, (struct sockaddr *)&address, sizeof(address)));
        came("listen", listen(fd, 4));
        came("nobody comes", accept4(fd, NULL, NULL, SOCK_CLOEXEC));
        came("connect", connect(other, (struct sockaddr *)&address, sizeof(address)));
        came_and_close("accept", accept4(fd, NULL, NULL, SOCK_CLOEXEC));
        came("send to nobody", (int)send(other, "a", 1, MSG_NOSIGNAL));
        close(other);
        close(fd);
}

static void other_deeds(int at)
{
        struct statvfs system;
        char *copy = strdup("a copy"), *zeroes = calloc(3, 5);

        say("%s %d\n", copy, memcmp(zeroes, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15));
        copy = realloc(copy, 100);
        say("%s\n", copy);
        free(copy);
        free(zeroes);
        came("fstatvfs", fstatvfs(at, &system));
        say("names of %lu, room %d, read-only %d\n", system.f_namemax, system.f_bavail > 0,
            (int)(system.f_flag & ST_RDONLY));
        say("process 1 is there: %d\n", kill(1, 0) == 0 || errno == EPERM);
        say("no such process: %s\n", kill(2999999, 0) < 0 ? sysname_error(errno) : "ok");
}

static void deeds(bool inside)
{
        char path[128];
        int at;

        snprintf(path, sizeof(path), "%s/%s", sim_path, inside ? "inside" : "outside");
        mkdir(path, 0755);
        at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        saying = said[inside];
        *saying = '\0';
        if (inside)
                inside_begin();
        open_deeds(at);
        file_deeds(at);
        name_deeds(at);
        list_deeds(at);
        lock_deeds(at);
        event_deeds(at, path);
        socket_deeds(at);
        other_deeds(at);
        if (inside)
                inside_end();
        close(at);
}

START_TEST(come_out_as_the_librarys)
{
        static const struct sim_settings settings = {.seed = 1, .profiles = 2, .flavour = S6_2_13};

        company = &nobody;
        arena_open();
        core->settings = settings;
        core->now_usec = INT64_C(1000000000);
        core->utc_offset_usec = INT64_C(1790000000) * 1000000;
        core->random[0] = 1;
        place_make();
        actor_s6.init();
        actor_s6.begin();
        deeds(false);
        deeds(true);
        place_remove();
        ck_assert_str_eq(said[1], said[0]);
        ck_assert_ptr_nonnull(strstr(said[0], "EEXIST"));
        ck_assert_uint_eq(core->faults_met, 0);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {come_out_as_the_librarys};

        return unit_run(unit_suite_of("parts_calls", tests));
}
