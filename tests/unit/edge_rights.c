/* SPDX-License-Identifier: ISC */
#include "daemon/edge/rights.h"
#include "daemon/edge/rights_audit.h"
#include "daemon/edge/rights_members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <check.h>

#define GROUP 4711
#define KEPT ((1ULL << CAP_SETUID) | (1ULL << CAP_SETGID))

/* Every test is a child of its own (Check forks), so that it may give up what it likes. */
static char root[] = "/tmp/edge-rights-XXXXXX";

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(root));
}

/* By the process that Check did not fork, which still may. */
static void teardown(void)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -rf '%s'", root);
        ck_assert_int_eq(0, system(command));
}

static unsigned long long status_field(const char *name, int base)
{
        char line[256];
        unsigned long long value = 0;
        bool found = false;
        FILE *file = fopen("/proc/self/status", "re");

        ck_assert_ptr_nonnull(file);
        while (fgets(line, sizeof(line), file))
                if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
                        value = strtoull(line + strlen(name) + 1, NULL, base);
                        found = true;
                }
        fclose(file);
        ck_assert_msg(found, "%s", name);
        return value;
}

static void assert_sets(unsigned long long permitted)
{
        ck_assert_uint_eq(permitted, status_field("CapPrm", 16));
        ck_assert_uint_eq(0, status_field("CapEff", 16));
        ck_assert_uint_eq(0, status_field("CapInh", 16));
        ck_assert_uint_eq(0, status_field("CapAmb", 16));
}

/* As a container does that drops some. */
static void without(cap_value_t value)
{
        cap_t set = cap_get_proc();

        ck_assert_ptr_nonnull(set);
        ck_assert_int_eq(0, cap_set_flag(set, CAP_EFFECTIVE, 1, &value, CAP_CLEAR));
        ck_assert_int_eq(0, cap_set_flag(set, CAP_PERMITTED, 1, &value, CAP_CLEAR));
        ck_assert_int_eq(0, cap_set_proc(set));
        cap_free(set);
}

START_TEST(begins)
{
        struct rlimit limit;

        ck_assert_int_eq(0, rights_begin(300));
        ck_assert_uint_eq(1, status_field("NoNewPrivs", 10));
        ck_assert_uint_eq(077, umask(0));
        ck_assert_int_eq(0, getrlimit(RLIMIT_CORE, &limit));
        ck_assert_uint_eq(0, limit.rlim_cur);
        ck_assert_uint_eq(0, limit.rlim_max);
        ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &limit));
        ck_assert_uint_eq(300, limit.rlim_cur);
        ck_assert_int_eq(0, prctl(PR_GET_DUMPABLE));
        /* As far as the hard limit goes. */
        limit.rlim_cur = limit.rlim_max = 200;
        ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &limit));
        ck_assert_int_eq(0, rights_begin(1000));
        ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &limit));
        ck_assert_uint_eq(200, limit.rlim_cur);
}
END_TEST

START_TEST(drops)
{
        struct rights rights;
        cap_value_t inherited[] = {CAP_KILL, CAP_CHOWN};
        cap_t set;

        /* Something to be lost: inheritable and ambient. */
        set = cap_get_proc();
        ck_assert_int_eq(0, cap_set_flag(set, CAP_INHERITABLE, 2, inherited, CAP_SET));
        ck_assert_int_eq(0, cap_set_proc(set));
        cap_free(set);
        ck_assert_int_eq(0, cap_set_ambient(CAP_KILL, CAP_SET));
        ck_assert_uint_ne(0, status_field("CapAmb", 16));

        memset(&rights, 0x5a, sizeof(rights));
        ck_assert_int_eq(0, rights_drop(&rights));
        assert_sets(KEPT);
        ck_assert_uint_eq(KEPT, status_field("CapBnd", 16));
        ck_assert(rights.root && rights.can_switch && rights.bounding_shrunk);
        ck_assert_uint_eq(0, rights.missing);
        /* It means what it says. */
        ck_assert_int_eq(-1, chown(root, 1, 1));
        ck_assert_int_eq(EPERM, errno);
        /* Once more changes nothing. */
        ck_assert_int_eq(0, rights_drop(&rights));
        ck_assert(rights.can_switch && rights.bounding_shrunk && rights.missing == 0);
}
END_TEST

START_TEST(drops_without_setpcap)
{
        struct rights rights;
        unsigned long long bounding = status_field("CapBnd", 16);

        without(CAP_SETPCAP);
        ck_assert_int_eq(0, rights_drop(&rights));
        assert_sets(KEPT);
        ck_assert_uint_eq(bounding, status_field("CapBnd", 16));
        ck_assert(rights.root && rights.can_switch && !rights.bounding_shrunk);
        ck_assert_uint_eq(1ULL << CAP_SETPCAP, rights.missing);
}
END_TEST

