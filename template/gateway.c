/* SPDX-License-Identifier: ISC */
#include "template/gateway.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/sysname.h"
#include "template/file.h"

/* Where a file of the container's environment is, in slot->path. */
static const char *container_file(struct slot *slot, const char *name)
{
        snprintf(slot->path, sizeof(slot->path), "%s/%s", slot->settings[CONTAINER], name);
        return slot->path;
}

int gateway_container(struct slot *slot)
{
        DIR *directory = opendir(slot->settings[CONTAINER]);
        struct dirent *entry;
        int result;

        if (!directory && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        for (errno = 0; directory && (entry = readdir(directory)); errno = 0) {
                ssize_t length, end;

                if (entry->d_name[0] == '.' || strchr(entry->d_name, '='))
                        continue;
                length = file_read(container_file(slot, entry->d_name), slot->text, sizeof(slot->text));
                end = length > 0 && slot->text[length - 1] == '\n' ? length - 1 : length;
                for (ssize_t i = 0; i < end; i++)
                        slot->text[i] = slot->text[i] ? slot->text[i] : '\n';
                if (end >= 0)
                        slot->text[end] = '\0';
                errno = length < 0 ? (int)-length : 0;
                if (length < 0 ||
                    (length > 0 ? setenv(entry->d_name, slot->text, 1) : unsetenv(entry->d_name)))
                        break;
        }
        result = errno;
        if (result)
                file_say("gateway %s: %s: %s", slot->profile,
                         directory ? slot->path : slot->settings[CONTAINER], sysname_error_words(result));
        if (directory)
                closedir(directory);
        return result ? 111 : 0;
}

/* The root of the volume: the container's HERMES_HOME, else that of the supervisor's environment, else the
 * installation's. */
static const char *find_home(struct slot *slot, const char *given)
{
        int length;

        if (file_read_line(container_file(slot, "HERMES_HOME"), slot->text, sizeof(slot->text)) >= 0)
                given = slot->text;
        given = *given ? given : slot->settings[DEFAULT_HOME];
        length = snprintf(slot->home, sizeof(slot->home), "%s", given);
        parse_home(slot->home);
        if (length < (int)sizeof(slot->home) && slot->home[0] == '/')
                return slot->home;
        file_say("gateway: HERMES_HOME must be an absolute path");
        exit(78);
}

/* The profile's own variables come before what is set here, which has the last word. */
static bool set_variables(struct slot *slot, const char *path)
{
        char *rest = slot->text, *name, *value;
        bool own_path = false, failed = false;
        ssize_t length = file_read("env", slot->text, sizeof(slot->text));

        if (length < 0 || (size_t)length != strlen(rest)) {
                file_say("gateway %s: env: %s", slot->profile,
                         sysname_error_words(length < 0 ? (int)-length : EBADMSG));
                return false;
        }
        while (parse_variable(&rest, &name, &value)) {
                failed = failed || setenv(name, value, 1) < 0;
                own_path = own_path || strcmp(name, "PATH") == 0;
        }
        /* The container's PATH may be root's, and hermes's another. */
        if (!own_path && (value = getenv("SVCBROKER_CLIENT_PATH")) && *value)
                path = value;
        else if (own_path || file_is(container_file(slot, "PATH"), S_IFREG))
                path = getenv("PATH");
        path = path && *path ? path : "/usr/local/bin:/usr/bin:/bin";
        snprintf(slot->path, sizeof(slot->path), "%s/bin", slot->settings[VENV]);
        if (!file_is(slot->path, S_IFDIR))
                return setenv("PATH", path, 1) == 0 && !failed;
        snprintf(slot->text, sizeof(slot->text), "%s:%s", slot->path, path);
        return setenv("PATH", slot->text, 1) == 0 && setenv("VIRTUAL_ENV", slot->settings[VENV], 1) == 0 &&
               !failed;
}

/* It says to other containers on this volume that the gateway runs here. It is the process's (fcntl), so it ends
 * with the gateway, however that ends, and no child keeps it. 0: go on, with it or without; or an exit code. */
static int take_lock(struct slot *slot, const char *home)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = -1;

        for (int i = 0; i < 2 && fd < 0; i++) {
                snprintf(slot->path, sizeof(slot->path), "%s/.svcbroker/lock/%s", home, slot->profile);
                fd = open(slot->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
                if (fd >= 0 || errno != ENOENT)
                        break;
                *strrchr(slot->path, '/') = '\0';
                snprintf(slot->text, sizeof(slot->text), "%s/.svcbroker", home);
                mkdir(slot->text, 0700);
                mkdir(slot->path, 0700);
        }
        if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_SETFD, 0) == 0)
                return 0;
        if (fd >= 0 && (errno == EACCES || errno == EAGAIN)) {
                file_say("gateway %s: not started: it runs elsewhere (%s is held)", slot->profile,
                         slot->path);
                return 69;
        }
        file_say("gateway %s: started without its lock: %s: %s", slot->profile, slot->path,
                 sysname_error_words(errno));
        return 0;
}

