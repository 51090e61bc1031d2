/* SPDX-License-Identifier: ISC */
#include "daemon/edge/oom.h"

#include <errno.h>
#include <sys/stat.h>

#include "unit.h"

/* A place for files that look like the kernel's. */
static char top[64], self[96];

static void write_file(const char *name, const char *text)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", top, name);
        for (char *slash = strchr(path + strlen(top) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                mkdir(path, 0755);
                *slash = '/';
        }
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        fclose(file);
}

static void setup(void)
{
        strcpy(top, "/tmp/oom.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(top));
        snprintf(self, sizeof(self), "%s/self", top);
}

static void teardown(void)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -r %s", top);
        ck_assert_int_eq(system(command), 0);
}

static void assert_read(int64_t kills, int64_t limit_bytes)
{
        struct oom oom;

        ck_assert_int_eq(oom_read_at(self, top, &oom), 0);
        ck_assert_int_eq(oom.kills, kills);
        ck_assert_int_eq(oom.limit_bytes, limit_bytes);
}

static void assert_fails(int error)
{
        struct oom oom = {.kills = 47, .limit_bytes = 11};

        ck_assert_int_eq(oom_read_at(self, top, &oom), error);
        ck_assert_int_eq(oom.kills, 47);
        ck_assert_int_eq(oom.limit_bytes, 11);
}

#define EVENTS "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"

/* A container with a namespace of its own for control groups sees its own group as the whole. */
START_TEST(second_version)
{
        write_file("self", "0::/\n");
        assert_fails(-ENOENT);
        write_file("memory.events", EVENTS);
        assert_read(2, 0);
        write_file("memory.max", "max\n");
        assert_read(2, 0);
        write_file("memory.max", "268435456\n");
        assert_read(2, 268435456);
}
END_TEST

START_TEST(second_version_below)
{
        write_file("self", "0::/kubepods/pod1/c\n");
        write_file("memory.events", "oom_kill 99\n");
        assert_read(99, 0); /* the path is the host's, and not to be seen here */
        write_file("kubepods/pod1/c/memory.events", EVENTS);
        assert_read(2, 0);
}
END_TEST

START_TEST(first_version)
{
        write_file("self", "9:name=systemd:/\n4:hugetlb,memory:/docker/1\n3:cpu,cpuacct:/x\n0::/y\n");
        write_file("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
        write_file("memory/memory.limit_in_bytes", "9223372036854771712\n");
        write_file("y/memory.events", "oom_kill 1\n");
        assert_read(7, 0);
        write_file("memory/docker/1/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 8\n");
        write_file("memory/docker/1/memory.limit_in_bytes", "52428800\n");
        assert_read(8, 52428800);
}
END_TEST

START_TEST(what_does_not_tell)
{
        assert_fails(-ENOENT);
        write_file("self", "");
        assert_fails(-ENOENT);
        write_file("self", "nonsense\n::\n0:\n4:memory\n");
        assert_fails(-ENOENT);
        write_file("self", "4:memory:/\n");
        write_file("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n"); /* before Linux 4.13 */
        assert_fails(-ENOENT);
        write_file("memory/memory.oom_control", "oom_kill -1\n");
        assert_fails(-EBADMSG);
        write_file("self", "4:memoryless:/\n");
        assert_fails(-ENOENT);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("oom");
        TCase *tcase = tcase_create("oom");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, second_version);
        tcase_add_test(tcase, second_version_below);
        tcase_add_test(tcase, first_version);
        tcase_add_test(tcase, what_does_not_tell);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
