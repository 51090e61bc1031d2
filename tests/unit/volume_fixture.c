/* SPDX-License-Identifier: ISC */
#include "tests/unit/volume_fixture.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/edge/volume_resolve.h"

char root[] = "/tmp/edge-volume-XXXXXX";
char home[64];
int at = -1, volume = -1;

char steps[2048];
int fail_file, fail_system, fail_directory, fail_rename, fail_close;
int die_at = -1;
bool hide_types, short_writes, vanish_next;
unsigned inherited;
const char *plant_next;

static void step(char letter)
{
        size_t length = strlen(steps);

        if ((int)length == die_at)
                raise(SIGKILL);
        ck_assert_uint_lt(length, sizeof(steps) - 1);
        steps[length] = letter;
        steps[length + 1] = '\0';
}

static int fail_with(int error)
{
        errno = error;
        return -1;
}

int fsync(int fd)
{
        struct stat found;
        bool directory = fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);
        int error;

        step(directory ? 'd' : 'f');
        error = directory ? fail_directory : fail_file;
        return error != 0 ? fail_with(error) : (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
        step('s');
        return fail_system != 0 ? fail_with(fail_system) : (int)syscall(SYS_syncfs, fd);
}

static void plant(void)
{
        if (plant_next)
                ck_assert_int_eq(0, symlinkat("../outside/keep", at, plant_next));
        plant_next = NULL;
}

int renameat(int from, const char *old, int to, const char *new)
{
        int result;

        step('r');
        if (fail_rename != 0)
                return fail_with(fail_rename);
        result = (int)syscall(SYS_renameat2, from, old, to, new, 0);
        plant();
        return result;
}

int unlinkat(int directory, const char *name, int flags)
{
        int result;
        int error;

        if (vanish_next)
                syscall(SYS_unlinkat, directory, name, flags);
        vanish_next = false;
        result = (int)syscall(SYS_unlinkat, directory, name, flags);
        error = errno;
        plant();
        errno = error;
        return result;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
        static bool interrupt;

        interrupt = short_writes && !interrupt;
        if (interrupt)
                return fail_with(EINTR);
        return syscall(SYS_write, fd, bytes, short_writes && length > 3 ? (size_t)3 : length);
}

/* Fails for what was written to: as NFS does. */
int close(int fd)
{
        int flags = fail_close != 0 ? fcntl(fd, F_GETFL) : 0;
        int result;

        inherited += fcntl(fd, F_GETFD) == 0;
        result = (int)syscall(SYS_close, fd);
        return fail_close != 0 && flags >= 0 && (flags & O_ACCMODE) == O_WRONLY ? fail_with(fail_close)
                                                                                : result;
}

/* Some file systems do not say what an entry is. */
struct dirent *readdir(DIR *directory)
{
        struct dirent *entry;

        struct dirent *(*next)(DIR *) = NULL;

        *(void **)&next = dlsym(RTLD_NEXT, "readdir64");
        if (!next)
                *(void **)&next = dlsym(RTLD_NEXT, "readdir");
        entry = next(directory);
        if (entry && hide_types)
                entry->d_type = DT_UNKNOWN;
        return entry;
}

void put(const char *path, const char *text, mode_t mode)
{
        int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_eq((ssize_t)strlen(text), write(fd, text, strlen(text)));
        ck_assert_int_eq(0, fchmod(fd, mode));
        close(fd);
}

