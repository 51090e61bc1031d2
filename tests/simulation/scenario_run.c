/* SPDX-License-Identifier: ISC */
#include "scenario.h"

#include <stdio.h>

#include "clients.h"
#include "core.h"
#include "shrink.h"

static const char *const options[] = {"--settle-msec", "300", NULL};

int scenario_run(const struct wished *wished, uint64_t seed, bool trace, const char *path)
{
        struct sim_settings settings = {.seed = seed,
                                        .steps = UINT64_MAX,
                                        .flavour = wished->has_flavour ? wished->settings.flavour : S6_2_15,
                                        .clients = 1,
                                        .profiles = 1,
                                        .trace = trace,
                                        .options = options};
        struct json_object *scenario = json_object_from_file(path);
        struct verdict outcome;

        if (!scenario) {
                fprintf(stderr, "%s: %s\n", path, json_util_get_last_err());
                return 2;
        }
        scenario_choose(scenario);
        company = &company_of_scenario;
        run_seed(&settings, &outcome);
        json_object_put(scenario);
        if (outcome.failed)
                printf("failed: %s: %s\n", outcome.invariant, outcome.message);
        fflush(stdout);
        return outcome.failed;
}
