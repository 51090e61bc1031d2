/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/executable.h"
#include "daemon/edge/interpreter.h"
#include "daemon/edge/rights_audit.h"
#include "daemon/methods/search_path.h"
#include "proto/sysname.h"

/*
 * What s6 executes as root for each name in the scan directory, wherever that leads: the files, their
 * interpreters, and all directories on the way. What others can write is never opened.
 */

static const char *const service_files[] = {"run",       "finish", "log/run",       "log/finish",
                                            "supervise", "event",  "log/supervise", "log/event"};
static const char *const svscan_files[] = {"finish", "crash",   "SIGALRM", "SIGABRT", "SIGTERM", "SIGHUP",
                                           "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPWR",  "SIGWINCH"};
#define SERVICE_SCRIPTS 4 /* of service_files; the others are directories */

struct script_walk {
        struct text names; /* of the scan directory, each with its NUL */
        size_t at;
        char directory
                [PATH_MAX]; /* of the service that is looked at now, resolved; "": not safe, or not there */
        char sound[DIAGNOSE_SOUND_MOST]
                  [PATH_MAX]; /* interpreters that are safe and executable, with all that interprets them */
        unsigned sounds;
        unsigned services;
        unsigned scripts;
        struct findings loose;
        struct findings unseen;
        struct findings dead; /* scripts that s6 cannot execute */
};

void diagnose_scripts_drop(struct doctor *doctor)
{
        if (doctor->scripts)
                text_deinit(&doctor->scripts->names);
        free(doctor->scripts);
        doctor->scripts = NULL;
}

/* Lists the names that s6-svscan looks at, and its own directory. */
static void list_names(const struct registry *registry, struct script_walk *walk)
{
        int fd = openat(registry->scandir.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);

        if (!directory) {
                findings_add(&walk->unseen, registry->scandir.path, sysname_error_words(errno));
                if (fd >= 0)
                        close(fd);
                return;
        }
        for (struct dirent *entry; (entry = readdir(directory));)
                if (entry->d_name[0] != '.' || strcmp(entry->d_name, ".s6-svscan") == 0)
                        text_append(&walk->names, entry->d_name, strlen(entry->d_name) + 1);
        closedir(directory);
}

/* Can only root change what `path` leads to? 0: so it is. -ENOENT, -ENOTDIR: nothing is there, nor can others
 * put it there. Anything else goes to the findings. file: the end of the path, below the service's directory;
 * NULL: it is not below it. */
static int audit(const struct doctor *doctor, const char *path, const char *file, const char *note)
{
        struct script_walk *walk = doctor->scripts;
        const char *home = doctor->server->hermes_home;
        char *culprit = NULL;
        int result = file && *walk->directory ? rights_audit_below(walk->directory, file, home, &culprit)
                                              : rights_audit_outside(path, home, &culprit);

        if (result > 0)
                findings_add(&walk->loose, culprit, note);
        else if (result < 0 && result != -ENOENT && result != -ENOTDIR)
                findings_add(&walk->unseen, path, sysname_error_words(-result));
        free(culprit);
        return result;
}

/* `#!/usr/bin/env NAME`, as root: the first directory in PATH that has NAME decides, and those before it
 * could decide. */
static void audit_name(const struct doctor *doctor, const char *name, const char *note)
{
        const char *entry = doctor->server->supervisor_path;

        while (entry) {
                size_t length = strcspn(entry, ":");
                char path[4096];
                int result;

                if (snprintf(path, sizeof(path), "%.*s/%s", (int)length, entry, name) >= (int)sizeof(path))
                        return;
                result = *path == '/' ? audit(doctor, path, NULL, note) : -ENOENT;
                if (result >= 0)
                        return;
                entry = entry[length] ? entry + length + 1 : NULL;
        }
}

