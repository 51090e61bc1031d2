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
#include "daemon/doctor/known_scripts.h"
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
        struct rights_end scandir; /* its path is "" if it is not safe, or not there */
        struct rights_end service; /* the directory of the one that is looked at now: the same */
        struct known_scripts known;
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

/* Is the scan directory safe? If not, the audits of what is in it tell of that. */
static void find_scandir(const struct doctor *doctor)
{
        const struct server *server = doctor->server;
        char *culprit = NULL;

        rights_audit_to(server->registry->scandir.path, server->hermes_home, &doctor->scripts->scandir,
                        &culprit);
        free(culprit);
}

/* Can only root change what `path` leads to? 0: so it is. -ENOENT, -ENOTDIR: nothing is there, nor can others
 * put it there. Anything else goes to the findings. file: the end of the path, below the service's directory;
 * NULL: it is not below it. *end is set for 0 only; NULL: nobody wants to know. */
static int audit(const struct doctor *doctor, const char *path, const char *file, const char *note,
                 struct rights_end *end)
{
        struct script_walk *walk = doctor->scripts;
        const char *home = doctor->server->hermes_home;
        char *culprit = NULL;
        int result = file && *walk->service.path
                             ? rights_audit_below(walk->service.path, file, home, end, &culprit)
                             : rights_audit_to(path, home, end, &culprit);

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
                result = *path == '/' ? audit(doctor, path, NULL, note, NULL) : -ENOENT;
                if (result >= 0)
                        return;
                entry = entry[length] ? entry + length + 1 : NULL;
        }
}

/* Can s6 execute a script, by the script itself or by what interprets it? Notes why not. */
static bool look_executable(const struct doctor *doctor, const char *path, const char *script,
                            const char *note)
{
        const char *problem = executable_problem(path);
        char text[FINDINGS_TEXT_BYTES];

        if (!problem)
                return true;
        if (path == script)
                snprintf(text, sizeof(text), "%s", problem);
        else
                snprintf(text, sizeof(text), "its interpreter %.256s: %s", path, problem);
        findings_add(&doctor->scripts->dead, note, text);
        return false;
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

/* Looks into a file that is safe: can s6 execute it? Returns as interpreter_read(). */
static int look_into(const struct doctor *doctor, const char *path, const char *script, const char *note,
                     const struct stat *inode, struct interpreter *interpreter)
{
        struct script_walk *walk = doctor->scripts;
        const struct known_script *known = known_scripts_find(&walk->known, inode);
        bool executable;
        int result;

        if (known) {
                *interpreter = known->interpreter;
                return known->result;
        }
        executable = look_executable(doctor, path, script, note);
        result = interpreter_read(path, interpreter);
        if (result < 0)
                findings_add(&walk->unseen, path, sysname_error_words(-result));
        else if (executable)
                known_scripts_note(&walk->known, inode, result, interpreter);
        return result;
}

/* What is executed for one file: the script itself, then its interpreter, and so on. */
struct execution {
        const char *script; /* its path */
        const char *file;   /* the end of that path, below the service's directory */
        char path[PATH_MAX];
        char below[PATH_MAX]; /* the end of `path`, below the service's directory; "": it is not below it */
};

/* Goes on to the interpreter. A relative one begins where the script is, since s6 starts the script there. */
static void go_on(const struct doctor *doctor, struct execution *execution,
                  const struct interpreter *interpreter, const char *note)
{
        const char *name = interpreter->path, *slash = strrchr(name, '/'), *script = execution->script;
        bool relative = *name != '/';

        if (slash && strcmp(slash, "/env") == 0 && interpreter->argument[0] &&
            interpreter->argument[0] != '-' && !strchr(interpreter->argument, '/'))
                audit_name(doctor, interpreter->argument, note);
        snprintf(execution->path, sizeof(execution->path), "%.*s%s",
                 relative ? (int)(strrchr(script, '/') + 1 - script) : 0, script, name);
        slash = strrchr(execution->file, '/');
        snprintf(execution->below, sizeof(execution->below), "%.*s%s",
                 relative && slash ? (int)(slash + 1 - execution->file) : 0, execution->file,
                 relative ? name : "");
}

/* Returns what the audit of the script itself does. */
static int audit_script(const struct doctor *doctor, const char *path, const char *file, const char *note)
{
        struct script_walk *walk = doctor->scripts;
        struct execution execution; /* not cleared: it is as large as two paths */
        unsigned problems = walk->dead.count;
        int first = 0;

        execution.script = path;
        execution.file = file;
        snprintf(execution.path, sizeof(execution.path), "%s", path);
        snprintf(execution.below, sizeof(execution.below), "%s", file);
        for (unsigned i = 0; i < DIAGNOSE_INTERPRETERS_MOST && !is_sound(walk, execution.path); i++) {
                struct interpreter interpreter;
                struct rights_end end;
                int result =
                        audit(doctor, execution.path, *execution.below ? execution.below : NULL, note, &end);

                if (i && result == -ENOENT)
                        look_executable(doctor, execution.path, path, note);
                if (i == 0)
                        first = result;
                if (result)
                        break;
                walk->scripts += i == 0;
                result = look_into(doctor, i ? execution.path : path, path, note, &end.inode, &interpreter);
                if (i && result == 0 && !*execution.below && walk->dead.count == problems)
                        note_sound(walk, execution.path);
                if (result <= 0)
                        break;
                go_on(doctor, &execution, &interpreter, note);
        }
        return first;
}

/* Finds where a service's directory is, and whether it is safe. If not, the audit of each of its files tells
 * of that. */
static void find_service(const struct doctor *doctor, const char *name)
{
        struct script_walk *walk = doctor->scripts;
        const struct server *server = doctor->server;
        char *culprit = NULL;
        int result = *walk->scandir.path ? rights_audit_below(walk->scandir.path, name, server->hermes_home,
                                                              &walk->service, &culprit)
                                         : -ENOENT;

        if (result)
                *walk->service.path = '\0';
        free(culprit);
}

static void audit_service(const struct doctor *doctor, const char *name)
{
        bool svscan = *name == '.';
        const char *const *files = svscan ? svscan_files : service_files;
        size_t count = svscan ? sizeof(svscan_files) / sizeof(svscan_files[0])
                              : sizeof(service_files) / sizeof(service_files[0]);
        char path[4096], note[512];

        find_service(doctor, name);
        for (size_t i = 0; i < count; i++) {
                snprintf(path, sizeof(path), "%s/%s/%s", doctor->server->registry->scandir.path, name,
                         files[i]);
                snprintf(note, sizeof(note), "%s of %s", files[i], name);
                if (!svscan && i >= SERVICE_SCRIPTS)
                        audit(doctor, path, files[i], note, NULL);
                else if (audit_script(doctor, path, files[i], note) && is_executed(doctor, name, files[i]) &&
                         access(path, F_OK) < 0 && errno == ENOENT)
                        findings_add(&doctor->scripts->dead, note, "it is not there");
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
                find_scandir(doctor);
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
