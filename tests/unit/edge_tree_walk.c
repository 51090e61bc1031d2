/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "daemon/edge/tree_walk.h"

static char root[] = "/tmp/edge-tree-walk-XXXXXX";

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(root));
        ck_assert_int_eq(0, chdir(root));
}

static void teardown(void)
{
        char command[128];

        ck_assert_int_eq(0, chdir("/"));
        snprintf(command, sizeof(command), "rm -rf '%s'", root);
        ck_assert_int_eq(0, system(command));
}

static void make_file(const char *path)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        ck_assert_int_ge(fd, 0);
        close(fd);
}

static unsigned count_descriptors(void)
{
        unsigned count = 0;

        for (int fd = 0; fd < 256; fd++)
                count += fcntl(fd, F_GETFD) >= 0;
        return count;
}

static int compare(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

/* What is met, sorted: paths, each with its error if it has one; skip: a path that is not entered. */
static void assert_met(const char *top, const char *skip, const char *expected)
{
        static struct tree_walk walk;
        unsigned descriptors = count_descriptors(), count = 0;
        char *met[64], all[4096] = "";

        tree_walk_begin(&walk, top);
        while (tree_walk_next(&walk)) {
                ck_assert_uint_lt(count, 64);
                ck_assert_int_ge(
                        asprintf(&met[count++], walk.error ? "%s!%d " : "%s ", walk.path, walk.error), 0);
                ck_assert_str_eq(walk.path + strlen(walk.path) - strlen(walk.name), walk.name);
                if (skip && strcmp(walk.path, skip) == 0)
                        tree_walk_skip(&walk);
        }
        ck_assert(!tree_walk_next(&walk));
        ck_assert_uint_eq(descriptors, count_descriptors());
        qsort(met, count, sizeof(met[0]), compare);
        for (unsigned i = 0; i < count; i++) {
                strcat(all, met[i]);
                free(met[i]);
        }
        ck_assert_str_eq(expected, all);
}

START_TEST(meets_everything)
{
        ck_assert_int_eq(0,
                         mkdir("a", 0755) | mkdir("a/b", 0755) | mkdir("a/.c", 0755) | mkdir("a/b/d", 0755));
        make_file("a/b/file");
        make_file("a/b/d/..x");
        make_file("a/.c/y");
        ck_assert_int_eq(0, symlink("b", "a/link")); /* is met, and not followed */
        assert_met("a", NULL, "a a/.c a/.c/y a/b a/b/d a/b/d/..x a/b/file a/link ");
        assert_met("a/", NULL, "a/ a/.c a/.c/y a/b a/b/d a/b/d/..x a/b/file a/link ");
        assert_met("a", "a/b", "a a/.c a/.c/y a/b a/link ");
        assert_met("a", "a", "a ");
        /* But as the top it is. */
        assert_met("a/link", NULL, "a/link a/link/d a/link/d/..x a/link/file ");
        assert_met("a/b/file", NULL, "a/b/file ");
        assert_met("none", NULL, "none!2 ");
        assert_met("", NULL, "!2 ");
}
END_TEST

START_TEST(parents_come_first)
{
        static struct tree_walk walk;

        ck_assert_int_eq(0, mkdir("a", 0755) | mkdir("a/b", 0755));
        make_file("a/b/file");
        tree_walk_begin(&walk, "a");
        ck_assert(tree_walk_next(&walk) && S_ISDIR(walk.inode.st_mode));
        ck_assert_str_eq("a", walk.path);
        ck_assert(tree_walk_next(&walk) && S_ISDIR(walk.inode.st_mode));
        ck_assert_str_eq("a/b", walk.path);
        /* What goes meanwhile is an error of its own, or not met. */
        ck_assert_int_eq(0, unlink("a/b/file") | rmdir("a/b"));
        ck_assert(tree_walk_next(&walk));
        ck_assert_int_eq(ENOENT, walk.error);
        ck_assert_str_eq("a/b", walk.path);
        ck_assert(!tree_walk_next(&walk));
}
END_TEST

/* A link in its place is not followed. */
START_TEST(replaced)
{
        static struct tree_walk walk;

        ck_assert_int_eq(0, mkdir("a", 0755) | mkdir("a/b", 0755) | mkdir("c", 0755));
        make_file("c/file");
        tree_walk_begin(&walk, "a");
        ck_assert(tree_walk_next(&walk) && tree_walk_next(&walk));
        ck_assert_int_eq(0, rmdir("a/b") | symlink("../c", "a/b"));
        ck_assert(tree_walk_next(&walk));
        ck_assert_int_eq(ENOTDIR, walk.error);
        tree_walk_end(&walk);
}
END_TEST

START_TEST(ends_anywhere)
{
        static struct tree_walk walk;
        unsigned descriptors = count_descriptors();

        ck_assert_int_eq(0, mkdir("a", 0755) | mkdir("a/b", 0755) | mkdir("a/b/c", 0755));
        tree_walk_begin(&walk, "a");
        tree_walk_end(&walk);
        for (int i = 0; i < 3; i++)
                ck_assert(tree_walk_next(&walk));
        ck_assert_uint_gt(count_descriptors(), descriptors);
        tree_walk_end(&walk);
        ck_assert_uint_eq(descriptors, count_descriptors());
}
END_TEST

START_TEST(closed_to_us)
{
        bool is_root = geteuid() == 0;

        ck_assert_int_eq(0, mkdir("a", 0755) | mkdir("a/b", 0311));
        make_file("a/b/file");
        if (is_root)
                ck_assert_int_eq(0, chmod(".", 0755) | seteuid(4711));
        assert_met("a", NULL, "a a/b a/b!13 ");
        if (is_root)
                ck_assert_int_eq(0, seteuid(0));
        ck_assert_int_eq(0, chmod("a/b", 0755)); /* to be removed */
}
END_TEST

START_TEST(too_deep)
{
        static struct tree_walk walk;
        unsigned met = 0, errors = 0;
        char path[4 * TREE_DEPTH] = "a";

        for (int i = 0; i < TREE_DEPTH + 2; i++, strcat(path, "/a"))
                ck_assert_int_eq(0, mkdir(path, 0755));
        tree_walk_begin(&walk, "a");
        for (; tree_walk_next(&walk); met++)
                errors += walk.error == ELOOP;
        ck_assert_uint_eq(1, errors);
        ck_assert_uint_eq(TREE_DEPTH + 2, met); /* the last one twice */
}
END_TEST

START_TEST(other_file_systems)
{
        ck_assert_int_eq(0, mkdir("a", 0755) | mkdir("a/b", 0755));
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("walk", "a/b", "tmpfs", 0, NULL) < 0)
                return; /* not here */
        make_file("a/b/file");
        assert_met("a", NULL, "a a/b ");
        assert_met("a/b", NULL, "a/b a/b/file ");
        ck_assert_int_eq(0, umount2("a/b", MNT_DETACH));
}
END_TEST

int main(void)
{
        const TTest *tests[] = {meets_everything, parents_come_first, replaced,          ends_anywhere,
                                closed_to_us,     too_deep,           other_file_systems};
        Suite *suite = suite_create("edge_tree_walk");
        TCase *tcase = tcase_create("edge_tree_walk");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
