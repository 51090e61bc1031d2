/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core.h"

static const char *const kinds[FAULT_KINDS] = {"kill",  "disk",    "volume",  "memory",   "descriptors", "s6",
                                               "clock", "clients", "inotify", "gateways", "power"};
static const char *const customs[HABITS] = {"crowd",   "watchers", "churn",  "lookers",
                                            "slow-s6", "paths",    "hermes", "odd-files"};
static const char *const flavours[] = {[S6_2_11] = "2.11", [S6_2_13] = "2.13", [S6_2_15] = "2.15"};

/* splitmix64: what makes a state of a seed. */
static uint64_t split(uint64_t *state)
{
        uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

        value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
        return value ^ value >> 31;
}

/* Some runs have none; others one or two, of which each wants its room. wished: they are these, whatever the seed says. */
static void draw_habits(struct sim_settings *settings, uint64_t bits, const unsigned *wished)
{
        for (unsigned i = 0; i < HABITS && bits >> 60 > 4; i++)
                if ((bits >> 2 * i & 3) == 0)
                        settings->habits |= 1U << i;
        if (wished)
                settings->habits = *wished;
        if (settings->habits && bits >> 56 & 1) /* what meets there is not to be hidden by what fails */
                settings->faults &= FAULT_KILL | FAULT_CLIENTS | FAULT_GATEWAYS;
        if (settings->habits & (HABIT_CROWD | HABIT_WATCHERS))
                settings->clients += 4 + (unsigned)(bits >> 32) % 20;
        if (settings->habits & HABIT_CHURN)
                settings->profiles += (unsigned)(bits >> 40) % 6;
}

/* In an order that stays: what a seed means must not depend on what else is said on the command line. A run has not
 * all kinds of faults at once: most faults of the broker's need one or two, and the others hide them. */
void settings_draw(struct sim_settings *settings, uint64_t seed, const unsigned *habits)
{
        uint64_t state = seed ^ UINT64_C(0x5eed);
        uint64_t bits = split(&state);

        *settings = (struct sim_settings){.seed = seed};
        settings->steps = 500 + split(&state) % 3500;
        settings->flavour = (enum s6_flavour)(split(&state) % 3);
        settings->clients = 1 + (unsigned)(split(&state) % 4);
        settings->profiles = 1 + (unsigned)(split(&state) % 4);
        for (unsigned i = 0; i < FAULT_KINDS; i++)
                if ((bits >> 2 * i & 3) == 0)
                        settings->faults |= 1U << i;
        if (bits >> 60 < 12)
                settings->faults |= FAULT_GATEWAYS;
        if ((bits >> 56) % 16 < 6)
                settings->faults |= FAULT_KILL;
        draw_habits(settings, split(&state), habits);
}

bool settings_parse_flavour(const char *name, enum s6_flavour *flavour)
{
        for (unsigned i = 0; i < sizeof(flavours) / sizeof(flavours[0]); i++)
                if (strcmp(name, flavours[i]) == 0) {
                        *flavour = (enum s6_flavour)i;
                        return true;
                }
        return false;
}

static bool parse_word(const char *const *words, unsigned count, const char *word, size_t length,
                       unsigned *found)
{
        if (length == 3 && strncmp(word, "all", 3) == 0) {
                *found = (1U << count) - 1;
                return true;
        }
        if (length == 4 && strncmp(word, "none", 4) == 0) {
                *found = 0;
                return true;
        }
        for (unsigned i = 0; i < count; i++)
                if (strlen(words[i]) == length && strncmp(word, words[i], length) == 0) {
                        *found |= 1U << i;
                        return true;
                }
        return false;
}

static bool parse_list(const char *const *words, unsigned count, const char *list, unsigned *found)
{
        *found = 0;
        for (;;) {
                size_t length = strcspn(list, ",");

                if (!parse_word(words, count, list, length, found))
                        return false;
                if (!list[length])
                        return true;
                list += length + 1;
        }
}

bool settings_parse_faults(const char *list, unsigned *faults)
{
        return parse_list(kinds, FAULT_KINDS, list, faults);
}

bool settings_parse_habits(const char *list, unsigned *bits)
{
        return parse_list(customs, HABITS, list, bits);
}

static void describe_list(const char *const *words, unsigned count, unsigned bits, char *text, size_t size)
{
        size_t at = 0;

        snprintf(text, size, "none");
        for (unsigned i = 0; i < count; i++)
                if (bits >> i & 1)
                        at += (size_t)snprintf(text + at, size - at, "%s%s", at ? "," : "", words[i]);
}

void settings_describe(const struct sim_settings *settings, char *text, size_t size)
{
        char faults[128], habits[128];

        describe_list(kinds, FAULT_KINDS, settings->faults, faults, sizeof(faults));
        describe_list(customs, HABITS, settings->habits, habits, sizeof(habits));
        snprintf(text, size,
                 "--seed %llu --steps %llu --s6 %s --clients %u --profiles %u --faults %s --habits %s",
                 (unsigned long long)settings->seed, (unsigned long long)settings->steps,
                 flavours[settings->flavour], settings->clients, settings->profiles, faults, habits);
}
