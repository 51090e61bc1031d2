/* SPDX-License-Identifier: ISC */
#include "daemon/edge/s6_status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

/* Files of three real s6-supervises, and what the s6-svstat of each said about them: status/README. */
static const char *const versions[] = {"2.11.3.2", "2.13.1.0", "2.15.1.0"};
#define VERSIONS (int)(sizeof(versions) / sizeof(versions[0]))

static const char *data_directory(void)
{
        const char *directory = getenv("UNIT_DATA");

        return directory != NULL ? directory : "tests/unit";
}

static size_t load(const char *version, const char *name, unsigned char bytes[64])
{
        char path[4096];
        FILE *file;
        size_t length;

        snprintf(path, sizeof(path), "%s/status/%s/%s", data_directory(), version, name);
        file = fopen(path, "re");
        ck_assert_msg(file, "%s", path);
        length = fread(bytes, 1, 64, file);
        fclose(file);
        return length;
}

/* One line of `expected`. */
struct expected {
        char name[32], up[8], wantedup[8], ready[8], paused[8];
        int pid, process, exitcode, signum;
        int64_t now, updownfor, readyfor, since_usec, ready_usec;
};

static bool scan(const char *line, struct expected *e)
{
        return sscanf(line,
                      "%31s %7s %7s %7s %7s %d %d %d %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
                      " %" SCNd64,
                      e->name, e->up, e->wantedup, e->ready, e->paused, &e->pid, &e->process, &e->exitcode,
                      &e->signum, &e->now, &e->updownfor, &e->readyfor, &e->since_usec, &e->ready_usec) == 14;
}

/* What s6-svstat prints, put together from our struct by its rules. */
static void compare(const struct expected *e, const struct s6_status *s)
{
        bool up = s->pid != 0 && !s->finishing;
        bool ended = !up && e->exitcode != -1;
        bool killed = !up && e->signum != -1;

        ck_assert_str_eq(e->up, up ? "true" : "false");
        ck_assert_str_eq(e->wantedup, s->want_up ? "true" : "false");
        ck_assert_str_eq(e->ready, s->pid != 0 && s->ready ? "true" : "false");
        ck_assert_str_eq(e->paused, s->paused ? "true" : "false");
        ck_assert_int_eq(e->pid, up ? s->pid : -1);
        ck_assert_int_eq(e->process, s->pid);
        ck_assert_int_eq(strcmp(e->name, "finishing") == 0, s->finishing);
        ck_assert_int_eq(strcmp(e->name, "never") == 0, s6_status_has_run_nothing(s));
        if (ended)
                ck_assert(WIFEXITED(s->wait_status) && WEXITSTATUS(s->wait_status) == e->exitcode);
        if (killed)
                ck_assert(WIFSIGNALED(s->wait_status) && WTERMSIG(s->wait_status) == e->signum);

        /* s6's own conversion to UTC, to the microsecond; and its own idea of how long ago that was. */
        ck_assert_int_eq(e->since_usec, s->since_usec);
        ck_assert_int_eq(e->ready_usec, s->ready_usec);
        ck_assert_int_le(llabs(e->now - s->since_usec / 1000000 - e->updownfor), 1);
        ck_assert_int_le(llabs(e->now - s->ready_usec / 1000000 - e->readyfor), 1);
}

START_TEST(agrees_with_svstat)
{
        const char *version = versions[_i];
        unsigned char bytes[64];
        struct s6_status status;
        struct expected e;
        char path[4096], line[512];
        int files = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/status/%s/expected", data_directory(), version);
        file = fopen(path, "re");
        ck_assert_msg(file, "%s", path);
        while (fgets(line, sizeof(line), file)) {
                size_t length;

                if (*line == '#')
                        continue;
                ck_assert_msg(scan(line, &e), "%s", line);
                length = load(version, e.name, bytes);
                memset(&status, 0xff, sizeof(status));
                ck_assert_int_eq(0, s6_status_decode(bytes, length, &status));
                compare(&e, &status);
                files++;
        }
        fclose(file);
        ck_assert_int_eq(8, files);
}
END_TEST

