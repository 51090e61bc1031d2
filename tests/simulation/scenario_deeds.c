/* SPDX-License-Identifier: ISC */
/* What a scenario does that is no call, and what it finds at the end. */
#include "daemon/edge/control.h"
#include "proto/sysname.h"
#include "scenario.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "s6.h"

const char *scenario_text(const char *text)
{
        static char texts[4][4096];
        static unsigned next;
        char *to = texts[next++ % 4];
        size_t length = 0;

        for (; *text && length < sizeof(texts[0]) - 1; text++)
                if (*text != '@')
                        to[length++] = *text;
        to[length] = '\0';
        return to;
}

struct json_object *scenario_adapt(struct json_object *value)
{
        const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);

        return json_tokener_parse(scenario_text(text));
}

static const char *string_of(struct json_object *step, const char *name)
{
        struct json_object *value;

        return json_object_object_get_ex(step, name, &value) ? scenario_text(json_object_get_string(value))
                                                             : NULL;
}

static void must(bool done, const char *what, const char *path)
{
        SIM_HOLDS(done, "scenario", "%s %s: %s", what, path, sysname_error(errno));
}

static void put(const char *path, const char *text)
{
        int fd = openat(sim_directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write", path);
        close(fd);
}

static bool exists(const char *path)
{
        struct stat found;

        return fstatat(sim_directory, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

/* With what is above it, unless it is there. */
static void make(const char *path)
{
        char part[4096];

        for (const char *at = path; *at;) {
                at += strcspn(at, "/");
                snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
                must(mkdirat(sim_directory, part, 0755) == 0 || errno == EEXIST, "make", part);
                at += *at == '/';
        }
}

/* A directory of files. */
static void remove_all(const char *path)
{
        int fd = openat(sim_directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);

        if (!directory)
                return;
        for (struct dirent *entry; (entry = readdir(directory));)
                if (*entry->d_name != '.' || strlen(entry->d_name) > 2)
                        unlinkat(fd, entry->d_name, 0);
        closedir(directory);
        must(unlinkat(sim_directory, path, AT_REMOVEDIR) == 0, "remove", path);
}

static int number_of(const char *name)
{
        static const struct {
                const char *name;
                int number;
        } signals[] = {{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"STOP", SIGSTOP}, {"CONT", SIGCONT},
                       {"SEGV", SIGSEGV}, {"HUP", SIGHUP},   {"INT", SIGINT},   {"ABRT", SIGABRT}};

        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
                if (strcmp(signals[i].name, name) == 0)
                        return signals[i].number;
        sim_violation("scenario", "no signal: %s", name);
}

static enum deed send_signal(struct json_object *step)
{
        int number = number_of(string_of(step, "signal"));
        const char *to = string_of(step, "to");
        const char *of = string_of(step, "of");
        char name[128];
        int service;
        bool done;

        if (strcmp(to, "svscan") == 0) {
                s6_stop_svscan(number == SIGSTOP);
                return DEED_DONE;
        }
        snprintf(name, sizeof(name), "gateway-%s", of ? of : "");
        service = s6_find(name);
        if (service < 0)
                return DEED_NOT_YET;
        if (strcmp(to, "supervisor") == 0 || strcmp(to, "logger-supervisor") == 0)
                done = s6_kill_supervisor((unsigned)service, *to == 'l', number);
        else
                done = s6_kill_run((unsigned)service, strcmp(to, "logger") == 0, number);
        return done ? DEED_DONE : DEED_NOT_YET;
}

static enum deed change_file(struct json_object *step, bool *known)
{
        struct json_object *value;
        const char *path;

        *known = true;
        if (json_object_object_get_ex(step, "rename", &value)) {
                const char *from = scenario_text(json_object_get_string(json_object_array_get_idx(value, 0)));
                const char *to = scenario_text(json_object_get_string(json_object_array_get_idx(value, 1)));

                must(renameat(sim_directory, from, sim_directory, to) == 0, "rename", from);
        } else if (json_object_object_get_ex(step, "write", &value)) {
                path = scenario_text(json_object_get_string(json_object_array_get_idx(value, 0)));
                put(path, scenario_text(json_object_get_string(json_object_array_get_idx(value, 1))));
        } else if ((path = string_of(step, "remove"))) {
                must(unlinkat(sim_directory, path, 0) == 0, "remove", path);
        } else if ((path = string_of(step, "make"))) {
                make(path);
        } else if ((path = string_of(step, "remove_all"))) {
                must(unlinkat(sim_directory, path, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY, "remove", path);
                remove_all(path);
        } else if (json_object_object_get_ex(step, "chmod", &value)) {
                path = scenario_text(json_object_get_string(json_object_array_get_idx(value, 0)));
                must(fchmodat(sim_directory, path,
                              (mode_t)strtoul(json_object_get_string(json_object_array_get_idx(value, 1)),
                                              NULL, 8),
                              0) == 0,
                     "chmod", path);
        } else if ((path = string_of(step, "until_there"))) {
                return exists(path) ? DEED_DONE : DEED_NOT_YET;
        } else if ((path = string_of(step, "until_gone"))) {
                return exists(path) ? DEED_NOT_YET : DEED_DONE;
        } else {
                *known = false;
        }
        return DEED_DONE;
}

/* By an operator, past the broker. */
static enum deed tell(const char *path, const char *letters)
{
        int result = s6_fifo_send(sim_directory, path, letters);

        errno = -result;
        must(result == 0, "tell", path);
        return DEED_DONE;
}

static bool is_absent(const char *profile)
{
        char name[128], path[160];
        int service;

        snprintf(name, sizeof(name), "gateway-%s", profile);
        service = s6_find(name);
        snprintf(path, sizeof(path), "services/%s", name);
        if (exists(path))
                return false;
        snprintf(path, sizeof(path), "scan/%s", name);
        if (exists(path))
                return false;
        return service < 0 ||
               (!s6_processes((unsigned)service) && !s6_look((unsigned)service, false).supervisor &&
                !s6_look((unsigned)service, true).supervisor);
}

/* What the volume has of it. */
static void add_intent(const char *profile, struct json_object *found)
{
        char path[256], text[4096] = "";
        struct json_object *intent, *value;
        int fd;

        snprintf(path, sizeof(path), "volume/.svcbroker/intent/%s", profile);
        fd = openat(sim_directory, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                ssize_t length = read(fd, text, sizeof(text) - 1);

                text[length > 0 ? length : 0] = '\0';
                close(fd);
        }
        intent = *text ? json_tokener_parse(text) : NULL;
        json_object_object_add(found, "intent",
                               json_object_object_get_ex(intent, "want", &value) ? json_object_get(value)
                                                                                 : NULL);
        json_object_object_add(
                found, "environment",
                json_object_object_get_ex(intent, "environment", &value) ? json_object_get(value) : NULL);
        json_object_put(intent);
}

static bool intends(const char *profile, const char *want)
{
        struct json_object *found = json_object_new_object(), *value;
        bool does;

        add_intent(profile, found);
        does = json_object_object_get_ex(found, "intent", &value) && value &&
               strcmp(json_object_get_string(value), want) == 0;
        json_object_put(found);
        return does;
}

/* "a" or "a/log" */
static bool is_supervised(const char *name)
{
        char service[128];
        size_t length = strcspn(name, "/");
        struct s6_seen seen;
        int at;

        snprintf(service, sizeof(service), "gateway-%.*s", (int)length, name);
        at = s6_find(service);
        if (at < 0)
                return false;
        seen = s6_look((unsigned)at, name[length] == '/');
        return seen.state >= S6_DOWN &&
               (name[length] != '/' || (seen.state == S6_UP && s6_is_alive(seen.pid)));
}

bool scenario_is_over(const char *profile)
{
        char path[160], logger[128];
        int service;

        snprintf(path, sizeof(path), "services/gateway-%s", profile);
        if (!exists(path))
                return true;
        snprintf(logger, sizeof(logger), "gateway-%s", profile);
        service = s6_find(logger);
        snprintf(path, sizeof(path), "services/gateway-%s/log/down", profile);
        if (exists(path)) /* it has nothing to log yet */
                return service >= 0 && s6_look((unsigned)service, true).state >= S6_DOWN;
        snprintf(logger, sizeof(logger), "%s/log", profile);
        return is_supervised(logger);
}

static enum deed hold(const char *profile, bool held)
{
        char name[128];
        int service;

        snprintf(name, sizeof(name), "gateway-%s", profile);
        service = s6_find(name);
        return service >= 0 && s6_hold_elsewhere((unsigned)service, held) ? DEED_DONE : DEED_NOT_YET;
}

static enum deed wait_for(struct json_object *step)
{
        struct json_object *value;
        const char *text = string_of(step, "until_absent");
        char name[128];
        int service;

        if (text)
                return is_absent(text) ? DEED_DONE : DEED_NOT_YET;
        if ((text = string_of(step, "until_supervised")))
                return is_supervised(text) ? DEED_DONE : DEED_NOT_YET;
        if (json_object_object_get_ex(step, "until_intent", &value))
                return intends(scenario_text(json_object_get_string(json_object_array_get_idx(value, 0))),
                               json_object_get_string(json_object_array_get_idx(value, 1)))
                               ? DEED_DONE
                               : DEED_NOT_YET;
        if (!json_object_object_get_ex(step, "until_gateways", &value))
                return DEED_UNKNOWN;
        snprintf(name, sizeof(name), "gateway-%s",
                 scenario_text(json_object_get_string(json_object_array_get_idx(value, 0))));
        service = s6_find(name);
        return service >= 0 && (int)s6_gateways((unsigned)service) ==
                                       json_object_get_int(json_object_array_get_idx(value, 1))
                       ? DEED_DONE
                       : DEED_NOT_YET;
}

enum deed scenario_do(struct json_object *step)
{
        const char *text;
        char path[160];
        bool known;
        enum deed deed = change_file(step, &known);

        if (known)
                return deed;
        text = string_of(step, "to");
        if (text && strcmp(text, "broker") == 0) {
                if (strcmp(string_of(step, "signal"), "KILL") == 0)
                        sim_broker_kill("as the scenario says");
                sim_broker_terminate();
                return DEED_DONE;
        }
        if (text)
                return send_signal(step);
        if ((deed = wait_for(step)) != DEED_UNKNOWN)
                return deed;
        if ((text = string_of(step, "hold")))
                return hold(text, true);
        if ((text = string_of(step, "release")))
                return hold(text, false);
        if ((text = string_of(step, "svscan")))
                return tell("scan/.s6-svscan/control", text);
        if ((text = string_of(step, "tell"))) {
                snprintf(path, sizeof(path), "scan/gateway-%s/supervise/control", text);
                return tell(path, string_of(step, "letters"));
        }
        if (string_of(step, "container")) {
                s6_container_restart(false);
                sim_broker_kill("its container is restarted");
        }
        return DEED_UNKNOWN;
}

static void add_bool(struct json_object *found, const char *name, bool value)
{
        json_object_object_add(found, name, json_object_new_boolean(value));
}

void scenario_look(const char *profile, struct json_object *found)
{
        char name[128], path[160];
        int service;

        snprintf(name, sizeof(name), "gateway-%s", profile);
        service = s6_find(name);
        snprintf(path, sizeof(path), "services/%s", name);
        add_bool(found, "slot", exists(path));
        snprintf(path, sizeof(path), "scan/%s", name);
        add_bool(found, "link", exists(path));
        snprintf(path, sizeof(path), "services/%s/down", name);
        add_bool(found, "down_file", exists(path));
        add_bool(found, "supervised", service >= 0 && s6_look((unsigned)service, false).state >= S6_DOWN);
        snprintf(path, sizeof(path), "services/%s/log/down", name);
        add_bool(found, "logger_down_file", exists(path));
        snprintf(path, sizeof(path), "%s/log", profile);
        add_bool(found, "logger", is_supervised(path));
        json_object_object_add(found, "gateways",
                               json_object_new_int(service < 0 ? 0 : (int)s6_gateways((unsigned)service)));
        add_intent(profile, found);
}
