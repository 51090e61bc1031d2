#include "daemon/edge/slot.h"

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

#include <check.h>
#include <json-c/json.h>

#include "daemon/edge/rights.h"
#include "proto/limits.h"

#define GROUP 4711
#define NAME "gateway-coder"

/* Every test is a child of its own (Check forks) with a directory of its own: services/, template/, outside/.
 */
static char root[] = "/tmp/edge-slot-XXXXXX";
static int at = -1;
static struct slots slots;
static char services[64], template[64];

static void put(const char *path, const char *text, mode_t mode)
{
        int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_eq((ssize_t)strlen(text), write(fd, text, strlen(text)));
        ck_assert_int_eq(0, fchmod(fd, mode));
        close(fd);
}

static void make(const char *path, mode_t mode)
{
        ck_assert_msg(mkdirat(at, path, 0700) == 0, "%s", path);
        ck_assert_int_eq(0, fchmodat(at, path, mode, 0));
}

static const char *text_of(const char *path)
{
        static char text[8192];

        int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
        ck_assert_msg(fd >= 0, "%s", path);
        ssize_t n = read(fd, text, sizeof text - 1);
        ck_assert_int_ge(n, 0);
        text[n] = '\0';
        close(fd);
        return text;
}

static bool exists(const char *path)
{
        struct stat found;
        return fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_inode(const char *path, mode_t type, mode_t mode, gid_t gid)
{
        struct stat found;

        ck_assert_msg(fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) == 0, "%s", path);
        ck_assert_msg((found.st_mode & S_IFMT) == type && (found.st_mode & 07777) == mode, "%s: mode %o",
                      path, found.st_mode);
        ck_assert_msg(found.st_uid == geteuid() && found.st_gid == gid, "%s: %u:%u", path, found.st_uid,
                      found.st_gid);
}

static unsigned entries(const char *path)
{
        unsigned count = 0;

        int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_msg(fd >= 0, "%s", path);
        DIR *directory = fdopendir(fd);
        ck_assert_ptr_nonnull(directory);
        for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
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

        snprintf(services, sizeof services, "%s/services", root);
        snprintf(template, sizeof template, "%s/template", root);
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
        snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", root, root);
        ck_assert_int_eq(0, system(command));
}

/* A JSON object; the caller puts it. */
static struct json_object *environment_of(const char *text)
{
        struct json_object *environment = json_tokener_parse(text);
        ck_assert_ptr_nonnull(environment);
        return environment;
}

static void stage_and_commit(const char *environment_text, bool down)
{
        struct json_object *environment = environment_text ? environment_of(environment_text) : NULL;

        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", environment, "{\"a\":1}", down));
        ck_assert_int_eq(0, slot_commit(&slots, NAME));
        json_object_put(environment);
}

START_TEST(opens)
{
        struct slots other = {.fd = 7, .template_fd = 7};
        const char *what = NULL;
        char path[160];

        assert_inode("services", S_IFDIR, 0755, getegid());
        snprintf(path, sizeof path, "%s/none/services", root);
        ck_assert_int_eq(-ENOENT, slots_open(&other, path, template, GROUP, &what));
        ck_assert_str_eq(path, what);
        ck_assert_int_eq(-1, other.fd);
        snprintf(path, sizeof path, "%s/none", root);
        ck_assert_int_eq(-ENOENT, slots_open(&other, services, path, GROUP, &what));
        ck_assert_str_eq(path, what);
        ck_assert(other.fd == -1 && other.template_fd == -1);
        snprintf(path, sizeof path, "%s/outside/keep", root);
        ck_assert_int_eq(-ENOTDIR, slots_open(&other, path, template, GROUP, &what));
        ck_assert_int_eq(-EINVAL, slots_open(&other, "services", template, GROUP, &what));
        /* Left 0700 by a broker killed at the wrong moment. */
        ck_assert_int_eq(0, fchmodat(at, "services", 0700, 0));
        ck_assert_int_eq(0, slots_open(&other, services, template, GROUP, &what));
        assert_inode("services", S_IFDIR, 0755, getegid());
        slots_close(&other);
}
END_TEST

