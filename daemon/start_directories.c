/* SPDX-License-Identifier: ISC */
#include "daemon/start_directories.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/edge/rights_audit.h"
#include "daemon/edge/slot_program.h"
#include "daemon/edge/socket_file.h"
#include "daemon/edge/template.h"
#include "daemon/failure.h"
#include "daemon/log/log.h"
#include "proto/sysname.h"

static int start_audit(const char *what, const char *path)
{
        char *culprit = NULL;
        int result = rights_audit(path, &culprit);

        if (result < 0)
                return fail(-result, "make it, or name another", "%s %s", what, path);
        if (result > 0)
                result = fail(0, "make it root's and chmod go-w it", "%s: users other than root can write %s",
                              what, culprit);
        free(culprit);
        return result;
}

/* Audits the program by its path, not as /proc/self/exe: in a container with its own user namespace /proc is
 * nobody's. */
static int start_audit_program(void)
{
        char path[PATH_MAX];
        ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

        if (length < 0)
                return fail(errno, "mount /proc", "program: /proc/self/exe");
        path[length] = '\0';
        return start_audit("program", path);
}

/* The services directory is made only by brokers, with 0755: not even root's own group, which the client user
 * may be in, may write into it. */
static int start_audit_services(const char *path, int fd)
{
        struct stat found;

        if (fstat(fd, &found) == 0 && found.st_mode & (S_IWGRP | S_IWOTH))
                return fail(0, "see what is in it, and chmod go-w it",
                            "services directory %s: users other than root can write it", path);
        return start_audit("services directory", path);
}

static bool same_directory(const char *left, const char *right)
{
        struct stat a, b;

        return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int start_socket_directory(const char *socket, char *directory, size_t size)
{
        char *slash;
        int result;

        snprintf(directory, size, "%s", socket);
        slash = strrchr(directory, '/');
        if (slash == directory)
                return fail(0, "name one in a directory of its own with --socket",
                            "socket %s: not in the root directory", socket);
        *slash = 0;
        result = socket_file_make_directory(directory);
        if (result)
                return fail(-result, "make its parent, or name another with --socket", "socket directory %s",
                            directory);
        return 0;
}

/* Opens the scan directory. An s6-svscan that is about to begin, or to come back, is worth another try. */
static int start_scandir(const struct options *options, struct registry *registry)
{
        int result = scandir_open(&registry->scandir, options->scandir);

        if (result)
                return fail(-result, "start s6-svscan there, or name another with --scandir",
                            "scan directory %s", options->scandir);
        result = scandir_is_running(&registry->scandir);
        if (result < 0)
                return fail(-result, "see that root can look into it", "scan directory %s: .s6-svscan",
                            options->scandir);
        if (result == 0)
                return fail(EAGAIN, NULL,
                            "scan directory %s: no s6-svscan runs on it: start one, or name another with "
                            "--scandir",
                            options->scandir);
        return 0;
}

static int start_slots(const struct options *options, struct registry *registry, gid_t client_gid)
{
        const char *what = "";
        int result;

        if (same_directory(options->services, options->scandir))
                return fail(0, "name another with --services",
                            "services directory %s: it is the scan directory", options->services);
        result = slots_open(&registry->slots, options->services, options->template, client_gid, &what);
        if (result && what == options->services)
                return fail(-result, "make its parent, or name another with --services",
                            "services directory %s", what);
        if (result)
                return fail(-result, "install it, or name another with --template", "template %s", what);
        return 0;
}

static int start_template(const char *path)
{
        const char *what = "";
        char *culprit = NULL;
        int result = template_check(path, &culprit, &what);

        if (result)
                result = fail(result < 0 ? -result : 0,
                              "install the template as it was, or name another with --template",
                              "template %s%s%s", culprit ? culprit : path, result > 0 ? ": " : "",
                              result > 0 ? what : "");
        free(culprit);
        return result;
}

/* Keeps a copy of the installed svcbroker-slot beside the slots. A program that is not there just now is
 * being replaced, or not installed: slots then go on with the copy of before. */
static int start_slot_program(struct registry *registry)
{
        struct stat found;
        int result = 0;

        registry->slots.program = CONFIG_SLOT_PROGRAM;
        if (stat(CONFIG_SLOT_PROGRAM, &found) == 0 || errno != ENOENT)
                result = start_audit("program of slots", CONFIG_SLOT_PROGRAM);
        if (result)
                return result;
        result = slot_program_keep(&registry->slots);
        if (result)
                log_line("main: the installed svcbroker-slot is not taken for slots: why=%s",
                         sysname_error(-result));
        return 0;
}

int start_directories(const struct options *options, struct registry *registry, gid_t client_gid)
{
        char directory[4096];
        int result = start_socket_directory(options->socket, directory, sizeof(directory));

        if (result == 0)
                result = start_scandir(options, registry);
        if (result == 0)
                result = start_slots(options, registry, client_gid);
        if (result == 0)
                result = start_template(options->template);
        if (result == 0)
                result = start_audit("socket directory", directory);
        if (result == 0)
                result = start_audit("scan directory", options->scandir);
        if (result == 0)
                result = start_audit_services(options->services, registry->slots.fd);
        if (result == 0)
                result = start_audit("template", options->template);
        if (result == 0)
                result = start_slot_program(registry);
        return result ? result : start_audit_program();
}