void put_size(const char *path, off_t size)
{
        int fd;

        put(path, "", 0600);
        fd = openat(at, path, O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(0, ftruncate(fd, size));
        close(fd);
}

void make(const char *path, mode_t mode)
{
        ck_assert_msg(mkdirat(at, path, 0700) == 0, "%s", path);
        ck_assert_int_eq(0, fchmodat(at, path, mode, 0));
}

const char *text_of(const char *path)
{
        static char text[8192];
        int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        ck_assert_msg(fd >= 0, "%s", path);
        n = read(fd, text, sizeof(text) - 1);
        ck_assert_int_ge(n, 0);
        text[n] = '\0';
        close(fd);
        return text;
}

bool exists(const char *path)
{
        struct stat found;

        return fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

struct stat inode(const char *path)
{
        struct stat found;

        ck_assert_msg(fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) == 0, "%s", path);
        return found;
}

void assert_mode(const char *path, mode_t mode)
{
        struct stat found = inode(path);

        ck_assert_msg(found.st_mode == mode, "%s: mode %o", path, found.st_mode);
}

unsigned entries(const char *path)
{
        unsigned count = 0;
        int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory;

        ck_assert_msg(fd >= 0, "%s", path);
        directory = fdopendir(fd);
        ck_assert_ptr_nonnull(directory);
        for (const struct dirent *entry; (entry = readdir(directory));)
                count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        closedir(directory);
        return count;
}

static unsigned descriptors(void)
{
        unsigned open = 0;

        for (int fd = 0; fd < 256; fd++)
                open += fcntl(fd, F_GETFD) >= 0;
        return open;
}

unsigned descriptors_before;

static void set_up(void)
{
        alarm(60);
        ck_assert_ptr_nonnull(mkdtemp(root));
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        make("home", 0755);
        make("home/profiles", 0755);
        make("home/profiles/x", 0755);
        make("outside", 0755);
        put("outside/keep", "kept", 0644);
        make("outside/x", 0755);
        umask(077); /* as in the daemon */
        snprintf(home, sizeof(home), "%s/home", root);
        volume = volume_open(home);
        ck_assert_int_ge(volume, 0);
        descriptors_before = descriptors();
}

/* A kernel, or a sandbox, without openat2 and without locks of open files. */
static void forbid(unsigned error)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 3, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_OFD_GETLK, 2, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        };
        struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

        ck_assert_int_eq(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        ck_assert_int_eq(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
        ck_assert_int_eq(-1, (int)syscall(SYS_openat2, -1, ".", NULL, 0));
        ck_assert_uint_eq(error, (unsigned)errno);
}

static void set_up_old_kernel(void)
{
        set_up();
        forbid(ENOSYS);
}

static void set_up_sandbox(void)
{
        set_up();
        forbid(EPERM);
}

static void tear_down(void)
{
        char command[128];

        fail_close = 0;
        ck_assert_uint_eq(descriptors_before, descriptors());
        /* Nothing that was ever done to the volume reached out of it. */
        ck_assert_str_eq("kept", text_of("outside/keep"));
        ck_assert_uint_eq(2, entries("outside"));
        ck_assert_uint_eq(0, entries("outside/x"));
        close(volume);
        close(at);
        snprintf(command, sizeof(command), "chmod -R u+rwx %s && rm -rf %s", root, root);
        ck_assert_int_eq(0, system(command));
}

bool left_out(const char *part)
{
        fprintf(stderr, "edge_volume: part left out: %s: %s\n", part, strerror(errno));
        return false;
}

bool mount_at(const char *path, const char *options)
{
        char target[128];

        snprintf(target, sizeof(target), "%s/%s", root, path);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", target, "tmpfs", 0, options) < 0)
                return left_out("no mount here");
        /* The descriptors of before are in the other namespace, and would miss the mount. */
        close(at);
        close(volume);
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        volume = volume_open(home);
        ck_assert_int_ge(at, 0);
        ck_assert_int_ge(volume, 0);
        return true;
}

void unmount(const char *path)
{
        char target[128];

        snprintf(target, sizeof(target), "%s/%s", root, path);
        ck_assert_int_eq(0, umount2(target, MNT_DETACH));
}

static int take(int fd, enum holding what)
{
        struct flock lock = {.l_type = what == HOLD_READ ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};

        switch (what) {
        case HOLD_LEASE_WRITE:
                return fcntl(fd, F_SETLEASE, F_WRLCK);
        case HOLD_LEASE_READ:
                return fcntl(fd, F_SETLEASE, F_RDLCK);
        case HOLD_ONE_BYTE:
                lock.l_start = 1000000;
                lock.l_len = 1;
                return fcntl(fd, F_SETLK, &lock);
        case HOLD_WRITE:
        case HOLD_READ:
                return fcntl(fd, F_SETLK, &lock);
        case HOLD_OPEN_FILE:
                return fcntl(fd, F_OFD_SETLK, &lock);
        case HOLD_FLOCK:
                return flock(fd, LOCK_EX);
        }
        return -1;
}

pid_t hold(const char *path, enum holding what)
{
        int ready[2];
        char byte = 0;
        pid_t pid;

        ck_assert_int_eq(0, pipe(ready));
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                int fd;

                signal(SIGIO, SIG_IGN);
                fd = openat(at, path, what == HOLD_LEASE_READ ? O_RDONLY : O_RDWR);
                if (fd < 0 || take(fd, what) < 0 || write(ready[1], "", 1) != 1)
                        _exit(1);
                pause();
                _exit(0);
        }
        close(ready[1]);
        ck_assert_msg(read(ready[0], &byte, 1) == 1, "%s: cannot be held", path);
        close(ready[0]);
        return pid;
}

