/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/session/access.h"

#define CLIENT 10000
#define OTHER 10001
#define STARTER 1000 /* who started a broker without root */
#define OVERFLOW 65534
#define OBSERVERS 10002

/* By uid, for a broker of root's and for one of STARTER's; alone, and in the observer group. */
static const struct row {
        uid_t uid;
        enum access of_root, of_starter;
        enum access of_root_observing, of_starter_observing;
} rows[] = {
        {0, ACCESS_ROOT, ACCESS_ROOT, ACCESS_ROOT, ACCESS_ROOT},
        {STARTER, ACCESS_NOBODY, ACCESS_ROOT, ACCESS_OBSERVER, ACCESS_ROOT},
        {CLIENT, ACCESS_CLIENT, ACCESS_CLIENT, ACCESS_CLIENT, ACCESS_CLIENT},
        {OTHER, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_OBSERVER, ACCESS_OBSERVER},
        {1, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_OBSERVER, ACCESS_OBSERVER},
        {CLIENT - 1, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_OBSERVER, ACCESS_OBSERVER},
        {OVERFLOW - 1, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_OBSERVER, ACCESS_OBSERVER},
        {OVERFLOW, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_NOBODY},
        {(uid_t)-2, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_OBSERVER, ACCESS_OBSERVER},
        {(uid_t)-1, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_NOBODY, ACCESS_NOBODY},
};

static struct access_policy policy_of(uid_t own_uid, bool has_observers)
{
        return (struct access_policy){own_uid, CLIENT, has_observers, OBSERVERS};
}

START_TEST(the_whole_table)
{
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct row *row = &rows[i];
                struct identity alone = {.uid = row->uid, .gid = 1, .pid = 1};
                struct identity observing = {.uid = row->uid, .gid = OBSERVERS, .pid = 1, .observes = true};
                struct access_policy of_root = policy_of(0, true);
                struct access_policy of_starter = policy_of(STARTER, true);
                struct access_policy no_observers = policy_of(0, false);

                ck_assert_msg(access_of(&of_root, &alone) == row->of_root, "uid %u", row->uid);
                ck_assert_msg(access_of(&of_starter, &alone) == row->of_starter, "uid %u", row->uid);
                ck_assert_msg(access_of(&of_root, &observing) == row->of_root_observing, "uid %u", row->uid);
                ck_assert_msg(access_of(&of_starter, &observing) == row->of_starter_observing, "uid %u",
                              row->uid);
                /* Without an observer group a group opens nothing. */
                ck_assert_msg(access_of(&no_observers, &observing) == row->of_root, "uid %u", row->uid);
        }
}
END_TEST

/* A number that stands for nobody does not become somebody by way of the configuration. */
START_TEST(nobody_stays_nobody)
{
        static const uid_t nobodies[] = {OVERFLOW, (uid_t)-1};

        for (size_t i = 0; i < 2; i++) {
                struct access_policy policy = {nobodies[i], nobodies[i], true, OBSERVERS};
                struct identity identity = {.uid = nobodies[i], .gid = 0, .pid = 1, .observes = true};

                ck_assert_int_eq(access_of(&policy, &identity), ACCESS_NOBODY);
        }
        ck_assert_int_eq(access_of(&(struct access_policy){0}, &IDENTITY_NOBODY), ACCESS_NOBODY);
}
END_TEST

/* Neither a pid nor a gid is a permission. */
START_TEST(only_the_uid_counts)
{
        struct access_policy policy = policy_of(0, true);

        for (int pid = 0; pid <= 1; pid++) {
                static const gid_t gids[] = {0, CLIENT, OBSERVERS};

                for (size_t i = 0; i < 3; i++) {
                        struct identity identity = {.uid = OTHER, .gid = gids[i], .pid = pid ? getpid() : 0};

                        ck_assert_int_eq(access_of(&policy, &identity), ACCESS_NOBODY);
                }
        }
}
END_TEST

static struct identity identity_over_pair(const struct access_policy *policy)
{
        struct identity identity = {.uid = 0, .observes = true};
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        identity_of(pair[0], policy, &identity);
        close(pair[0]);
        close(pair[1]);
        return identity;
}

START_TEST(by_the_kernel)
{
        struct access_policy policy = policy_of(0, false);
        struct identity identity = identity_over_pair(&policy);

        ck_assert_uint_eq(identity.uid, geteuid());
        ck_assert_uint_eq(identity.gid, getegid());
        ck_assert_int_eq(identity.pid, getpid());
        ck_assert(!identity.observes);
}
END_TEST

START_TEST(no_socket_no_identity)
{
        struct access_policy policy = {0, CLIENT, true, getegid()};
        int fds[] = {-1, open("/dev/null", O_RDONLY | O_CLOEXEC)};

        for (size_t i = 0; i < 2; i++) {
                struct identity identity = {.uid = 0, .gid = 0, .pid = 1, .observes = true};

                identity_of(fds[i], &policy, &identity);
                ck_assert_uint_eq(identity.uid, (uid_t)-1);
                ck_assert_uint_eq(identity.gid, (gid_t)-1);
                ck_assert_int_eq(identity.pid, 0);
                ck_assert(!identity.observes);
                ck_assert_int_eq(access_of(&policy, &identity), ACCESS_NOBODY);
        }
        close(fds[1]);
}
END_TEST

START_TEST(observer_by_its_first_group)
{
        struct access_policy policy = {0, CLIENT, true, getegid()};

        ck_assert(identity_over_pair(&policy).observes);
        policy.has_observers = false;
        ck_assert(!identity_over_pair(&policy).observes);
}
END_TEST

START_TEST(observer_by_another_group)
{
        struct access_policy policy = policy_of(0, true);
        gid_t groups[300];

        if (geteuid() != 0)
                return; /* only root can take on groups */
        for (gid_t i = 0; i < 300; i++)
                groups[i] = 20000 + i;
        groups[100] = OBSERVERS;
        ck_assert_int_eq(setgroups(0, NULL), 0);
        ck_assert(!identity_over_pair(&policy).observes);
        ck_assert_int_eq(setgroups(1, &groups[99]), 0);
        ck_assert(!identity_over_pair(&policy).observes);
        ck_assert_int_eq(setgroups(1, &groups[100]), 0);
        ck_assert(identity_over_pair(&policy).observes);
        ck_assert_int_eq(setgroups(256, groups), 0);
        ck_assert(identity_over_pair(&policy).observes);
        policy.has_observers = false;
        ck_assert(!identity_over_pair(&policy).observes);
        /* More than are looked at: no, rather than some of them. */
        policy.has_observers = true;
        ck_assert_int_eq(setgroups(300, groups), 0);
        ck_assert(!identity_over_pair(&policy).observes);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                the_whole_table,       nobody_stays_nobody,         only_the_uid_counts,       by_the_kernel,
                no_socket_no_identity, observer_by_its_first_group, observer_by_another_group,
        };

        return unit_run(unit_suite_of("session_access", tests));
}
