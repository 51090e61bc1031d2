/* SPDX-License-Identifier: ISC */
#include "daemon/edge/template.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/rights_audit.h"
#include "proto/settings.h"
#include "proto/sysname.h"

/*
 * What is wrong with one entry, NULL for nothing. s6-supervise reads a readiness descriptor as long as there
 * is something in it: whatever runs as the client user, gateway or logger, could keep it from its orders for
 * ever.
 */
static const char *entry_fault(const FTSENT *entry, int *error)
{
        switch (entry->fts_info) {
        case FTS_DP: /* seen on the way down */
                return NULL;
        case FTS_D:
        case FTS_F:
                break;
        case FTS_SL:
        case FTS_SLNONE:
                return "a symbolic link, which a slot cannot have";
        case FTS_DEFAULT:
                return "neither a file nor a directory";
        default:
                *error = entry->fts_errno;
                return sysname_error_words(entry->fts_errno);
        }
        if (!rights_is_safe(entry->fts_path, entry->fts_statp))
                return "users other than root can write it: make it root's and chmod go-w it";
        if (strcmp(entry->fts_name, "notification-fd") == 0)
                return "a gateway that never stops writing there keeps s6-supervise from its orders: "
                       "remove the file";
        return NULL;
}

static const char *run_fault(const char *run, int *error)
{
        struct stat info;

        if (lstat(run, &info) < 0) {
                *error = errno;
                return sysname_error_words(errno);
        }
        return S_ISREG(info.st_mode) && info.st_mode & S_IXUSR ? NULL : "it must be an executable file";
}

/* The figures of settings, a shell file. Scripts that use wrong ones could only fail, at a gateway's first
 * end. */
static const struct figure {
        const char *name;
        long least, most;
        const char *fault;
        bool optional; /* a template of an older version has it in the script */
        enum setting setting;
} figures[] = {
        {"brake_seconds=", 1, 86400, "brake_seconds must be a number from 1 to 86400",
         .setting = BRAKE_SECONDS},
        {"brake_deaths=", 1, 99, "brake_deaths must be a number from 1 to 99", .setting = BRAKE_DEATHS},
        {"brake_restarts=", 1, 99, "brake_restarts must be a number from 1 to 99", .setting = BRAKE_RESTARTS},
        {"log_files=", 1, 1000, "log_files must be a number from 1 to 1000", .optional = true,
         .setting = LOG_FILES},
        {"log_file_bytes=", 4096, 268435455, "log_file_bytes must be a number from 4096 to 268435455",
         .optional = true, .setting = LOG_FILE_BYTES},
};

static bool figure_is_sound(const struct figure *figure, const char *text)
{
        char *end;
        long value;

        if (*text < '1' || *text > '9') /* to a shell, 010 is eight */
                return false;
        errno = 0;
        value = strtol(text, &end, 10);
        return !errno && (*end == '\n' || !*end) && value >= figure->least && value <= figure->most;
}

static const char *settings_fault(const char *settings, int *error)
{
        bool sound[sizeof(figures) / sizeof(figures[0])] = {false};
        bool met[sizeof(figures) / sizeof(figures[0])] = {false};
        const char *fault = NULL;
        char line[SETTINGS_LINE_BYTES];
        FILE *file = fopen(settings, "re");

        if (!file) {
                *error = errno;
                return sysname_error_words(errno);
        }
        while (fgets(line, sizeof(line), file))
                for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
                        if (strncmp(line, figures[i].name, strlen(figures[i].name)) == 0) {
                                met[i] = true;
                                sound[i] = figure_is_sound(&figures[i], line + strlen(figures[i].name));
                        }
        if (ferror(file)) {
                *error = EIO;
                fault = sysname_error_words(EIO);
        }
        fclose(file);
        for (size_t i = sizeof(figures) / sizeof(figures[0]); i-- && !*error;)
                if (!sound[i] && !(figures[i].optional && !met[i]))
                        fault = figures[i].fault;
        return fault;
}

/* What is wrong with the settings by svcbroker-slot's rules, which would refuse them at a gateway's start. */
static const char *plain_fault(const char *settings, int *error)
{
        char text[SETTINGS_BYTES];
        const char *values[SETTINGS];
        FILE *file = fopen(settings, "re");
        size_t length;

        if (!file) {
                *error = errno;
                return sysname_error_words(errno);
        }
        length = fread(text, 1, sizeof(text), file);
        fclose(file);
        if (length == sizeof(text))
                return "it must be shorter than 16384 bytes";
        text[length] = '\0';
        if (strlen(text) != length || settings_parse(text, values) > 0)
                return "svcbroker-slot takes lines NAME=VALUE only, with nothing to expand, export or "
                       "execute, "
                       "and none missing: svcbroker-slot(8)";
        for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
                if (!figure_is_sound(&figures[i], values[figures[i].setting]))
                        return figures[i].fault;
        return NULL;
}

/* Is svcbroker-slot in the first line of one of the template's scripts? A template of an older version has
 * shell scripts, whose settings are a shell's. */
static bool is_of_slot_program(const char *path)
{
        static const char *const scripts[] = {"run", "finish", "log/run", "log/finish"};
        bool found = false;

        for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]) && !found; i++) {
                char line[SETTINGS_LINE_BYTES];
                char *name;
                FILE *file;

                if (asprintf(&name, "%s/%s", path, scripts[i]) < 0)
                        return false;
                file = fopen(name, "re");
                free(name);
                if (!file)
                        continue;
                found = fgets(line, sizeof(line), file) && strncmp(line, "#!", 2) == 0 &&
                        strstr(line, "/svcbroker-slot");
                fclose(file);
        }
        return found;
}

/* Looks at every inode of the template. NULL: nothing is wrong; else *culprit names what is, where there was
 * memory for that. */
static const char *tree_fault(const char *path, char **culprit, int *error)
{
        char *top[] = {(char *)path, NULL};
        const char *fault = NULL;
        FTSENT *entry;
        FTS *walk = fts_open(top, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);

        if (!walk) {
                *error = errno;
                return sysname_error_words(errno);
        }
        errno = 0;
        while (!fault && (entry = fts_read(walk))) {
                fault = entry_fault(entry, error);
                if (fault)
                        *culprit = strdup(entry->fts_path);
                errno = 0;
        }
        if (!fault && errno) {
                *error = errno;
                fault = sysname_error_words(errno);
        }
        fts_close(walk);
        return fault;
}

static const char *file_fault(const char *path, const char *name, const char *(*look)(const char *, int *),
                              char **culprit, int *error)
{
        const char *fault;

        if (asprintf(culprit, "%s/%s", path, name) < 0) {
                *culprit = NULL;
                *error = ENOMEM;
                return sysname_error_words(ENOMEM);
        }
        fault = look(*culprit, error);
        if (!fault) {
                free(*culprit);
                *culprit = NULL;
        }
        return fault;
}

int template_check(const char *path, char **culprit, const char **why)
{
        int error = 0;
        char *name = NULL;
        const char *fault = tree_fault(path, &name, &error);

        if (!fault)
                fault = file_fault(path, "run", run_fault, &name, &error);
        if (!fault)
                fault = file_fault(path, "settings", settings_fault, &name, &error);
        if (!fault && is_of_slot_program(path))
                fault = file_fault(path, "settings", plain_fault, &name, &error);
        if (!fault)
                return 0;
        *culprit = name ? name : strdup(path);
        *why = fault;
        return error ? -error : 1;
}