/* Notes why s6 cannot execute a script, by the script itself or by what interprets it. */
static void look_executable(const struct doctor *doctor, const char *path, const char *script,
                            const char *note)
{
        const char *problem = executable_problem(path);
        char text[FINDINGS_TEXT_BYTES];

        if (!problem)
                return;
        if (path == script)
                snprintf(text, sizeof(text), "%s", problem);
        else
                snprintf(text, sizeof(text), "its interpreter %.256s: %s", path, problem);
        findings_add(&doctor->scripts->dead, note, text);
}

/* Is the file one that s6 is about to execute? A directory that nobody supervises may hold anything. */
static bool is_executed(const struct doctor *doctor, const char *name, const char *file)
{
        const struct service *service = registry_find(doctor->server->registry, name);

        return service && service->own.supervised && strcmp(file, "run") == 0;
}

static bool is_sound(const struct script_walk *walk, const char *path)
{
        for (unsigned i = 0; i < walk->sounds; i++)
                if (strcmp(walk->sound[i], path) == 0)
                        return true;
        return false;
}

/* Remembers an interpreter that is sound: a thousand services have the same few. */
static void note_sound(struct script_walk *walk, const char *path)
{
        if (walk->sounds < DIAGNOSE_SOUND_MOST)
                snprintf(walk->sound[walk->sounds++], sizeof(walk->sound[0]), "%s", path);
}

/* Replaces `next` by what interprets it, if anything does. False: there is nothing more to be looked at. */
static bool audit_interpreter(const struct doctor *doctor, const char *path, char next[PATH_MAX],
                              const char *note, bool *sound)
{
        struct script_walk *walk = doctor->scripts;
        struct interpreter interpreter;
        const char *slash;
        int result = interpreter_read(next, &interpreter);

        if (result < 0)
                findings_add(&walk->unseen, next, sysname_error_words(-result));
        *sound = result == 0;
        if (result <= 0)
                return false;
        slash = strrchr(interpreter.path, '/');
        if (slash && strcmp(slash, "/env") == 0 && interpreter.argument[0] &&
            interpreter.argument[0] != '-' && !strchr(interpreter.argument, '/'))
                audit_name(doctor, interpreter.argument, note);
        /* A relative interpreter begins where the script is, since s6 starts the script there. */
        snprintf(next, PATH_MAX, "%.*s%s",
                 interpreter.path[0] == '/' ? 0 : (int)(strrchr(path, '/') + 1 - path), path,
                 interpreter.path);
        return true;
}

static void audit_script(const struct doctor *doctor, const char *path, const char *file, const char *note)
{
        struct script_walk *walk = doctor->scripts;
        unsigned problems = walk->dead.count;
        char next[PATH_MAX];
        bool sound = false;
        int result;

        snprintf(next, sizeof(next), "%s", path);
        for (unsigned i = 0; i < DIAGNOSE_INTERPRETERS_MOST && !is_sound(walk, next); i++) {
                result = audit(doctor, next, i ? NULL : file, note);
                if (result == 0 || (i && result == -ENOENT))
                        look_executable(doctor, i ? next : path, path, note);
                if (result)
                        return;
                walk->scripts += i == 0;
                if (!audit_interpreter(doctor, path, next, note, &sound)) {
                        if (i && sound && walk->dead.count == problems)
                                note_sound(walk, next);
                        return;
                }
        }
}

static void audit_service(const struct doctor *doctor, const char *name)
{
        bool svscan = *name == '.';
        const char *const *files = svscan ? svscan_files : service_files;
        size_t count = svscan ? sizeof(svscan_files) / sizeof(svscan_files[0])
                              : sizeof(service_files) / sizeof(service_files[0]);
        char path[4096], note[512], *culprit = NULL;

        snprintf(path, sizeof(path), "%s/%s", doctor->server->registry->scandir.path, name);
        if (rights_audit_to(path, doctor->server->hermes_home, doctor->scripts->directory, &culprit))
                *doctor->scripts->directory = '\0';
        free(culprit); /* the audit of each of the service's files tells of it */
        for (size_t i = 0; i < count; i++) {
                snprintf(path, sizeof(path), "%s/%s/%s", doctor->server->registry->scandir.path, name,
                         files[i]);
                snprintf(note, sizeof(note), "%s of %s", files[i], name);
                if (svscan || i < SERVICE_SCRIPTS)
                        audit_script(doctor, path, files[i], note);
                if (is_executed(doctor, name, files[i]) && access(path, F_OK) < 0 && errno == ENOENT)
                        findings_add(&doctor->scripts->dead, note, "it is not there");
                if (!svscan && i >= SERVICE_SCRIPTS)
                        audit(doctor, path, files[i], note);
        }
        doctor->scripts->services += !svscan;
}

