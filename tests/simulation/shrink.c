/* SPDX-License-Identifier: ISC */
/* A run that fails, made smaller: fewer kinds of faults, clients, profiles and steps. What is left out changes all that follows, so some
 * other seeds are tried, too, for each change. */
#include "shrink.h"

#include <string.h>

#define TRIES 12 /* seeds for each */

void wished_apply(const struct wished *wished, struct sim_settings *settings)
{
        if (wished->has_steps)
                settings->steps = wished->settings.steps;
        if (wished->has_flavour)
                settings->flavour = wished->settings.flavour;
        if (wished->has_faults)
                settings->faults = wished->settings.faults;
        if (wished->has_clients)
                settings->clients = wished->settings.clients;
        if (wished->has_profiles)
                settings->profiles = wished->settings.profiles;
}

/* True: it fails in the same way, and is the one now. */
static bool try(struct sim_settings *settings, struct verdict *outcome, struct sim_settings smaller)
{
        uint64_t seed = settings->seed;

        for (unsigned i = 0; i < TRIES; i++) {
                struct verdict other;

                smaller.seed = i ? seed + i * UINT64_C(1000003) : seed;
                run_seed(&smaller, &other);
                if (!other.failed || strcmp(other.invariant, outcome->invariant) != 0)
                        continue;
                *settings = smaller;
                *outcome = other;
                return true;
        }
        return false;
}

static bool fewer_faults(struct sim_settings *settings, struct verdict *outcome)
{
        bool any = false;

        for (unsigned i = 0; i < FAULT_KINDS; i++) {
                struct sim_settings smaller = *settings;

                smaller.faults &= ~(1U << i);
                if (smaller.faults != settings->faults)
                        any = try(settings, outcome, smaller) || any;
        }
        return any;
}

static bool fewer_habits(struct sim_settings *settings, struct verdict *outcome)
{
        bool any = false;

        for (unsigned i = 0; i < HABITS; i++) {
                struct sim_settings smaller = *settings;

                smaller.habits &= ~(1U << i);
                if (smaller.habits != settings->habits)
                        any = try(settings, outcome, smaller) || any;
        }
        return any;
}

static bool less(struct sim_settings *settings, struct verdict *outcome)
{
        struct sim_settings smaller = *settings;
        bool any = false;

        smaller.clients = settings->clients / 2;
        if (smaller.clients)
                any = try(settings, outcome, smaller) || any;
        smaller = *settings;
        smaller.profiles = settings->profiles / 2;
        if (smaller.profiles)
                any = try(settings, outcome, smaller) || any;
        smaller = *settings;
        smaller.steps = settings->steps / 2;
        if (smaller.steps)
                any = try(settings, outcome, smaller) || any;
        smaller = *settings;
        smaller.steps = settings->steps - settings->steps / 5;
        if (smaller.steps < settings->steps)
                any = try(settings, outcome, smaller) || any;
        return any;
}

void shrink(struct sim_settings *settings, struct verdict *outcome)
{
        while (fewer_faults(settings, outcome) || fewer_habits(settings, outcome) || less(settings, outcome))
                ;
}
