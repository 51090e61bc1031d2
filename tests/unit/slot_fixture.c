/* SPDX-License-Identifier: ISC */
#include "slot_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/capability.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/edge/rights.h"
#include "proto/limits.h"

char root[] = "/tmp/edge-slot-XXXXXX";
int at = -1;
struct slots slots;
char services[64], template[64];

void put(const char *path, const char *text, mode_t mode)
{
        int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_eq((ssize_t)strlen(text), write(fd, text, strlen(text)));
        ck_assert_int_eq(0, fchmod(fd, mode));
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

void assert_inode(const char *path, mode_t type, mode_t mode, gid_t gid)
{
        struct stat found;

        ck_assert_msg(fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) == 0, "%s", path);
        ck_assert_msg((found.st_mode & S_IFMT) == type && (found.st_mode & 07777) == mode, "%s: mode %o",
                      path, found.st_mode);
        ck_assert_msg(found.st_uid == geteuid() && found.st_gid == gid, "%s: %u:%u", path, found.st_uid,
                      found.st_gid);
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

/* No descriptor may be left open by anything. */
static unsigned descriptors(void)
{
        unsigned open = 0;

        for (int fd = 0; fd < 256; fd++)
                open += fcntl(fd, F_GETFD) >= 0;
        return open;
}

static unsigned descriptors_before;

static void setup(void)
{
        struct rights rights;
        const char *what = NULL;

        alarm(60);
        ck_assert_ptr_nonnull(mkdtemp(root));
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        make("template", 0755);
        put("template/run", "#!/bin/sh\n", 0755);
        put("template/finish", "#!/bin/sh\nexit 0\n", 0777);
        put("template/timeout-kill", "0\n", 0644);
        put("template/private", "p", 0600);
        put("template/setuid", "s", 06711);
        make("template/log", 0555);
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        put("template/log/run", "#!/bin/sh\n# log\n", 0555);
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0555, 0));
        make("template/data", 0700);
        put("template/data/check", "c", 0755);
        make("outside", 0755);
        put("outside/keep", "kept", 0644);

        snprintf(services, sizeof(services), "%s/services", root);
        snprintf(template, sizeof(template), "%s/template", root);
        /* As in the daemon: umask 077, two capabilities permitted, none effective. */
        umask(077);
        ck_assert_int_eq(0, rights_drop(&rights));
        ck_assert_int_eq(0, slots_open(&slots, services, template, GROUP, &what));
        descriptors_before = descriptors();
}

static void teardown(void)
{
        char command[128];

        ck_assert_uint_eq(descriptors_before, descriptors());
        slots_close(&slots);
        close(at);
        snprintf(command, sizeof(command), "chmod -R u+rwx '%s'; rm -rf '%s'", root, root);
        ck_assert_int_eq(0, system(command));
}

/* A JSON object; the caller puts it. */
struct json_object *environment_of(const char *text)
{
        struct json_object *environment = json_tokener_parse(text);

        ck_assert_ptr_nonnull(environment);
        return environment;
}

void stage_and_commit(const char *environment_text, bool down)
{
        struct json_object *environment = environment_text ? environment_of(environment_text) : NULL;

        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", environment, "{\"a\":1}",
                                       down ? SLOT_DOWN_BOTH : SLOT_DOWN_NONE));
        ck_assert_int_eq(0, slot_commit(&slots, NAME));
        json_object_put(environment);
}

Suite *slot_suite(const char *name, TCase **cases)
{
        Suite *suite = suite_create(name);

        *cases = tcase_create(name);
        tcase_add_checked_fixture(*cases, setup, teardown);
        suite_add_tcase(suite, *cases);
        return suite;
}

int slot_run(Suite *suite)
{
        int failed;
        SRunner *runner = srunner_create(suite);

        if (geteuid() != 0) {
                fprintf(stderr, "it needs root\n");
                srunner_free(runner);
                return 77;
        }
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