START_TEST(drops_without_setuid)
{
        struct rights rights;

        without(CAP_SETUID);
        ck_assert_int_eq(0, rights_drop(&rights));
        assert_sets(1ULL << CAP_SETGID);
        ck_assert(rights.root && !rights.can_switch);
        ck_assert_uint_eq(1ULL << CAP_SETUID, rights.missing);
}
END_TEST

START_TEST(drops_without_root)
{
        struct rights rights;

        ck_assert_int_eq(0, setresuid(4711, 4711, 4711));
        ck_assert_int_eq(0, rights_drop(&rights));
        assert_sets(0);
        ck_assert(!rights.root && !rights.can_switch);
        ck_assert_uint_eq(KEPT, rights.missing & KEPT);
}
END_TEST

static unsigned group_of_new_file(const char *name)
{
        char path[256];
        struct stat found;
        int fd;

        snprintf(path, sizeof(path), "%s/%s", root, name);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(0, fstat(fd, &found));
        close(fd);
        return found.st_gid;
}

START_TEST(group)
{
        struct rights rights;

        ck_assert_int_eq(0, rights_drop(&rights));
        ck_assert(rights_group_begin(GROUP));
        assert_sets(KEPT); /* down again, already here */
        ck_assert_uint_eq(GROUP, group_of_new_file("a"));
        rights_group_end();
        assert_sets(KEPT);
        ck_assert_uint_eq(getegid(), group_of_new_file("b"));
}
END_TEST

/* Whoever has a capability raised keeps it. */
START_TEST(group_before_the_drop)
{
        unsigned long long effective = status_field("CapEff", 16);

        ck_assert(rights_group_begin(GROUP));
        ck_assert_uint_eq(GROUP, group_of_new_file("c"));
        rights_group_end();
        ck_assert_uint_eq(effective, status_field("CapEff", 16));
        ck_assert_uint_eq(getegid(), group_of_new_file("d"));
}
END_TEST

START_TEST(group_without_setgid)
{
        struct rights rights;

        without(CAP_SETGID);
        ck_assert_int_eq(0, rights_drop(&rights));
        ck_assert(!rights_group_begin(GROUP));
        ck_assert_uint_eq(getegid(), group_of_new_file("e"));
        ck_assert(rights_group_begin(getegid())); /* needs nothing */
        rights_group_end();
}
END_TEST

/* The audit needs parents that are safe, which /tmp is not. */
static char safe[] = "/edge-rights-XXXXXX";

