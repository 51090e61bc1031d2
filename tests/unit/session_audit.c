/* SPDX-License-Identifier: ISC */
/* What stands in the log of who did what: every line has the same fields for the same thing. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/session/audit.h"

static struct server server;
static struct peer peer;
static struct service services[2];
static int from;
static char seen[64 * 1024];

/* Two are there. */
struct service *registry_find(const struct registry *registry, const char *name)
{
        (void)registry;
        for (size_t i = 0; i < 2; i++)
                if (strcmp(services[i].name, name) == 0)
                        return &services[i];
        return NULL;
}

static void setup(void)
{
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        from = ends[0];
        ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        close(ends[1]);
        ck_assert_int_eq(fcntl(from, F_SETFL, O_NONBLOCK), 0);
        services[0].name = "gateway-a";
        services[1].name = "gateway-b";
        peer = (struct peer){.server = &server,
                             .id = 513,
                             .access = ACCESS_CLIENT,
                             .identity = {.uid = 10000, .gid = 10000, .pid = 7},
                             .request = {.number = 3}};
}

static const char *logged(void)
{
        ssize_t length = read(from, seen, sizeof(seen) - 1);

        seen[length > 0 ? length : 0] = '\0';
        return seen;
}

START_TEST(a_request_is_one_line)
{
        static const char *const names[] = {"gateway-b", "gateway-nobody", "gateway-a"};

        audit_names(&peer, "Stop", names, 3);
        ck_assert_str_eq(logged(), "audit: Stop: uid=10000 pid=7 connection=513 call=3 names=3 unknown=1 "
                                   "service=gateway-b service=gateway-a\n");
        audit_profile(&peer, "Register", "new");
        ck_assert_str_eq(logged(),
                         "audit: Register: uid=10000 pid=7 connection=513 call=3 service=gateway-new\n");
        audit_call(&peer, "Reconcile");
        ck_assert_str_eq(logged(), "audit: Reconcile: uid=10000 pid=7 connection=513 call=3\n");
}
END_TEST

/* More than the line takes: none is cut in two, and how many there are is told. */
START_TEST(a_thousand_names_are_one_line)
{
        static const char *names[1000];
        const char *line;

        for (size_t i = 0; i < 1000; i++)
                names[i] = services[i % 2].name;
        audit_names(&peer, "Stop", names, 1000);
        line = logged();
        ck_assert_ptr_nonnull(strstr(line, " names=1000 unknown=0 "));
        ck_assert_uint_le(strlen(line), 512);
        ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

/* The longest names that there are: as many as fit, none of them in part. */
START_TEST(no_name_is_cut_in_two)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1] = "";
        const char *names[] = {name, name};
        const char *line, *last;

        memset(name, 'x', sizeof(name) - 1);
        services[0].name = name;
        audit_names(&peer, "Stop", names, 2);
        line = logged();
        last = strstr(line, " service=");
        ck_assert_ptr_nonnull(last);
        ck_assert_uint_eq(strspn(last + strlen(" service="), "x"), LIMIT_SERVICE_NAME_BYTES);
        ck_assert_str_eq(last + strlen(" service=") + LIMIT_SERVICE_NAME_BYTES, "...\n");
        name[0] = ' ';
        names[1] = "gateway-b";
        audit_names(&peer, "Stop", names, 1);
        ck_assert_ptr_nonnull(strstr(logged(), " service=%20x"));
}
END_TEST

START_TEST(whoever_is_refused_is_named)
{
        audit_limit(ACCESS_CLIENT, &peer.identity, "connections_uid", 48);
        ck_assert_str_eq(logged(), "refused: limit=connections_uid value=48 uid=10000 pid=7\n");
        audit_denied(&peer);
        ck_assert_str_eq(logged(), "refused: no permission: uid=10000 pid=7\n");
        audit_invalid(&peer);
        ck_assert_str_eq(logged(), "refused: invalid message: uid=10000 pid=7\n");
        audit_closed(&peer, "not-reading");
        ck_assert_str_eq(logged(), "peer: closed: why=not-reading uid=10000 pid=7\n");
        audit_dropped(&peer, 2);
        ck_assert_str_eq(logged(), "peer: dropped: why=gone calls=2 uid=10000 pid=7 connection=513\n");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_request_is_one_line, a_thousand_names_are_one_line,
                                      no_name_is_cut_in_two, whoever_is_refused_is_named};
        Suite *suite = suite_create("session_audit");
        TCase *tcase = tcase_create("session_audit");

        tcase_add_checked_fixture(tcase, setup, NULL);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
