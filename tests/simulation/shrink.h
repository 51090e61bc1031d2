/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_SHRINK_H
#define SIMULATION_SHRINK_H

#include "core.h"

/* What was said on the command line, in the place of what the seed says. */
struct wished {
        struct sim_settings settings;
        bool has_steps, has_flavour, has_faults, has_habits, has_clients, has_profiles;
};

void wished_apply(const struct wished *wished, struct sim_settings *settings);

/* To the smallest run that fails by the same invariant, as far as it is found; in place. */
void shrink(struct sim_settings *settings, struct verdict *outcome);

#endif
