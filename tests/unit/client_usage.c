/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <json-c/json.h>
#include <sys/stat.h>

#include "client/say/openmetrics.h"
#include "client/text/bytes.h"
#include "client/usage/container.h"
#include "client/usage/session.h"

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
        strcpy(root, "/tmp/unit-usage-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", root);
        ck_assert_int_eq(system(command), 0);
}

static struct container_memory memory_of(void)
{
        struct container_memory memory = {-2, -2};

        ck_assert_int_eq(container_memory_read(root, &memory), 0);
        return memory;
}

START_TEST(version_2)
{
        make("/proc/self/cgroup", "0::/\n");
        make("/sys/fs/cgroup/memory.current", "1000\n");
        make("/sys/fs/cgroup/memory.max", "max\n");
        make("/sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 300\nactive_file 200\n");
        ck_assert_int_eq(memory_of().used_bytes, 700);
        ck_assert_int_eq(memory_of().limit_bytes, -1);
        make("/sys/fs/cgroup/memory.max", "2000\n");
        ck_assert_int_eq(memory_of().limit_bytes, 2000);
}
END_TEST

/* The one with the least left is told, which may be above the own one; the host's top has no such files. */
START_TEST(version_2_with_the_hosts_groups)
{
        make("/proc/self/cgroup", "0::/pod/container\n");
        make("/sys/fs/cgroup/pod/memory.current", "900\n");
        make("/sys/fs/cgroup/pod/memory.max", "1000\n");
        make("/sys/fs/cgroup/pod/container/memory.current", "100\n");
        make("/sys/fs/cgroup/pod/container/memory.max", "500\n");
        ck_assert_int_eq(memory_of().used_bytes, 900);
        ck_assert_int_eq(memory_of().limit_bytes, 1000);
}
END_TEST