START_TEST(every_inode)
{
        gid_t gid = getegid();

        struct json_object *environment =
                environment_of("{\"TOKEN\":\"a b\\nc\",\"NONE\":\"\",\"_x1\":\"y\",\"E2\":\"\"}");
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", environment, "{\"a\":1}", true));
        json_object_put(environment);
        ck_assert(exists("services/.gateway-coder") && !exists("services/gateway-coder"));
        ck_assert_int_eq(0, slot_commit(&slots, NAME));
        ck_assert_uint_eq(1, entries("services"));

#define IN "services/gateway-coder"
        assert_inode(IN, S_IFDIR, 0755, gid);
        ck_assert_uint_eq(11, entries(IN));
        assert_inode(IN "/run", S_IFREG, 0755, gid);
        assert_inode(IN "/finish", S_IFREG, 0755, gid);
        assert_inode(IN "/timeout-kill", S_IFREG, 0644, gid);
        assert_inode(IN "/private", S_IFREG, 0600, gid);
        assert_inode(IN "/setuid", S_IFREG, 0711, gid);
        assert_inode(IN "/down", S_IFREG, 0644, gid);
        assert_inode(IN "/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/event", S_IFDIR, 0700, gid);
        ck_assert_uint_eq(0, entries(IN "/supervise"));
        ck_assert_uint_eq(0, entries(IN "/event"));
        assert_inode(IN "/log", S_IFDIR, 0755, gid);
        ck_assert_uint_eq(3, entries(IN "/log"));
        assert_inode(IN "/log/run", S_IFREG, 0555, gid);
        assert_inode(IN "/log/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/log/event", S_IFDIR, 0700, gid);
        assert_inode(IN "/data", S_IFDIR, 0755, gid);
        ck_assert_uint_eq(3, entries(IN "/data"));
        assert_inode(IN "/data/check", S_IFREG, 0755, gid);
        assert_inode(IN "/data/profile", S_IFREG, 0644, gid);
        assert_inode(IN "/data/state", S_IFREG, 0600, gid);
        assert_inode(IN "/env", S_IFDIR, 0750, GROUP);
        ck_assert_uint_eq(5, entries(IN "/env"));
        assert_inode(IN "/env/TOKEN", S_IFREG, 0640, GROUP);
        assert_inode(IN "/env/NONE", S_IFREG, 0640, GROUP);
        assert_inode(IN "/env/.empty", S_IFREG, 0640, GROUP);
        ck_assert_str_eq("#!/bin/sh\n", text_of(IN "/run"));
        ck_assert_str_eq("#!/bin/sh\n# log\n", text_of(IN "/log/run"));
        ck_assert_str_eq("coder\n", text_of(IN "/data/profile"));
        ck_assert_str_eq("{\"a\":1}", text_of(IN "/data/state"));
        ck_assert_str_eq("", text_of(IN "/down"));
        ck_assert_str_eq("a b\nc", text_of(IN "/env/TOKEN"));
        ck_assert_str_eq("", text_of(IN "/env/NONE"));
        ck_assert_str_eq("y", text_of(IN "/env/_x1"));
        ck_assert_str_eq("NONE\nE2\n", text_of(IN "/env/.empty"));
#undef IN
        ck_assert(slot_has_log(&slots, NAME));
        ck_assert(!slot_has_log(&slots, "gateway-other"));
}
END_TEST

START_TEST(up_and_without_log)
{
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        ck_assert_int_eq(0, unlinkat(at, "template/log/run", 0));
        ck_assert_int_eq(0, unlinkat(at, "template/log", AT_REMOVEDIR));
        stage_and_commit(NULL, false);
        ck_assert(!exists("services/gateway-coder/down"));
        ck_assert(!exists("services/gateway-coder/log"));
        ck_assert(!slot_has_log(&slots, NAME));
        ck_assert_uint_eq(1, entries("services/gateway-coder/env"));
        ck_assert_str_eq("", text_of("services/gateway-coder/env/.empty"));
}
END_TEST