static void setup_safe(void)
{
        ck_assert_ptr_nonnull(mkdtemp(safe));
        ck_assert_int_eq(0, chmod(safe, 0755));
        ck_assert_int_eq(0, chdir(safe));
        umask(0);
        ck_assert_int_eq(0, mkdir("a", 0755));
        ck_assert_int_eq(0, mkdir("a/b", 0755));
        close(open("a/b/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
        ck_assert_int_eq(0, mkdir("bad", 0777));
        ck_assert_int_eq(0, mkdir("bad/inner", 0755));
}

static void teardown_safe(void)
{
        char command[128];

        ck_assert_int_eq(0, chdir("/"));
        snprintf(command, sizeof(command), "rm -rf '%s'", safe);
        ck_assert_int_eq(0, system(command));
}

/* What the audit says of safe/path; culprit: the path below safe that it names, NULL for none. */
static void audit(const char *path, int expected, const char *culprit)
{
        char full[512], full_culprit[512];
        char *named = NULL;
        int result;

        snprintf(full, sizeof(full), "%s/%s", safe, path);
        result = rights_audit(full, &named);
        ck_assert_msg(result == expected, "%s: %d instead of %d (%s)", path, result, expected,
                      named ? named : "");
        if (culprit) {
                snprintf(full_culprit, sizeof(full_culprit), "%s%s%s", safe, *culprit ? "/" : "", culprit);
                ck_assert_str_eq(full_culprit, named);
        } else {
                ck_assert_ptr_null(named);
        }
        free(named);
}

START_TEST(audit_good)
{
        char *culprit = NULL;

        audit("a/b/file", 0, NULL);
        audit("a//b/./../b/", 0, NULL);
        ck_assert_int_eq(0, rights_audit("/", &culprit));
        ck_assert_int_eq(0, symlink("../a/b", "a/link"));
        audit("a/link/file", 0, NULL);
        ck_assert_int_eq(0, symlink("/usr", "a/absolute"));
        audit("a/absolute/bin", 0, NULL);
        /* Writable for root's own group. */
        ck_assert_int_eq(0, chmod("a/b", 0775));
        audit("a/b/file", 0, NULL);
        /* Which is not its own where somebody else is in it. */
        rights_share_root_group(true);
        audit("a/b/file", 1, "a/b");
        rights_share_root_group(false);
        audit("a/b/none", -ENOENT, NULL);
        audit("a/b/file/none", -ENOTDIR, NULL);
        ck_assert_int_eq(-EINVAL, rights_audit("a/b", &culprit));
        ck_assert_int_eq(-EINVAL, rights_audit("", &culprit));
        ck_assert_ptr_null(culprit);
}
END_TEST

/* What is not to be looked at is as good as another's, by whatever way. */
START_TEST(audit_outside)
{
        static const struct {
                const char *path;
                const char *volume;
                int expected;
        } cases[] = {
                {"a/b/file", "a/b", 1},    {"a/b", "a/b/", 1},         {"a/link/file", "a/b//", 1},
                {"a/link/none", "a/b", 1}, {"a/b/file", "a/b/x", 0},   {"a/b/file", "a/", 1},
                {"a/b/file", "b", 0},      {"a/b/none", "x", -ENOENT}, {"a/none", "a/none", 1},
        };
        char path[512], volume[512];

        ck_assert_int_eq(0, symlink("b", "a/link"));
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char *culprit = NULL;

                snprintf(path, sizeof(path), "%s/%s", safe, cases[i].path);
                snprintf(volume, sizeof(volume), "%s/%s", safe, cases[i].volume);
                ck_assert_msg(rights_audit_outside(path, volume, &culprit) == cases[i].expected, "%s %s",
                              cases[i].path, cases[i].volume);
                ck_assert((culprit != NULL) == (cases[i].expected == 1));
                free(culprit);
        }
}
END_TEST

/* Where it leads to, and which inode is there. */
START_TEST(audit_end)
{
        static const struct {
                const char *path;
                const char *end;
        } cases[] = {{"a/b/file", "a/b/file"}, {"a/link/file", "a/b/file"},
                     {"a/link", "a/b"},        {"a/b/..", "a"},
                     {"a/b/.", "a/b"},         {"a//b/", "a/b"}};
        char path[512];
        struct rights_end end;
        struct stat found;
        char *culprit = NULL;

        ck_assert_int_eq(0, symlink("b", "a/link"));
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                ck_assert_int_eq(0, stat(cases[i].end, &found));
                snprintf(path, sizeof(path), "%s/%s", safe, cases[i].path);
                ck_assert_int_eq(0, rights_audit_to(path, "", &end, &culprit));
                snprintf(path, sizeof(path), "%s/%s", safe, cases[i].end);
                ck_assert_str_eq(path, end.path);
                ck_assert_uint_eq(found.st_ino, end.inode.st_ino);
                ck_assert_int_eq(0, rights_audit_below(safe, cases[i].path, "", &end, &culprit));
                ck_assert_str_eq(path, end.path);
                ck_assert_uint_eq(found.st_ino, end.inode.st_ino);
        }
        ck_assert_int_eq(0, stat("/", &found));
        ck_assert_int_eq(0, rights_audit_to("/", "", &end, &culprit));
        ck_assert_str_eq("", end.path);
        ck_assert_uint_eq(found.st_ino, end.inode.st_ino);
        /* Below what was found safe, the way to it is not looked at again. */
        ck_assert_int_eq(0, chmod("a", 0777));
        snprintf(path, sizeof(path), "%s/a/b", safe);
        ck_assert_int_eq(0, rights_audit_below(path, "file", "", NULL, &culprit));
        ck_assert_int_eq(1, rights_audit_to(path, "", &end, &culprit));
        free(culprit);
}
END_TEST

/* By the account files of this machine, in which root is alone, and a made up first group. */
START_TEST(root_group)
{
        bool shared = true;

        ck_assert_int_eq(0, rights_look_at_root_group("nobody", GROUP, &shared));
        ck_assert(!shared);
        ck_assert_int_eq(0, rights_look_at_root_group("nobody", 0, &shared));
        ck_assert(shared);
}
END_TEST

