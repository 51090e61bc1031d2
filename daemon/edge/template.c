#include "daemon/edge/template.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is wrong with one entry, NULL for nothing. */
static const char *entry_fault(const FTSENT *entry)
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
                return strerror(entry->fts_errno);
        }
        if (entry->fts_statp->st_uid != 0 && entry->fts_statp->st_uid != geteuid())
                return "it is not root's: make it root's";
        if (entry->fts_statp->st_mode & (S_IWOTH | (entry->fts_statp->st_gid ? S_IWGRP : 0)))
                return "others than root can write it: chmod go-w it";
        return NULL;
}

static const char *run_fault(const char *run)
{
        struct stat info;

        if (lstat(run, &info) < 0)
                return strerror(errno);
        return S_ISREG(info.st_mode) && info.st_mode & S_IXUSR ? NULL : "it must be an executable file";
}

/* The figures of settings, a shell file. The scripts that use them could only fail, at a gateway's first end.
 */
static const struct figure {
        const char *name;
        long least, most;
        const char *fault;
} figures[] = {
        {"brake_seconds=", 1, 86400, "brake_seconds must be a number from 1 to 86400"},
        {"brake_deaths=", 1, 99, "brake_deaths must be a number from 1 to 99"},
        {"brake_restarts=", 1, 99, "brake_restarts must be a number from 1 to 99"},
};

static bool figure_is_sound(const struct figure *figure, const char *text)
{
        char *end;
        long value;

        if (*text < '1' || *text > '9') /* to a shell, 010 is eight */
                return false;
        errno = 0;
        value = strtol(text, &end, 10);
        return !errno && *end == '\n' && value >= figure->least && value <= figure->most;
}

static const char *settings_fault(const char *settings)
{
        bool sound[sizeof(figures) / sizeof(figures[0])] = {false};
        const char *fault = NULL;
        char line[4096];
        FILE *file = fopen(settings, "re");

        if (!file)
                return strerror(errno);
        while (fgets(line, sizeof(line), file))
                for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
                        if (!strncmp(line, figures[i].name, strlen(figures[i].name)))
                                sound[i] = figure_is_sound(&figures[i], line + strlen(figures[i].name));
        fclose(file);
        for (size_t i = sizeof(figures) / sizeof(figures[0]); i--;)
                if (!sound[i])
                        fault = figures[i].fault;
        return fault;
}

int template_check(const char *path, char **culprit, const char **why)
{
        char *top[] = {(char *)path, NULL};
        const char *fault = NULL;
        char *name = NULL;
        FTS *walk = fts_open(top, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);

        if (!walk)
                fault = strerror(errno);
        for (FTSENT *entry; !fault && (entry = fts_read(walk));) {
                fault = entry_fault(entry);
                if (fault)
                        name = strdup(entry->fts_path);
        }
        if (walk)
                fts_close(walk);
        if (!fault && asprintf(&name, "%s/run", path) >= 0)
                fault = run_fault(name);
        if (!fault) {
                free(name);
                name = NULL;
                if (asprintf(&name, "%s/settings", path) >= 0)
                        fault = settings_fault(name);
        }
        if (!fault) {
                free(name);
                return 0;
        }
        *culprit = name ? name : strdup(path);
        *why = fault;
        return -1;
}