static void bad_symlink(void)
{
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "template/link"));
}

static void bad_directory_symlink(void)
{
        ck_assert_int_eq(0, symlinkat("../outside", at, "template/link"));
}

static void bad_deep_symlink(void)
{
        ck_assert_int_eq(0, symlinkat("/etc/passwd", at, "template/data/link"));
}

static void bad_fifo(void)
{
        ck_assert_int_eq(0, mkfifoat(at, "template/fifo", 0600));
}

static void bad_socket(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", template);
        ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&address, sizeof address));
        close(fd);
}

static void bad_depth(void)
{
        make("template/1", 0755);
        make("template/1/2", 0755);
        make("template/1/2/3", 0755);
        make("template/1/2/3/4", 0755);
        make("template/1/2/3/4/5", 0755);
}

static void bad_down(void)
{
        put("template/down", "", 0644);
}

static void bad_supervise(void)
{
        make("template/supervise", 0700);
}

static void bad_environment(void)
{
        make("template/env", 0700);
}

static void bad_profile(void)
{
        put("template/data/profile", "x\n", 0644);
}

static void bad_log_event(void)
{
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        make("template/log/event", 0700);
}

static void bad_data(void)
{
        ck_assert_int_eq(0, unlinkat(at, "template/data/check", 0));
        ck_assert_int_eq(0, unlinkat(at, "template/data", AT_REMOVEDIR));
        put("template/data", "", 0644);
}

static void bad_unreadable(void)
{
        put("template/secret", "", 0);
}

static const struct {
        void (*spoil)(void);
        int error;
} bad_templates[] = {
        {bad_symlink, -ELOOP},     {bad_directory_symlink, -ELOOP}, {bad_deep_symlink, -ELOOP},
        {bad_fifo, -EINVAL},       {bad_socket, -EINVAL},           {bad_depth, -EINVAL},
        {bad_down, -EEXIST},       {bad_supervise, -EEXIST},        {bad_environment, -EEXIST},
        {bad_profile, -EEXIST},    {bad_log_event, -EEXIST},        {bad_data, -ENOTDIR},
        {bad_unreadable, -EACCES},
};
#define BAD_TEMPLATES (int)(sizeof bad_templates / sizeof bad_templates[0])

START_TEST(template_refused)
{
        bad_templates[_i].spoil();
        ck_assert_int_eq(bad_templates[_i].error, slot_stage(&slots, NAME, "coder", NULL, "{}", false));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
}
END_TEST

START_TEST(template_depth_allowed)
{
        make("template/1", 0755);
        make("template/1/2", 0755);
        make("template/1/2/3", 0755);
        make("template/1/2/3/4", 0555);
        stage_and_commit(NULL, true);
        assert_inode("services/gateway-coder/1/2/3/4", S_IFDIR, 0755, getegid());
}
END_TEST

START_TEST(variables_refused)
{
        static const char *const bad[] = {
                "{\"\":\"x\"}",          "{\"../x\":\"x\"}",
                "{\"a/b\":\"x\"}",       "{\".empty\":\"x\"}",
                "{\"1a\":\"x\"}",        "{\"a-b\":\"x\"}",
                "{\"a\":\"x\\u0000y\"}", "{\"a\":1}",
                "{\"a\":null}",          "[]",
                "{\"..\":\"x\"}",        "{\"a b\":\"x\"}",
                "{\"a\\n\":\"x\"}",
        };

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct json_object *environment = environment_of(bad[i]);
                int r = slot_stage(&slots, NAME, "coder", environment, "{}", true);
                ck_assert_msg(r == -EINVAL, "%s: %d", bad[i], r);
                json_object_put(environment);
                ck_assert_uint_eq(0, entries("services"));
        }
}
END_TEST

