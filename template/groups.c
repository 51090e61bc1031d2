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

/* 0 of one that is gone. false: it cannot be said, for want of a descriptor, say. */
static bool start_of(pid_t pid, unsigned long long *start)
{
        char path[32], stat[1024];
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        length = file_read(path, stat, sizeof(stat));
        *start = length > 0 ? parse_start(stat) : 0;
        return *start || length == -ENOENT || length == -ESRCH;
}

/* Signals the group, when it is still the one that was noted; where that is unknown it is only asked for. Root may
 * lack the right to signal it, and yet it is there. */
static bool signal_group(const char *note, int number, bool *unknown)
{
        unsigned long long start = 0, now;
        pid_t pid = parse_note(note, &start);

        if (!pid)
                return false;
        if (!start_of(pid, &now)) {
                *unknown = true;
                if (number)
                        return false;
        }
        return (!now || now == start) && (kill(-pid, number) == 0 || (number == 0 && errno == EPERM));
}

static bool signal_groups(const char *const *notes, int number, bool *unknown)
{
        bool any = false;

        for (; *notes; notes++)
                any = signal_group(*notes, number, unknown) || any;
        return any;
}

int groups_read(struct groups *groups, const char *path)
{
        ssize_t length = file_read(path, groups->text, sizeof(groups->text));
        char *rest = groups->text;
        size_t count = 0;

        if (length > 0)
                for (; rest && *rest && count < GROUPS_MOST; count++)
                        groups->notes[count] = strsep(&rest, "\n");
        groups->notes[count] = NULL;
        return length < 0 && length != -ENOENT ? (int)length : 0;
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
        bool unknown = false;

        for (const char **note = kept; *note; note++)
                if (signal_group(*note, 0, &unknown))
                        *kept++ = *note;
        *kept = NULL;
}

int groups_note(const struct groups *groups, const char *path)
{
        char text[sizeof(groups->text) + 48];
        unsigned long long start;
        bool known = start_of(getpid(), &start) || start_of(getpid(), &start);
        int length = 0, result;

        for (const char *const *note = groups->notes; *note; note++)
                length += snprintf(text + length, sizeof(text) - (size_t)length, "%s\n", *note);
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%d:%llu\n", getpid(), start);
        result = file_write(path, text, (size_t)length);
        return result || known ? result : -EAGAIN;
}

bool groups_sweep(const char *const *notes, unsigned tenths)
{
        const struct timespec tenth = {.tv_nsec = 100 * 1000 * 1000};
        bool unknown = false;

        if (!signal_groups(notes, SIGTERM, &unknown))
                return !unknown;
        signal_groups(notes, SIGCONT, &unknown);
        for (; tenths > 0 && signal_groups(notes, 0, &unknown); tenths--)
                nanosleep(&tenth, NULL);
        for (tenths = 10; tenths > 0 && signal_groups(notes, SIGKILL, &unknown); tenths--)
                nanosleep(&tenth, NULL);
        return !unknown;
}