int gateway_run(struct slot *slot, const char **words)
{
        const char *named[] = {"hermes", "-p", slot->profile, "gateway", "run", "--replace", NULL};
        const char *unnamed[] = {"hermes", "gateway", "run", "--replace", NULL};
        const char *home = find_home(slot, words[2]);
        int code;

        if (!set_variables(slot, words[3]) || setenv("HOME", home, 1) < 0 ||
            setenv("HERMES_HOME", home, 1) < 0 || setenv("PWD", home, 1) < 0 ||
            setenv("HERMES_S6_SUPERVISED_CHILD", "1", 1) < 0 ||
            setenv("HERMES_SUPERVISED_CHILD", "1", 1) < 0 || unsetenv("OLDPWD") < 0)
                return 111;
        /* Of a gateway whose s6-supervise was killed. As long as it lives it has the lock. Half a minute to drain. */
        groups_sweep(words + 4, GATEWAY_TENTHS);
        if (chdir(home) < 0) {
                file_say("gateway %s: HERMES_HOME=%s cannot be entered: %s", slot->profile, home,
                         sysname_error_words(errno));
                return 1;
        }
        code = take_lock(slot, home);
        if (code)
                return code;
        execvp("hermes", (char *const *)(strcmp(slot->profile, "default") == 0 ? unnamed : named));
        if (errno == ENOENT || errno == EACCES || errno == ENOTDIR) {
                file_say("gateway %s: no program `hermes' in PATH=%s", slot->profile, getenv("PATH"));
                return 127;
        }
        file_say("gateway %s: `hermes' cannot be executed: %s", slot->profile, sysname_error_words(errno));
        return 126;
}

/* Makes the directory and those above it; whether s6-log can write there is seen by doing what it does first. */
static bool can_be_written(struct slot *slot, char *directory)
{
        int fd;

        for (char *end = strchr(directory + 1, '/'); end && !file_is(directory, S_IFDIR);
             end = strchr(end + 1, '/')) {
                *end = '\0';
                mkdir(directory, 0755);
                *end = '/';
        }
        mkdir(directory, 0755);
        snprintf(slot->path, sizeof(slot->path), "%s/lock", directory);
        fd = file_is(slot->path, S_IFIFO)
                     ? -1
                     : open(slot->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                            0644);
        return fd >= 0 && close(fd) == 0;
}

/* Every line goes to the container's log as it is, on stdout unless that is another command's
 * (SVCBROKER_GATEWAY_OUTPUT), and into the profile's log directory with the time. A logger that ended instead
 * would leave the gateway blocked on a full pipe: so without a directory it forwards only. */
int gateway_collect(struct slot *slot, const char **words)
{
        char program[4096], directory[sizeof(slot->home) + LIMIT_PROFILE_NAME_BYTES + 32], files[32],
                bytes[32];
        const char *whole[] = {program, "1", files, bytes, "T", directory, NULL},
                   *forward[] = {program, "1", NULL};

        snprintf(program, sizeof(program), "%s/s6-log", slot->settings[S6]);
        snprintf(files, sizeof(files), "n%s", slot->settings[LOG_FILES]);
        snprintf(bytes, sizeof(bytes), "s%s", slot->settings[LOG_FILE_BYTES]);
        snprintf(directory, sizeof(directory), "%s/logs/gateways/%s", find_home(slot, words[2]),
                 slot->profile);
        groups_sweep(words + 4, LOGGER_TENTHS);
        if (file_read_line(container_file(slot, "SVCBROKER_GATEWAY_OUTPUT"), slot->text,
                           sizeof(slot->text)) >= 0 &&
            strcmp(slot->text, "stderr") == 0)
                dup2(STDERR_FILENO, STDOUT_FILENO);
        if (strcmp(words[3], "-") == 0 && can_be_written(slot, directory))
                execv(program, (char *const *)whole);
        else {
                file_say("gateway %s: %s cannot be written: its log goes to the container's log only",
                         slot->profile, directory);
                execv(program, (char *const *)forward);
        }
        file_say("gateway %s: %s: %s", slot->profile, program, sysname_error_words(errno));
        return 111;
}
