/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/cgroup.h"

static char root[64];

static void make(const char *path, const char *text)
{
        char whole[512];
        FILE *file;

        snprintf(whole, sizeof(whole), "%s%s", root, path);
        for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = 0;
                mkdir(whole, 0755);
        }
        file = fopen(whole, "w");

        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
}

static void setup(void)
{
        strcpy(root, "/tmp/unit-cgroup-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", root);
        ck_assert_int_eq(system(command), 0);
}

static struct cgroup_limit limit_of(enum cgroup_kind kind)
{
        struct cgroup_limit limit = {0};

        ck_assert_int_eq(cgroup_read(root, kind, &limit), 0);
        return limit;
}

#define V2_MOUNT "31 23 0:28 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n"
#define PROC_MOUNT "30 23 0:27 / /proc rw - proc proc rw\n"

/* A container with a namespace of its own: it sees itself as the top. */
START_TEST(v2_of_a_container)
{
        struct cgroup_limit limit;

        make("/proc/self/cgroup", "0::/\n");
        make("/proc/self/mountinfo", PROC_MOUNT V2_MOUNT);
        make("/sys/fs/cgroup/pids.current", "100\n");
        make("/sys/fs/cgroup/pids.max", "100\n");
        make("/sys/fs/cgroup/memory.current", "1000000\n");
        make("/sys/fs/cgroup/memory.max", "max\n");
        limit = limit_of(CGROUP_PIDS);
        ck_assert_uint_eq(limit.used, 100);
        ck_assert_uint_eq(limit.most, 100);
        ck_assert_str_eq(limit.where, "/sys/fs/cgroup");
        ck_assert_uint_eq(limit_of(CGROUP_MEMORY).most, CGROUP_UNLIMITED);
        make("/sys/fs/cgroup/memory.max", "1100000\n");
        make("/sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 300000\nactive_file 200000\nfile 7\n");
        limit = limit_of(CGROUP_MEMORY);
        ck_assert_uint_eq(limit.used, 500000);
        ck_assert_uint_eq(limit.most, 1100000);
}
END_TEST

/* The tightest counts: an ancestor's may have less left than the own one's. */
START_TEST(ancestors)
{
        struct cgroup_limit limit;

        make("/proc/self/cgroup", "1:name=systemd:/x\n0::/pod/container\n");
        make("/proc/self/mountinfo", V2_MOUNT);
        make("/sys/fs/cgroup/pod/container/pids.current", "5\n");
        make("/sys/fs/cgroup/pod/container/pids.max", "100\n");
        make("/sys/fs/cgroup/pod/pids.current", "95\n");
        make("/sys/fs/cgroup/pod/pids.max", "96\n");
        limit = limit_of(CGROUP_PIDS);
        ck_assert_str_eq(limit.where, "/sys/fs/cgroup/pod");
        ck_assert_uint_eq(limit.most, 96);
        make("/sys/fs/cgroup/pod/pids.max", "max\n");
        limit = limit_of(CGROUP_PIDS);
        ck_assert_str_eq(limit.where, "/sys/fs/cgroup/pod/container");
}
END_TEST

/* v1 beside a v2 without controllers, as hosts had it for years; the container's part of it mounted alone. */
START_TEST(v1)
{
        struct cgroup_limit limit;

        make("/proc/self/cgroup",
             "9:name=systemd:/docker/1\n8:pids,rdma:/docker/1\n4:memory:/docker/1\n0::/\n");
        make("/proc/self/mountinfo",
             "36 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
             "37 31 0:33 /docker/1 /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids,rdma\n"
             "38 31 0:34 /docker/1 /sys/fs/cgroup/memory ro shared:1 master:2 - cgroup cgroup rw,memory\n");
        make("/sys/fs/cgroup/pids/pids.current", "7\n");
        make("/sys/fs/cgroup/pids/pids.max", "8\n");
        make("/sys/fs/cgroup/memory/memory.usage_in_bytes", "9000\n");
        make("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        limit = limit_of(CGROUP_PIDS);
        ck_assert_uint_eq(limit.used, 7);
        ck_assert_uint_eq(limit.most, 8);
        ck_assert_str_eq(limit.where, "/sys/fs/cgroup/pids");
        ck_assert_uint_eq(limit_of(CGROUP_MEMORY).most, CGROUP_UNLIMITED);
        make("/sys/fs/cgroup/memory/memory.limit_in_bytes", "10000\n");
        make("/sys/fs/cgroup/memory/memory.stat",
             "inactive_file 1\ntotal_inactive_file 4000\ntotal_active_file 2000\n");
        limit = limit_of(CGROUP_MEMORY);
        ck_assert_uint_eq(limit.used, 3000);
}
END_TEST

/* Nothing is mounted, or the process is outside of what is: no limit is made up. */
START_TEST(nothing_to_see)
{
        struct cgroup_limit limit = {.used = 4711};

        ck_assert_int_eq(cgroup_read(root, CGROUP_PIDS, &limit), -ENOENT);
        make("/proc/self/cgroup", "0::/../other\nnonsense\n:\n");
        ck_assert_int_eq(cgroup_read(root, CGROUP_PIDS, &limit), -ENOENT);
        make("/proc/self/mountinfo", PROC_MOUNT "nonsense\n" V2_MOUNT);
        ck_assert_int_eq(cgroup_read(root, CGROUP_PIDS, &limit), -ENOENT);
        make("/sys/fs/cgroup/pids.max", "soon\n");
        make("/sys/fs/cgroup/pids.current", "\n");
        ck_assert_int_eq(cgroup_read(root, CGROUP_PIDS, &limit), -ENOENT);
        ck_assert_uint_eq(limit.used, 4711);
        make("/sys/fs/cgroup/pids.max", "4\n");
        make("/sys/fs/cgroup/pids.current", "3\n");
        ck_assert_int_eq(cgroup_read(root, CGROUP_PIDS, &limit), 0);
        ck_assert_str_eq(limit.where, "/sys/fs/cgroup");
}
END_TEST

int main(void)
{
        Suite *suite;
        TCase *tcase;

        const TTest *tests[] = {v2_of_a_container, ancestors, v1, nothing_to_see};
        suite = suite_create("edge_cgroup");
        tcase = tcase_create("edge_cgroup");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