/* Microseconds ago by the s6-svstat that is installed here; -1: none, or it does not take this file. */
static int64_t svstat_ago(const char *directory)
{
        char command[4096];
        long long seconds = -1;
        FILE *pipe;

        snprintf(command, sizeof(command), "s6-svstat -o updownfor '%s' 2>/dev/null", directory);
        pipe = popen(command, "re");
        ck_assert_ptr_nonnull(pipe);
        if (fscanf(pipe, "%lld", &seconds) != 1)
                seconds = -1;
        return pclose(pipe) == 0 ? seconds : -1;
}

START_TEST(agrees_with_svstat_now)
{
        char directory[] = "/tmp/edge-status-XXXXXX", path[256];
        unsigned char bytes[64];
        struct s6_status status;
        size_t length;
        FILE *file;
        int64_t ago;

        ck_assert_ptr_nonnull(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/supervise", directory);
        ck_assert_int_eq(0, mkdir(path, 0700));
        snprintf(path, sizeof(path), "%s/supervise/status", directory);
        length = load(versions[_i], "up", bytes);
        file = fopen(path, "we");
        ck_assert_uint_eq(length, fwrite(bytes, 1, length, file));
        fclose(file);

        ago = length == 35 ? svstat_ago(directory) : -1;
        ck_assert_int_eq(0, s6_status_decode(bytes, length, &status));
        if (ago >= 0)
                ck_assert_int_le(llabs(time(NULL) - status.since_usec / 1000000 - ago), 1);
        unlink(path);
        snprintf(path, sizeof(path), "%s/supervise", directory);
        rmdir(path);
        rmdir(directory);
}
END_TEST

/* Ends at a page that may not be touched. */
START_TEST(other_lengths_refused)
{
        long page = sysconf(_SC_PAGESIZE);
        unsigned char original[64] = {0};
        struct s6_status status, untouched;
        unsigned char *pages =
                mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        ck_assert(pages != MAP_FAILED);
        ck_assert_int_eq(0, mprotect(pages + page, (size_t)page, PROT_NONE));
        memset(&untouched, 0x5a, sizeof(untouched));
        for (size_t length = 0; length <= 64; length++) {
                unsigned char *bytes = pages + page - length;
                int result;

                load(versions[length >= 43 ? 1 : 0], "up", original);
                memcpy(bytes, original, length);
                memcpy(&status, &untouched, sizeof(status));
                result = s6_status_decode(bytes, length, &status);
                if (length == 35 || length == 43) {
                        ck_assert_int_eq(0, result);
                } else {
                        ck_assert_int_eq(-EBADMSG, result);
                        ck_assert_mem_eq(&untouched, &status, sizeof(status));
                }
        }
        munmap(pages, (size_t)page * 2);
}
END_TEST

START_TEST(nonsense_refused)
{
        static const struct {
                size_t at;
                unsigned char byte;
        } changes[] = {
                {0, 0xff},                          /* far future */
                {0, 0x41},  {4, 0x01},  {8, 0xff},  /* more than 999,999,999 ns */
                {12, 0xff}, {20, 0xff}, {24, 0x01}, /* no pid is that large */
                {28, 0x80}, {34, 0x10}, {34, 0xff}, /* a flag that does not exist */
        };
        unsigned char bytes[64];
        struct s6_status status, untouched;

        memset(&untouched, 0x5a, sizeof(untouched));
        memcpy(&status, &untouched, sizeof(status));
        ck_assert_uint_eq(35, load("2.11.3.2", "up", bytes));
        bytes[changes[_i].at] = changes[_i].byte;
        if (changes[_i].at == 4)
                bytes[3] = 0x20; /* 2^37 s and more after 1970 */
        ck_assert_int_eq(-EBADMSG, s6_status_decode(bytes, 35, &status));
        ck_assert_mem_eq(&untouched, &status, sizeof(status));
}
END_TEST

static char root[] = "/tmp/edge-status-XXXXXX";
static int at = -1;

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(root));
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(at, 0);
        ck_assert_int_eq(0, mkdirat(at, "x", 0755));
        ck_assert_int_eq(0, mkdirat(at, "x/supervise", 0700));
}

static void teardown(void)
{
        char command[128];

        close(at);
        snprintf(command, sizeof(command), "rm -rf '%s'", root);
        ck_assert_int_eq(0, system(command));
}

static void put(const char *path, const void *bytes, size_t length)
{
        int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq((ssize_t)length, write(fd, bytes, length));
        close(fd);
}