START_TEST(variables_at_the_limit)
{
        struct json_object *environment = json_object_new_object();
        char name[LIMIT_ENVIRONMENT_NAME_BYTES + 2];

        for (int i = 0; i < LIMIT_ENVIRONMENT_VARIABLES; i++) {
                memset(name, 'A', sizeof name);
                name[LIMIT_ENVIRONMENT_NAME_BYTES] = '\0';
                name[0] = (char)('A' + i % 26);
                name[1] = (char)('A' + i / 26);
                json_object_object_add(environment, name, json_object_new_string(""));
        }
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", environment, "{}", true));
        ck_assert_uint_eq(LIMIT_ENVIRONMENT_VARIABLES + 1, entries("services/.gateway-coder/env"));
        ck_assert_uint_eq(LIMIT_ENVIRONMENT_VARIABLES * (LIMIT_ENVIRONMENT_NAME_BYTES + 1),
                          strlen(text_of("services/.gateway-coder/env/.empty")));
        json_object_object_add(environment, "ONE_MORE", json_object_new_string(""));
        ck_assert_int_eq(-EINVAL, slot_stage(&slots, NAME, "coder", environment, "{}", true));
        json_object_put(environment);
        memset(name, 'A', sizeof name);
        name[LIMIT_ENVIRONMENT_NAME_BYTES + 1] = '\0';
        environment = json_object_new_object();
        json_object_object_add(environment, name, json_object_new_string("x"));
        ck_assert_int_eq(-EINVAL, slot_stage(&slots, NAME, "coder", environment, "{}", true));
        json_object_put(environment);
}
END_TEST

/* Nothing but one plain name, for each function that takes one. */
START_TEST(names_refused)
{
        static const char *const bad[] = {"", ".", "..", ".x", "a/b", "../outside", "/etc"};
        char longest[LIMIT_SERVICE_NAME_BYTES + 2], buffer[64];
        char *text = NULL;
        bool changed = false;

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                ck_assert_int_eq(-EINVAL, slot_stage(&slots, bad[i], "x", NULL, "{}", true));
                ck_assert_int_eq(-EINVAL, slot_commit(&slots, bad[i]));
                ck_assert_int_eq(-EINVAL, slot_remove(&slots, bad[i]));
                ck_assert_int_eq(-EINVAL, slot_clean(&slots, bad[i]));
                ck_assert_int_eq(-EINVAL, slot_set_down(&slots, bad[i], true));
                ck_assert_int_eq(-EINVAL, slot_write_state(&slots, bad[i], "{}"));
                ck_assert_int_eq(-EINVAL, slot_read_state(&slots, bad[i], &text));
                ck_assert_int_eq(-EINVAL, slot_read_profile(&slots, bad[i], buffer, sizeof buffer));
                ck_assert_int_eq(-EINVAL, slot_set_environment(&slots, bad[i], NULL, &changed));
                ck_assert(!slot_has_log(&slots, bad[i]));
        }
        ck_assert_str_eq("kept", text_of("outside/keep"));

        /* The longest goes all the way. */
        memset(longest, 'a', sizeof longest);
        longest[LIMIT_SERVICE_NAME_BYTES + 1] = '\0';
        ck_assert_int_eq(-EINVAL, slot_stage(&slots, longest, "x", NULL, "{}", true));
        longest[LIMIT_SERVICE_NAME_BYTES] = '\0';
        ck_assert_int_eq(0, slot_stage(&slots, longest, "x", NULL, "{}", true));
        ck_assert_int_eq(0, slot_commit(&slots, longest));
        ck_assert_int_eq(0, slot_remove(&slots, longest));
        ck_assert_uint_eq(0, entries("services"));
}
END_TEST

