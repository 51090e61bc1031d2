#include <stdio.h>
#include <string.h>

#include "core.h"

static const char *const kinds[FAULT_KINDS] = {"kill",  "disk",    "volume",  "memory",   "descriptors", "s6",
                                               "clock", "clients", "inotify", "gateways", "power"};
static const char *const flavours[] = {[S6_2_11] = "2.11", [S6_2_13] = "2.13", [S6_2_15] = "2.15"};

/* splitmix64: what makes a state of a seed. */
static uint64_t split(uint64_t *state)
{
        uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

        value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
        return value ^ value >> 31;
}

/* In an order that stays: what a seed means must not depend on what else is said on the command line. A run has not
 * all kinds of faults at once: most faults of the broker's need one or two, and the others hide them. */
void settings_draw(struct sim_settings *settings, uint64_t seed)
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

static bool parse_kind(const char *word, size_t length, unsigned *faults)
{
        if (length == 3 && strncmp(word, "all", 3) == 0) {
                *faults = FAULT_ALL;
                return true;
        }
        if (length == 4 && strncmp(word, "none", 4) == 0) {
                *faults = 0;
                return true;
        }
        for (unsigned i = 0; i < FAULT_KINDS; i++)
                if (strlen(kinds[i]) == length && strncmp(word, kinds[i], length) == 0) {
                        *faults |= 1U << i;
                        return true;
                }
        return false;
}

bool settings_parse_faults(const char *list, unsigned *faults)
{
        *faults = 0;
        for (;;) {
                size_t length = strcspn(list, ",");

                if (!parse_kind(list, length, faults))
                        return false;
                if (!list[length])
                        return true;
                list += length + 1;
        }
}

void settings_describe(const struct sim_settings *settings, char *text, size_t size)
{
        size_t at = (size_t)snprintf(text, size,
                                     "--seed %llu --steps %llu --s6 %s --clients %u --profiles %u --faults ",
                                     (unsigned long long)settings->seed, (unsigned long long)settings->steps,
                                     flavours[settings->flavour], settings->clients, settings->profiles);

        if (!settings->faults)
                snprintf(text + at, size - at, "none");
        for (unsigned i = 0, first = 1; i < FAULT_KINDS; i++)
                if (settings->faults >> i & 1) {
                        at += (size_t)snprintf(text + at, size - at, "%s%s", first ? "" : ",", kinds[i]);
                        first = 0;
                }
}