START_TEST(read_file)
{
        unsigned char bytes[64] = {0};
        struct s6_status status = {.pid = 77};
        size_t length;

        ck_assert_int_eq(-ENOENT, s6_status_read(at, "absent", &status));
        ck_assert_int_eq(-ENOENT, s6_status_read(at, "x", &status));
        length = load("2.13.1.0", "up", bytes);
        for (size_t other = 0; other <= 64; other++) {
                if (other == 35 || other == 43)
                        continue;
                put("x/supervise/status", bytes, other);
                ck_assert_int_eq(-EBADMSG, s6_status_read(at, "x", &status));
        }
        ck_assert_int_eq(77, status.pid);
        put("x/supervise/status", bytes, length);
        ck_assert_int_eq(0, s6_status_read(at, "x", &status));
        ck_assert_int_gt(status.pid, 1);
        ck_assert_int_ne(77, status.pid);
}
END_TEST

/* A FIFO must not hold us up, a link must not lead us anywhere. */
START_TEST(read_no_file)
{
        struct s6_status status;

        ck_assert_int_eq(0, mkfifoat(at, "x/supervise/status", 0600));
        alarm(60);
        ck_assert_int_eq(-EBADMSG, s6_status_read(at, "x", &status));
        ck_assert_int_eq(0, unlinkat(at, "x/supervise/status", 0));
        put("elsewhere", "", 0);
        ck_assert_int_eq(0, symlinkat("../../elsewhere", at, "x/supervise/status"));
        ck_assert_int_eq(-ELOOP, s6_status_read(at, "x", &status));
}
END_TEST

START_TEST(tally)
{
        unsigned deaths = 99;
        unsigned char bytes[3 * 14 + 5] = {0};
        struct stat before, after;

        ck_assert_int_eq(0, s6_tally_count(at, "x", &deaths));
        ck_assert_uint_eq(0, deaths);
        ck_assert_int_eq(0, s6_tally_clear(at, "x"));
        ck_assert_int_eq(-1, faccessat(at, "x/supervise/death_tally", F_OK, 0));
        ck_assert(!s6_tally_has_since(at, "x", 0));

        put("x/supervise/death_tally", bytes, sizeof(bytes));
        put("x/supervise/.svcbroker-tally", bytes, 7); /* of a killed broker */
        ck_assert_int_eq(0, fstatat(at, "x/supervise/death_tally", &before, 0));
        ck_assert_int_eq(0, s6_tally_count(at, "x", &deaths));
        ck_assert_uint_eq(3, deaths);
        bytes[2 * 14] = 0x40; /* the last of them: a second after 1970 began, UTC; half of a fourth follows */
        bytes[2 * 14 + 7] = 10 + 27 + 1;
        put("x/supervise/death_tally", bytes, sizeof(bytes));
        ck_assert(s6_tally_has_since(at, "x", 1000000));
        ck_assert(!s6_tally_has_since(at, "x", 1000001));
        ck_assert_int_eq(0, s6_tally_clear(at, "x"));
        ck_assert_int_eq(0, s6_tally_count(at, "x", &deaths));
        ck_assert_uint_eq(0, deaths);
        ck_assert(!s6_tally_has_since(at, "x", 0));
        ck_assert_int_eq(0, fstatat(at, "x/supervise/death_tally", &after, 0));
        ck_assert_uint_ne(before.st_ino, after.st_ino);
        ck_assert_int_eq(0, after.st_size);
        ck_assert_uint_eq(0644, after.st_mode & 07777);
        ck_assert_int_eq(-1, faccessat(at, "x/supervise/.svcbroker-tally", F_OK, 0));
}
END_TEST

int main(void)
{
        int failed;
        Suite *suite = suite_create("edge_status");
        TCase *decode = tcase_create("decode");
        TCase *files = tcase_create("files");
        SRunner *runner;

        tcase_add_loop_test(decode, agrees_with_svstat, 0, VERSIONS);
        tcase_add_loop_test(decode, agrees_with_svstat_now, 0, VERSIONS);
        tcase_add_test(decode, other_lengths_refused);
        tcase_add_loop_test(decode, nonsense_refused, 0, 10);
        tcase_add_checked_fixture(files, setup, teardown);
        tcase_add_test(files, read_file);
        tcase_add_test(files, read_no_file);
        tcase_add_test(files, tally);
        suite_add_tcase(suite, decode);
        suite_add_tcase(suite, files);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