START_TEST(commit_does_not_replace)
{
        ck_assert_int_eq(-ENOENT, slot_commit(&slots, NAME));
        stage_and_commit(NULL, true);
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "other", NULL, "{}", false));
        ck_assert_int_eq(-EEXIST, slot_commit(&slots, NAME));
        ck_assert_str_eq("coder\n", text_of("services/gateway-coder/data/profile"));
        ck_assert(exists("services/gateway-coder/down"));
}
END_TEST

START_TEST(removes)
{
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        stage_and_commit("{\"A\":\"b\"}", true);
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
}
END_TEST

/* What s6 and people leave in a slot. Without CAP_DAC_OVERRIDE a directory's mode counts. */
START_TEST(removes_the_strange)
{
        char path[256];

        stage_and_commit(NULL, true);
#define IN "services/gateway-coder"
        ck_assert_int_eq(0, mkfifoat(at, IN "/supervise/control", 0600));
        put(IN "/supervise/lock", "", 0);
        ck_assert_int_eq(0, symlinkat("../../outside", at, IN "/directory-link"));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, IN "/data/file-link"));
        snprintf(path, sizeof path, "%s/outside", root);
        ck_assert_int_eq(0, symlinkat(path, at, IN "/event/absolute"));
        ck_assert_int_eq(0, linkat(at, "outside/keep", at, IN "/hard-link", 0));
        make(IN "/locked", 0755);
        make(IN "/locked/inner", 0755);
        put(IN "/locked/inner/file", "x", 0444);
        ck_assert_int_eq(0, fchmodat(at, IN "/locked/inner", 0, 0));
        ck_assert_int_eq(0, fchmodat(at, IN "/locked", 0555, 0));
        for (int i = 0; i < 500; i++) {
                snprintf(path, sizeof path, IN "/event/%0100d", i);
                put(path, "", 0600);
        }
        ck_assert_int_eq(0, fchmodat(at, IN, 0500, 0));
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_uint_eq(1, entries("outside"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        assert_inode("outside", S_IFDIR, 0755, getegid());
        assert_inode("outside/keep", S_IFREG, 0644, getegid());
#undef IN
}
END_TEST

/* A slot's name that is a link: the link goes, not where it leads. */
START_TEST(removes_a_link)
{
        ck_assert_int_eq(0, symlinkat("../outside", at, "services/gateway-coder"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "services/.gateway-coder"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "services/.gateway-coder~"));
        ck_assert_int_lt(slot_clean(&slots, NAME), 0);
        ck_assert_int_lt(slot_set_down(&slots, NAME, true), 0);
        ck_assert_int_lt(slot_write_state(&slots, NAME, "{}"), 0);
        ck_assert_uint_eq(1, entries("outside"));
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
}
END_TEST

/* A broker can be killed at any instruction: half a stage, half a removal, half a change of anything. */
START_TEST(crash_leftovers)
{
        bool changed = false;

        make("services/.gateway-coder", 0700);
        make("services/.gateway-coder/log", 0755);
        put("services/.gateway-coder/stale", "x", 0600);
        make("services/.gateway-coder~", 0755);
        make("services/.gateway-coder~/supervise", 0700);
        put("services/.gateway-coder~/supervise/status", "x", 0644);
        stage_and_commit("{\"A\":\"b\"}", true);
        ck_assert(!exists("services/gateway-coder/stale"));

        put("services/gateway-coder/data/.state", "half", 0600);
        ck_assert_int_eq(0, slot_write_state(&slots, NAME, "whole"));
        ck_assert_str_eq("whole", text_of("services/gateway-coder/data/state"));
        ck_assert(!exists("services/gateway-coder/data/.state"));
        make("services/gateway-coder/.env.new", 0700);
        put("services/gateway-coder/.env.new/A", "half", 0600);
        ck_assert_int_eq(0, slot_set_environment(&slots, NAME, NULL, &changed));
        ck_assert(changed);
        ck_assert(!exists("services/gateway-coder/.env.new"));

        make("services/.gateway-coder", 0700);
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
}
END_TEST

START_TEST(cleans)
{
        gid_t gid = getegid();

        stage_and_commit("{\"A\":\"b\"}", true);
#define IN "services/gateway-coder"
        put(IN "/supervise/status", "x", 0644);
        put(IN "/supervise/death_tally", "x", 0644);
        ck_assert_int_eq(0, mkfifoat(at, IN "/supervise/control", 0600));
        ck_assert_int_eq(0, mkfifoat(at, IN "/event/ftrig1", 0600));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, IN "/event/link"));
        put(IN "/log/supervise/status", "x", 0644);
        put(IN "/log/event/x", "x", 0644);
        ck_assert_int_eq(0, fchmodat(at, IN "/supervise", 0755, 0));
        ck_assert_int_eq(0, unlinkat(at, IN "/log/event/x", 0));
        ck_assert_int_eq(0, unlinkat(at, IN "/log/event", AT_REMOVEDIR));
        ck_assert_int_eq(0, slot_clean(&slots, NAME));
        assert_inode(IN "/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/event", S_IFDIR, 0700, gid);
        assert_inode(IN "/log/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/log/event", S_IFDIR, 0700, gid);
        ck_assert_uint_eq(0, entries(IN "/supervise") + entries(IN "/event") + entries(IN "/log/supervise"));
        ck_assert_str_eq("coder\n", text_of(IN "/data/profile"));
        ck_assert_str_eq("b", text_of(IN "/env/A"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        /* A link in the directory's place is not gone into. */
        ck_assert_int_eq(0, unlinkat(at, IN "/event", AT_REMOVEDIR));
        ck_assert_int_eq(0, symlinkat("../../outside", at, IN "/event"));
        ck_assert_int_lt(slot_clean(&slots, NAME), 0);
        ck_assert_str_eq("kept", text_of("outside/keep"));
        ck_assert_int_eq(-ENOENT, slot_clean(&slots, "gateway-other"));
#undef IN
}
END_TEST

START_TEST(down_file)
{
        ck_assert_int_eq(-ENOENT, slot_set_down(&slots, NAME, true));
        ck_assert_int_eq(-ENOENT, slot_set_down(&slots, NAME, false));
        stage_and_commit(NULL, false);
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, true));
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, true));
        assert_inode("services/gateway-coder/down", S_IFREG, 0644, getegid());
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, false));
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, false));
        ck_assert(!exists("services/gateway-coder/down"));
}
END_TEST

