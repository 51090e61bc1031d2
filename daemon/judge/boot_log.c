/* SPDX-License-Identifier: ISC */
#include "daemon/judge/boot_log.h"

#include <stdlib.h>
#include <string.h>

#include "proto/name.h"
#include "proto/sorted.h"

/* A longer word is neither a profile's name nor a state that matters. */
#define WORD_BYTES (LIMIT_PROFILE_NAME_BYTES + 1)

void boot_log_init(struct boot_log *log)
{
        *log = (struct boot_log){0};
}

void boot_log_deinit(struct boot_log *log)
{
        free(log->profiles);
        boot_log_init(log);
}

/* The value of " key=" in a line, up to the next blank. False: not there, empty, or too long. */
static bool word(const char *line, size_t length, const char *key, char value[WORD_BYTES])
{
        const char *end = line + length;
        const char *at = memmem(line, length, key, strlen(key));
        size_t bytes = 0;

        if (!at)
                return false;
        at += strlen(key);
        while (at + bytes < end && at[bytes] != ' ')
                bytes++;
        if (!bytes || bytes >= WORD_BYTES)
                return false;
        memcpy(value, at, bytes);
        value[bytes] = '\0';
        return true;
}

static bool make_room(struct boot_log *log)
{
        size_t capacity = log->capacity ? log->capacity * 2 : 16;
        struct boot_profile *profiles;

        if (log->count < log->capacity)
                return true;
        profiles = reallocarray(log->profiles, capacity, sizeof(*profiles));
        if (!profiles) {
                log->failed = true;
                return false;
        }
        log->profiles = profiles;
        log->capacity = capacity;
        return true;
}

static int compare_name(const void *key, const void *element)
{
        const struct boot_profile *profile = element;

        return strcmp(key, profile->name);
}

/* The profile of that name; NULL: it is new, and there is no room for it. */
static struct boot_profile *find_or_add(struct boot_log *log, const char *name)
{
        size_t place = sorted_place(name, log->profiles, log->count, sizeof(*log->profiles), compare_name);

        if (place < log->count && strcmp(log->profiles[place].name, name) == 0)
                return &log->profiles[place];
        if (log->count == BOOT_LOG_PROFILES || !make_room(log))
                return NULL;
        memmove(&log->profiles[place + 1], &log->profiles[place],
                (log->count - place) * sizeof(log->profiles[0]));
        log->count++;
        log->profiles[place] = (struct boot_profile){0};
        strcpy(log->profiles[place].name, name);
        return &log->profiles[place];
}

static void read_line(struct boot_log *log, const char *line, size_t length)
{
        char name[WORD_BYTES], prior[WORD_BYTES], action[WORD_BYTES];
        struct boot_profile *profile;

        if (!word(line, length, " profile=", name) || !word(line, length, " prior_state=", prior) ||
            !word(line, length, " action=", action) || name_check_profile(name) != NAME_OK)
                return;
        profile = find_or_add(log, name);
        if (profile)
                profile->failures = strcmp(prior, "startup_failed") == 0 ? profile->failures + 1 : 0;
}

void boot_log_read(struct boot_log *log, const char *text)
{
        while (*text) {
                size_t length = strcspn(text, "\n");

                read_line(log, text, length);
                text += length + (text[length] == '\n');
        }
}