static void tell_scripts(struct doctor *doctor)
{
        const struct script_walk *walk = doctor->scripts;
        char line[FINDINGS_LINE_BYTES];

        if (walk->loose.count)
                doctor_check(doctor, "permissions_scripts", VERDICT_FAILURE,
                             "make it root's, and chmod go-w it: s6 executes it as root",
                             "users other than root can write %s", findings_line(&walk->loose, line));
        else if (walk->unseen.count)
                doctor_check(doctor, "permissions_scripts", VERDICT_WARNING,
                             "look at it yourself, as root with CAP_DAC_OVERRIDE",
                             "not everything could be looked at: %s", findings_line(&walk->unseen, line));
        else
                doctor_well(doctor, "permissions_scripts",
                            "only root can write the %u script%s of %u service%s, and what interprets them",
                            walk->scripts, walk->scripts == 1 ? "" : "s", walk->services,
                            walk->services == 1 ? "" : "s");
}

static void tell_execution(struct doctor *doctor)
{
        const struct script_walk *walk = doctor->scripts;
        char line[FINDINGS_LINE_BYTES];

        if (walk->dead.count)
                doctor_check(doctor, "execution", VERDICT_FAILURE,
                             "restore its mode or its interpreter, or mount its file system with exec; a "
                             "gateway that is unregistered and registered again has new scripts",
                             "s6 cannot execute %s", findings_line(&walk->dead, line));
        else
                doctor_well(doctor, "execution", "s6 can execute the scripts of %u service%s", walk->services,
                            walk->services == 1 ? "" : "s");
}

bool diagnose_scripts(struct doctor *doctor)
{
        struct script_walk *walk = doctor->scripts;

        if (!walk) {
                walk = doctor->scripts = calloc(1, sizeof(*walk));
                if (!walk) {
                        doctor_lacks_memory(doctor);
                        return true;
                }
                text_init(&walk->names);
                list_names(doctor->server->registry, walk);
                return false;
        }
        if (walk->at < walk->names.length) {
                const char *name = walk->names.bytes + walk->at;

                walk->at += strlen(name) + 1;
                audit_service(doctor, name);
                return false;
        }
        doctor->checks.failed = doctor->checks.failed || walk->names.failed;
        tell_scripts(doctor);
        tell_execution(doctor);
        diagnose_scripts_drop(doctor);
        return true;
}

/* Root's PATH is where all that root runs by name is looked up: by its scripts, and by whoever types in
 * `docker exec`. */
bool diagnose_path(struct doctor *doctor)
{
        struct server *server = doctor->server;

        search_path_look(server);
        if (server->loose_path[0])
                doctor_check(doctor, "permissions_path", VERDICT_FAILURE,
                             "take it out of the container's PATH (ENV PATH of its image): what root runs "
                             "by name may be theirs",
                             "users other than root can write where root's PATH leads: %s",
                             server->loose_path);
        else if (!server->supervisor_path)
                doctor_check(doctor, "permissions_path", VERDICT_WARNING,
                             "look at /proc/PID/environ of s6-svscan yourself",
                             "the PATH of s6-svscan could not be read when the broker was started");
        else
                doctor_well(doctor, "permissions_path", "only root can write where root's PATH leads");
        return true;
}