START_TEST(audit_modes)
{
        audit("bad", 1, "bad");
        audit("bad/inner", 1, "bad");
        audit("bad/../a/b", 1, "bad"); /* whoever can rename bad/ away decides what .. is */
        ck_assert_int_eq(0, chmod("bad", 01777));
        audit("bad/inner", 1, "bad");
        ck_assert_int_eq(0, chmod("a/b/file", 0757));
        audit("a/b/file", 1, "a/b/file");
        ck_assert_int_eq(0, chmod("a/b/file", 0755));
        ck_assert_int_eq(0, chown("a/b", 0, GROUP));
        audit("a/b/file", 0, NULL);
        ck_assert_int_eq(0, chmod("a/b", 0775));
        audit("a/b/file", 1, "a/b");
        ck_assert_int_eq(0, chmod("a/b", 0755));
        ck_assert_int_eq(0, chown("a", GROUP, 0));
        audit("a/b/file", 1, "a");
        ck_assert_int_eq(0, chown("a", 0, 0));
        ck_assert_int_eq(0, chown("a/b/file", GROUP, 0));
        audit("a/b/file", 1, "a/b/file");
        audit("a/b", 0, NULL);
        ck_assert_int_eq(0, chmod(safe, 0757));
        audit("a", 1, "");
}
END_TEST

START_TEST(audit_links)
{
        ck_assert_int_eq(0, symlink("../bad/inner", "a/into"));
        audit("a/into", 1, "bad");
        ck_assert_int_eq(0, symlink("../a/b", "bad/out"));
        audit("bad/out", 1, "bad");
        ck_assert_int_eq(0, symlink("out", "bad/inner/up"));
        ck_assert_int_eq(0, symlink("self", "a/self"));
        audit("a/self", -ELOOP, NULL);
        ck_assert_int_eq(0, symlink("none", "a/dangling"));
        audit("a/dangling", -ENOENT, NULL);
        /* A chain through a bad place, to a good one. */
        ck_assert_int_eq(0, symlink("../bad/out", "a/chain"));
        audit("a/chain/file", 1, "bad");
}
END_TEST

/* Our own files are ours, when we are not root; another's are not. */
START_TEST(audit_without_root)
{
        ck_assert_int_eq(0, chown("a/b/file", GROUP, GROUP));
        audit("a/b/file", 1, "a/b/file");
        ck_assert_int_eq(0, seteuid(GROUP));
        audit("a/b/file", 0, NULL);
        ck_assert_int_eq(0, seteuid(0));
        ck_assert_int_eq(0, chown("a/b/file", GROUP + 1, GROUP));
        ck_assert_int_eq(0, seteuid(GROUP));
        audit("a/b/file", 1, "a/b/file");
        ck_assert_int_eq(0, seteuid(0));
}
END_TEST

/* setfacl -m u:4711:rwx makes the mode 0775, with group 0. */
START_TEST(audit_acl)
{
        static const unsigned char acl[] = {
                2,  0, 0, 0,                                       /* version */
                1,  0, 7, 0, 0xff,         0xff,       0xff, 0xff, /* owner */
                2,  0, 7, 0, GROUP & 0xff, GROUP >> 8, 0,    0,    /* user 4711 */
                4,  0, 5, 0, 0xff,         0xff,       0xff, 0xff, /* group */
                16, 0, 7, 0, 0xff,         0xff,       0xff, 0xff, /* mask */
                32, 0, 5, 0, 0xff,         0xff,       0xff, 0xff, /* others */
        };

        if (setxattr("a/b", "system.posix_acl_access", acl, sizeof(acl), 0) < 0) {
                ck_assert_int_eq(EOPNOTSUPP, errno);
                return;
        }
        audit("a/b/file", 1, "a/b");
}
END_TEST

int main(void)
{
        int failed;
        Suite *suite;
        TCase *drop;
        TCase *paths;
        SRunner *runner;

        if (geteuid() != 0) {
                fprintf(stderr, "edge_rights: needs root\n");
                return 77;
        }
        suite = suite_create("edge_rights");
        drop = tcase_create("drop");
        paths = tcase_create("audit");

        tcase_add_unchecked_fixture(drop, setup, teardown);
        tcase_add_test(drop, begins);
        tcase_add_test(drop, drops);
        tcase_add_test(drop, drops_without_setpcap);
        tcase_add_test(drop, drops_without_setuid);
        tcase_add_test(drop, drops_without_root);
        tcase_add_test(drop, group);
        tcase_add_test(drop, group_before_the_drop);
        tcase_add_test(drop, group_without_setgid);
        tcase_add_checked_fixture(paths, setup_safe, teardown_safe);
        tcase_add_test(paths, audit_good);
        tcase_add_test(paths, root_group);
        tcase_add_test(paths, audit_outside);
        tcase_add_test(paths, audit_end);
        tcase_add_test(paths, audit_modes);
        tcase_add_test(paths, audit_links);
        tcase_add_test(paths, audit_without_root);
        tcase_add_test(paths, audit_acl);
        suite_add_tcase(suite, drop);
        suite_add_tcase(suite, paths);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
