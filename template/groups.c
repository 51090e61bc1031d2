/* SPDX-License-Identifier: ISC */
#include "template/groups.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "template/file.h"
#include "template/parse.h"

static unsigned long long start_of(pid_t pid)
{
        char path[32], stat[1024];

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        return file_read(path, stat, sizeof(stat)) > 0 ? parse_start(stat) : 0;
}

/* Signals the group, when it is still the one that was noted. Root may lack the right to signal it, and yet it is
 * there. */
static bool signal_group(const char *note, int number)
{
        unsigned long long start = 0, now;
        pid_t pid = parse_note(note, &start);

        if (!pid)
                return false;
        now = start_of(pid);
        return (!now || now == start) && (kill(-pid, number) == 0 || (number == 0 && errno == EPERM));
}

static bool signal_groups(const char *const *notes, int number)
{
        bool any = false;

        for (; *notes; notes++)
                any = signal_group(*notes, number) || any;
        return any;
}

bool groups_read(struct groups *groups, const char *path)
{
        char *rest = groups->text;
        size_t count = 0;

        if (file_read(path, groups->text, sizeof(groups->text)) > 0)
                for (; rest && *rest && count < GROUPS_MOST; count++)
                        groups->notes[count] = strsep(&rest, "\n");
        groups->notes[count] = NULL;
        return count > 0;
}

void groups_set(struct groups *groups, const char *number)
{
        snprintf(groups->text, sizeof(groups->text), "%s:", number);
        groups->notes[0] = groups->text;
        groups->notes[1] = NULL;
}

void groups_keep_living(struct groups *groups)
{
        const char **kept = groups->notes;

        for (const char **note = kept; *note; note++)
                if (signal_group(*note, 0))
                        *kept++ = *note;
        *kept = NULL;
}

int groups_note(const struct groups *groups, const char *path)
{
        char text[sizeof(groups->text) + 48];
        int length = 0;

        for (const char *const *note = groups->notes; *note; note++)
                length += snprintf(text + length, sizeof(text) - (size_t)length, "%s\n", *note);
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%d:%llu\n", getpid(),
                           start_of(getpid()));
        return file_write(path, text, (size_t)length);
}

void groups_sweep(const char *const *notes, unsigned tenths)
{
        const struct timespec tenth = {.tv_nsec = 100 * 1000 * 1000};

        if (!signal_groups(notes, SIGTERM))
                return;
        signal_groups(notes, SIGCONT);
        for (; tenths > 0 && signal_groups(notes, 0); tenths--)
                nanosleep(&tenth, NULL);
        for (tenths = 10; tenths > 0 && signal_groups(notes, SIGKILL); tenths--)
                nanosleep(&tenth, NULL);
}