START_TEST(state_file)
{
        char longest[4096 + 2];
        char *text = NULL;
        struct stat before, after;

        memset(longest, 'x', sizeof longest);
        longest[sizeof longest - 1] = '\0';
        ck_assert_int_eq(-ENOENT, slot_read_state(&slots, NAME, &text));
        ck_assert_int_eq(-ENOENT, slot_write_state(&slots, NAME, "x"));
        stage_and_commit(NULL, true);
        ck_assert_int_eq(0, fstatat(at, "services/gateway-coder/data/state", &before, 0));
        ck_assert_int_eq(-EFBIG, slot_write_state(&slots, NAME, longest));
        longest[4096] = '\0';
        ck_assert_int_eq(0, slot_write_state(&slots, NAME, longest));
        assert_inode("services/gateway-coder/data/state", S_IFREG, 0600, getegid());
        ck_assert_int_eq(0, fstatat(at, "services/gateway-coder/data/state", &after, 0));
        ck_assert_uint_ne(before.st_ino, after.st_ino); /* replaced, not written over */
        ck_assert_int_eq(0, slot_read_state(&slots, NAME, &text));
        ck_assert_str_eq(longest, text);
        free(text);
        text = NULL;
        longest[4096] = 'x';
        put("services/gateway-coder/data/state", longest, 0600);
        ck_assert_int_eq(-EFBIG, slot_read_state(&slots, NAME, &text));
        put("services/gateway-coder/data/state", "", 0600);
        ck_assert_int_eq(0, slot_read_state(&slots, NAME, &text));
        ck_assert_str_eq("", text);
        free(text);
        text = NULL;
        int fd = openat(at, "services/gateway-coder/data/state", O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(3, write(fd, "a\0b", 3));
        close(fd);
        ck_assert_int_eq(-EBADMSG, slot_read_state(&slots, NAME, &text));
        ck_assert_int_eq(0, unlinkat(at, "services/gateway-coder/data/state", 0));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, "services/gateway-coder/data/state"));
        ck_assert_int_eq(-ELOOP, slot_read_state(&slots, NAME, &text));
        ck_assert_ptr_null(text);
        ck_assert_int_eq(0, slot_write_state(&slots, NAME, "new"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        ck_assert_int_eq(-EFBIG, slot_stage(&slots, NAME, "coder", NULL, longest, true));
        ck_assert(!exists("services/.gateway-coder"));
}
END_TEST

START_TEST(profile_file)
{
        static const char *const bad[] = {"", "coder", "coder\nx", "coder\nx\n", "a\n\n"};
        char buffer[8] = "before";

        stage_and_commit(NULL, true);
        ck_assert_int_eq(-ENAMETOOLONG, slot_read_profile(&slots, NAME, buffer, 5));
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                put("services/gateway-coder/data/profile", bad[i], 0644);
                ck_assert_int_eq(-EBADMSG, slot_read_profile(&slots, NAME, buffer, sizeof buffer));
        }
        ck_assert_str_eq("before", buffer);
        put("services/gateway-coder/data/profile", "coder\n", 0644);
        ck_assert_int_eq(0, slot_read_profile(&slots, NAME, buffer, 6));
        ck_assert_str_eq("coder", buffer);
}
END_TEST

