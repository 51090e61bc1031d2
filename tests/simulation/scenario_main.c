#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "scenario.h"

static const char help[] =
        "Usage: simulate-scenario [--s6 VERSION] [--seed N] [--trace] FILE...\n"
        "Run scenarios (tests/simulation/scenarios), and print of each what it ended in.\n";

static const char *const options[] = {"--settle-msec", "300", NULL};

static int run(const struct sim_settings *settings, const char *path)
{
        struct json_object *scenario = json_object_from_file(path);
        struct verdict outcome;

        if (!scenario) {
                fprintf(stderr, "%s: %s\n", path, json_util_get_last_err());
                return 2;
        }
        scenario_choose(scenario);
        run_seed(settings, &outcome);
        json_object_put(scenario);
        if (outcome.failed)
                printf("failed: %s: %s\n", outcome.invariant, outcome.message);
        fflush(stdout);
        return outcome.failed;
}

int main(int argc, char **argv)
{
        struct sim_settings settings = {.seed = 1,
                                        .steps = UINT64_MAX,
                                        .flavour = S6_2_15,
                                        .clients = 1,
                                        .profiles = 1,
                                        .options = options};
        int failed = 0, at = 1;

        for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
                if (strcmp(argv[at], "--trace") == 0)
                        settings.trace = true;
                else if (strcmp(argv[at], "--seed") == 0 && at + 1 < argc)
                        settings.seed = strtoull(argv[++at], NULL, 10);
                else if (strcmp(argv[at], "--s6") != 0 || at + 1 == argc ||
                         !settings_parse_flavour(argv[++at], &settings.flavour))
                        break;
        }
        if (at >= argc || strncmp(argv[at], "--", 2) == 0) {
                fputs(help, stderr);
                return 2;
        }
        for (; at < argc; at++)
                failed |= run(&settings, argv[at]);
        return failed;
}