void let_go(pid_t pid)
{
        ck_assert_int_eq(0, kill(pid, SIGKILL));
        ck_assert_int_eq(pid, waitpid(pid, NULL, 0));
}

double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct volume_file file(const char *path, const char *text, bool durable)
{
        return (struct volume_file){
                .path = path,
                .text = text,
                .length = text != NULL ? strlen(text) : 0,
                .mode = 0600,
                .durable = durable,
                .result = 4711,
        };
}

int replace_one(const char *path, const char *text, bool durable, bool make_directories)
{
        struct volume_file one = file(path, text, durable);

        steps[0] = '\0';
        volume_replace(volume, &one, 1, make_directories);
        return one.result;
}

int append(const char *path, const char *text)
{
        return volume_append_log(volume, path, text, strlen(text));
}

int read_fails(const char *path)
{
        char *text = home; /* untouched */
        int result = volume_read(volume, path, &text);

        ck_assert_ptr_eq(home, text);
        return result;
}

void assert_reads(const char *path, const char *expected)
{
        char *text = NULL;

        ck_assert_int_eq(0, volume_read(volume, path, &text));
        ck_assert_str_eq(expected, text);
        free(text);
}

int list_fails(const char *path)
{
        char *nothing = NULL, **names = &nothing;
        size_t count = 4711;
        int result = volume_directories(volume, path, 10, &names, &count);

        ck_assert_ptr_eq(&nothing, names);
        ck_assert_uint_eq(4711, count);
        return result;
}

int tail_fails(const char *path)
{
        char *text = NULL;
        int result = volume_read_tail(volume, path, 100, &text);

        ck_assert_ptr_null(text);
        return result;
}

void assert_refused(const char *path, int error)
{
        ck_assert_int_eq(error, tail_fails(path));
        ck_assert_int_eq(error, read_fails(path));
        ck_assert_int_eq(error, volume_remove(volume, path));
        ck_assert(!volume_has(volume, path));
        ck_assert_int_eq(error == -ENOENT ? 0 : error, volume_look(volume, path));
        ck_assert_int_eq(error, volume_is_locked(volume, path));
        ck_assert_int_eq(error, append(path, "x"));
        ck_assert_int_eq(error, replace_one(path, "x", true, true));
        ck_assert_int_eq(error, replace_one(path, "x", false, false));
        ck_assert_int_eq(error, replace_one(path, NULL, true, true));
        ck_assert_int_eq(error, list_fails(path));
        ck_assert_int_eq(error, volume_walk(volume, path, O_PATH, 0));
        ck_assert_int_eq(error, volume_walk(volume, path, O_RDONLY, 0700));
        ck_assert_int_eq(error, volume_resolve(volume, path, O_PATH));
        ck_assert_int_eq(error, volume_resolve(volume, path, O_RDONLY));
}

int run(const char *name, void (*add)(TCase *cases))
{
        static const struct {
                const char *name;

                void (*set_up)(void);
        } kinds[] = {{"as it is", set_up}, {"old kernel", set_up_old_kernel}, {"sandbox", set_up_sandbox}};
        int failed;
        Suite *suite = suite_create(name);
        SRunner *runner;

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                TCase *cases = tcase_create(kinds[i].name);

                tcase_set_timeout(cases, 60);
                tcase_add_checked_fixture(cases, kinds[i].set_up, tear_down);
                add(cases);
                suite_add_tcase(suite, cases);
        }
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