static bool set_environment(const char *text)
{
        struct json_object *environment = text != NULL ? environment_of(text) : NULL;
        bool changed = false;

        ck_assert_int_eq(0, slot_set_environment(&slots, NAME, environment, &changed));
        json_object_put(environment);
        ck_assert(!exists("services/gateway-coder/.env.new"));
        return changed;
}

static ino_t environment_inode(void)
{
        struct stat found;
        ck_assert_int_eq(0, fstatat(at, "services/gateway-coder/env", &found, 0));
        return found.st_ino;
}

START_TEST(environment_replaced)
{
        bool changed = true;

        stage_and_commit("{\"A\":\"1\",\"B\":\"\"}", true);
        ino_t before = environment_inode();
        ck_assert(!set_environment("{\"A\":\"1\",\"B\":\"\"}"));
        ck_assert_uint_eq(before, environment_inode()); /* somebody may be reading it */
        ck_assert(set_environment("{\"A\":\"2\",\"B\":\"\"}"));
        ck_assert_uint_ne(before, environment_inode());
        ck_assert_str_eq("2", text_of("services/gateway-coder/env/A"));
        ck_assert(set_environment("{\"A\":\"2\",\"B\":\"x\"}"));
        ck_assert(set_environment("{\"A\":\"2\"}"));
        ck_assert(!exists("services/gateway-coder/env/B"));
        ck_assert(set_environment("{\"C\":\"2\"}"));
        ck_assert(set_environment("{\"C\":\"2\",\"D\":\"\"}"));
        ck_assert_str_eq("D\n", text_of("services/gateway-coder/env/.empty"));
        ck_assert(set_environment(NULL));
        ck_assert(!set_environment("{}"));
        assert_inode("services/gateway-coder/env", S_IFDIR, 0750, GROUP);
        assert_inode("services/gateway-coder/env/.empty", S_IFREG, 0640, GROUP);

        struct json_object *bad = environment_of("{\"A/B\":\"x\"}");
        ck_assert(set_environment("{\"A\":\"1\"}"));
        ck_assert_int_eq(-EINVAL, slot_set_environment(&slots, NAME, bad, &changed));
        ck_assert(changed); /* untouched */
        ck_assert(!exists("services/gateway-coder/.env.new"));
        ck_assert_str_eq("1", text_of("services/gateway-coder/env/A"));
        json_object_put(bad);
        ck_assert_int_eq(-ENOENT, slot_set_environment(&slots, "gateway-other", NULL, &changed));
}
END_TEST