/* The own path is not there, since the container sees its group as the top. */
START_TEST(version_1)
{
        make("/proc/self/cgroup", "11:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n");
        make("/sys/fs/cgroup/memory/memory.usage_in_bytes", "4000\n");
        make("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        make("/sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 1000\n");
        ck_assert_int_eq(memory_of().used_bytes, 3000);
        ck_assert_int_eq(memory_of().limit_bytes, -1);
}
END_TEST

START_TEST(no_group)
{
        struct container_memory memory;

        ck_assert_int_lt(container_memory_read(root, &memory), 0);
        make("/proc/self/cgroup", "0::/../..\nnonsense\n");
        make("/sys/fs/cgroup/memory.current", "words\n");
        make("/sys/fs/cgroup/memory.max", "1\n");
        ck_assert_int_lt(container_memory_read(root, &memory), 0);
}
END_TEST

static struct usage usage_of(int64_t session, bool files)
{
        struct usage_processes processes;
        struct usage usage;

        ck_assert_int_eq(usage_processes_read(root, &processes), 0);
        usage_of_session(root, &processes, session, files, &usage);
        usage_processes_free(&processes);
        return usage;
}

/* A name may hold what looks like the end of one; and what is none of the session does not count. */
START_TEST(a_session)
{
        struct usage usage;

        make("/7/stat", "7 (a) b) (c) S 1 7 7 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 5 0 999 1 1\n");
        make("/7/status", "Name:\ta\nVmRSS:\t99 kB\nRssAnon:\t10 kB\nRssFile:\t50 kB\nRssShmem:\t3 kB\n");
        make("/7/fd/0", "");
        make("/7/fd/1", "");
        make("/8/stat", "8 (x) R 7 8 7 0 -1 4194560 1 2 3 4 0 0 0 0 20 0 1 0 999 1 1\n");
        make("/8/status", "RssAnon:\t1 kB\nRssShmem:\t0 kB\n");
        make("/8/fd/0", "");
        make("/9/stat", "9 (y) R 1 9 9 0 -1 4194560 1 2 3 4 5 5 5 5 20 0 1 0 999 1 1\n");
        make("/10/stat", "10 (cut");
        usage = usage_of(7, true);
        ck_assert_int_eq(usage.processes, 2);
        ck_assert_int_eq(usage.threads, 6);
        ck_assert_int_eq(usage.memory_bytes, 14 * 1024);
        ck_assert_int_eq(usage.cpu_usec, 1240000);
        ck_assert_int_eq(usage.files, 3);
        ck_assert_int_eq(usage_of(7, false).files, USAGE_UNKNOWN);
}
END_TEST

START_TEST(what_is_hidden_is_not_nothing)
{
        struct usage usage = usage_of(7, true);

        ck_assert_int_eq(usage.memory_bytes, USAGE_UNKNOWN);
        ck_assert_int_eq(usage.processes, USAGE_UNKNOWN);
        ck_assert_int_eq(usage.cpu_usec, USAGE_UNKNOWN);
}
END_TEST

START_TEST(amounts)
{
        char text[BYTES_TEXT_BYTES];

        ck_assert_str_eq(bytes_format(0, text), "0");
        ck_assert_str_eq(bytes_format(-1, text), "0");
        ck_assert_str_eq(bytes_format(4096, text), "4K");
        ck_assert_str_eq(bytes_format(1023 * 1024, text), "1023K");
        ck_assert_str_eq(bytes_format(1024 * 1024, text), "1.0M");
        ck_assert_str_eq(bytes_format(INT64_C(12) * 1024 * 1024 + 400 * 1024, text), "12.3M");
        ck_assert_str_eq(bytes_format(INT64_C(512) * 1024 * 1024, text), "512M");
        ck_assert_str_eq(bytes_format(INT64_C(3) << 30, text), "3.0G");
        ck_assert_str_eq(bytes_format(INT64_MAX / 10, text), "819P");
        /* The sanitizers' build says if such an amount is multiplied before it is looked at. */
        ck_assert_str_eq(bytes_format(INT64_MAX / 10 + 1, text), "huge");
        ck_assert_str_eq(bytes_format(INT64_MAX, text), "huge");
        ck_assert_str_eq(bytes_format(INT64_MIN, text), "0");
}
END_TEST

/* Whoever serves the socket need not be svcbrokerd: whatever stands in a name or a value, no line is broken by it. */
START_TEST(text_for_prometheus)
{
        static const char families[] =
                "[{\"name\":\"io.svcbroker.CallSeconds\",\"description\":\"a \\\"b\\\" \\\\ c\\nd\",\"type\":"
                "\"counter\"},{\"name\":\"other.Thing\",\"type\":\"string\"},{\"name\":\"io.svcbroker.None\","
                "\"type\":\"gauge\"}]";
        static const char metrics[] = "[{\"name\":\"io.svcbroker.CallSeconds\",\"value\":1.5,\"fields\":{\"a-"
                                      "b\":\"x\\\"\\n\\\\y\"}},"
                                      "{\"name\":\"other.Thing\",\"value\":\"w\",\"object\":\"o\"}]";
        struct json_object *described = json_tokener_parse(families), *told = json_tokener_parse(metrics);
        char *text = openmetrics_text(described, told, OPENMETRICS_1_0);

        ck_assert_str_eq(text, "# TYPE svcbroker_call_seconds counter\n"
                               "# UNIT svcbroker_call_seconds seconds\n"
                               "# HELP svcbroker_call_seconds a \\\"b\\\" \\\\ c\\nd\n"
                               "svcbroker_call_seconds_total{a_b=\"x\\\"\\n\\\\y\"} 1.500000\n"
                               "# TYPE other_thing gauge\n"
                               "# HELP other_thing \n"
                               "other_thing{service=\"o\",thing=\"w\"} 1\n"
                               "# EOF\n");
        free(text);
        text = openmetrics_text(described, told, PROMETHEUS_0_0_4);
        ck_assert_ptr_nonnull(strstr(text, "# TYPE svcbroker_call_seconds_total counter\n"));
        ck_assert_ptr_null(strstr(text, "# EOF"));
        free(text);
        json_object_put(described);
        json_object_put(told);
}
END_TEST

/* A family of buckets and the one before it, which has the sums, are one histogram. */
START_TEST(a_histogram_for_prometheus)
{
        static const char families[] =
                "[{\"name\":\"io.a.CallSeconds\",\"description\":\"d\",\"type\":\"counter\"},"
                "{\"name\":\"io.a.CallSecondsBucket\",\"description\":\"b\",\"type\":\"counter\"},"
                "{\"name\":\"io.a.Rest\",\"description\":\"r\",\"type\":\"counter\"}]";
        static const char metrics[] =
                "[{\"name\":\"io.a.CallSeconds\",\"value\":0.0,\"fields\":{\"method\":\"None\"}},"
                "{\"name\":\"io.a.CallSeconds\",\"value\":1.5,\"fields\":{\"method\":\"M\"}},"
                "{\"name\":\"io.a.CallSecondsBucket\",\"value\":2,\"fields\":{\"method\":\"M\",\"le\":\"0."
                "1\"}},"
                "{\"name\":\"io.a.CallSecondsBucket\",\"value\":3,\"fields\":{\"method\":\"M\",\"le\":\"+"
                "Inf\"}},"
                "{\"name\":\"io.a.Rest\",\"value\":7}]";
        struct json_object *described = json_tokener_parse(families), *told = json_tokener_parse(metrics);
        char *text = openmetrics_text(described, told, OPENMETRICS_1_0);

        ck_assert_str_eq(text, "# TYPE io_a_call_seconds histogram\n"
                               "# UNIT io_a_call_seconds seconds\n"
                               "# HELP io_a_call_seconds d\n"
                               "io_a_call_seconds_bucket{method=\"M\",le=\"0.1\"} 2\n"
                               "io_a_call_seconds_bucket{method=\"M\",le=\"+Inf\"} 3\n"
                               "io_a_call_seconds_count{method=\"M\"} 3\n"
                               "io_a_call_seconds_sum{method=\"M\"} 1.500000\n"
                               "# TYPE io_a_rest counter\n"
                               "# HELP io_a_rest r\n"
                               "io_a_rest_total 7\n"
                               "# EOF\n");
        free(text);
        json_object_put(described);
        json_object_put(told);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                version_2,
                version_2_with_the_hosts_groups,
                version_1,
                no_group,
                a_session,
                what_is_hidden_is_not_nothing,
                amounts,
                text_for_prometheus,
                a_histogram_for_prometheus,
        };
        Suite *suite = suite_create("client_usage");
        TCase *tcase = tcase_create("client_usage");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