/* The same content with other rights (the client user was remapped), or none at all, is put right. */
START_TEST(environment_mended)
{
        stage_and_commit("{\"A\":\"1\"}", true);
        slots.client_gid = GROUP + 1;
        ck_assert(!set_environment("{\"A\":\"1\"}"));
        assert_inode("services/gateway-coder/env", S_IFDIR, 0750, GROUP + 1);
        assert_inode("services/gateway-coder/env/A", S_IFREG, 0640, GROUP + 1);
        ck_assert_int_eq(0, fchmodat(at, "services/gateway-coder/env", 0755, 0));
        ck_assert(!set_environment("{\"A\":\"1\"}"));
        assert_inode("services/gateway-coder/env", S_IFDIR, 0750, GROUP + 1);
        ck_assert_int_eq(0, fchmodat(at, "services/gateway-coder/env/A", 0666, 0));
        ck_assert(!set_environment("{\"A\":\"1\"}"));
        assert_inode("services/gateway-coder/env/A", S_IFREG, 0640, GROUP + 1);
        ck_assert_int_eq(0, unlinkat(at, "services/gateway-coder/env/A", 0));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, "services/gateway-coder/env/A"));
        ck_assert(set_environment("{\"A\":\"kept\"}"));
        assert_inode("services/gateway-coder/env/A", S_IFREG, 0640, GROUP + 1);
        char path[160];
        snprintf(path, sizeof path, "%s/gateway-coder/env", services);
        char moved[160];
        snprintf(moved, sizeof moved, "%s/outside/env", root);
        ck_assert_int_eq(0, rename(path, moved));
        ck_assert(set_environment("{\"A\":\"kept\"}"));
        assert_inode("services/gateway-coder/env/A", S_IFREG, 0640, GROUP + 1);
}
END_TEST

/* A container without CAP_SETGID: nothing is given away, nothing is opened wider. */
START_TEST(without_the_group)
{
        slots.client_gid = GROUP;
        cap_t none = cap_init();
        ck_assert_int_eq(0, cap_set_proc(none));
        cap_free(none);
        stage_and_commit("{\"A\":\"1\"}", true);
        assert_inode("services/gateway-coder/env", S_IFDIR, 0750, getegid());
        assert_inode("services/gateway-coder/env/A", S_IFREG, 0640, getegid());
        assert_inode("services/gateway-coder/data/state", S_IFREG, 0600, getegid());
}
END_TEST

int main(void)
{
        if (geteuid() != 0) {
                fprintf(stderr, "edge_slot: needs root\n");
                return 77;
        }
        Suite *suite = suite_create("edge_slot");
        TCase *cases = tcase_create("slot");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, opens);
        tcase_add_test(cases, every_inode);
        tcase_add_test(cases, up_and_without_log);
        tcase_add_loop_test(cases, template_refused, 0, BAD_TEMPLATES);
        tcase_add_test(cases, template_depth_allowed);
        tcase_add_test(cases, variables_refused);
        tcase_add_test(cases, variables_at_the_limit);
        tcase_add_test(cases, names_refused);
        tcase_add_test(cases, commit_does_not_replace);
        tcase_add_test(cases, removes);
        tcase_add_test(cases, removes_the_strange);
        tcase_add_test(cases, removes_a_link);
        tcase_add_test(cases, crash_leftovers);
        tcase_add_test(cases, cleans);
        tcase_add_test(cases, down_file);
        tcase_add_test(cases, state_file);
        tcase_add_test(cases, profile_file);
        tcase_add_test(cases, environment_replaced);
        tcase_add_test(cases, environment_mended);
        tcase_add_test(cases, without_the_group);
        suite_add_tcase(suite, cases);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
