/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "core.h"
#include "scenario.h"
#include "shrink.h"

enum {
        OPTION_SEED = 256,
        OPTION_STEPS,
        OPTION_EXPLORE,
        OPTION_S6,
        OPTION_FAULTS,
        OPTION_HABITS,
        OPTION_CLIENTS,
        OPTION_PROFILES,
        OPTION_TRACE,
        OPTION_SHRINK,
        OPTION_SEEDS,
        OPTION_SCENARIO,
        OPTION_FIRST,
        OPTION_FIGURES,
        OPTION_KEEP_GOING
};

static const struct option long_options[] = {
        {"seed", required_argument, NULL, OPTION_SEED},
        {"steps", required_argument, NULL, OPTION_STEPS},
        {"explore", required_argument, NULL, OPTION_EXPLORE},
        {"s6", required_argument, NULL, OPTION_S6},
        {"faults", required_argument, NULL, OPTION_FAULTS},
        {"habits", required_argument, NULL, OPTION_HABITS},
        {"clients", required_argument, NULL, OPTION_CLIENTS},
        {"profiles", required_argument, NULL, OPTION_PROFILES},
        {"trace", no_argument, NULL, OPTION_TRACE},
        {"shrink", no_argument, NULL, OPTION_SHRINK},
        {"seeds", required_argument, NULL, OPTION_SEEDS},
        {"scenario", required_argument, NULL, OPTION_SCENARIO},
        {"first", required_argument, NULL, OPTION_FIRST},
        {"keep-going", no_argument, NULL, OPTION_KEEP_GOING},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

static const char help[] =
        "Usage: simulate --seed N [OPTION]... | --explore SECONDS [OPTION]... | --seeds FILE | --scenario "
        "FILE\n"
        "Run the broker in a world that a seed decides, and look whether what must hold does.\n"
        "\n"
        "  --seed N            this one\n"
        "  --explore SECONDS   one after the other, for so long; ends with the first that fails\n"
        "  --keep-going        ... or goes on\n"
        "  --first N           the first of them (the time of day)\n"
        "  --seeds FILE        those in a file: a line is a seed, and options of those below; # begins a "
        "comment\n"
        "  --scenario FILE     what a file says is done (tests/simulation/scenarios), and print what it "
        "ended in; with\n"
        "                      --seed, --s6 and --trace\n"
        "  --shrink            of one that fails, find the smallest run that fails the same way\n"
        "  --trace             print what happens, a line a step\n"
        "Instead of what the seed says:\n"
        "  --steps N           of the part in which faults happen\n"
        "  --s6 VERSION        2.11, 2.13 or 2.15\n"
        "  --faults LIST       kill, disk, volume, memory, descriptors, s6, clock, clients, inotify, "
        "gateways, power; "
        "all; none\n"
        "  --habits LIST       crowd, watchers, churn, lookers, slow-s6, paths, hermes, odd-files; all; "
        "none\n"
        "  --clients N, --profiles N\n"
        "\n"
        "Exits 1 when a seed failed. See docs/simulation.md.\n";

struct options {
        bool has_seed, shrink, keep_going, trace;
        uint64_t seed, first;
        long explore_sec;
        const char *seeds, *scenario;
        struct wished wished;
};

struct totals {
        uint64_t runs, failed, steps, lives, calls;
        int64_t virtual_usec;
};

static bool set_wish(struct wished *wished, int option, const char *text)
{
        switch (option) {
        case OPTION_STEPS:
                wished->has_steps = true;
                wished->settings.steps = strtoull(text, NULL, 10);
                return true;
        case OPTION_S6:
                wished->has_flavour = true;
                return settings_parse_flavour(text, &wished->settings.flavour);
        case OPTION_FAULTS:
                wished->has_faults = true;
                return settings_parse_faults(text, &wished->settings.faults);
        case OPTION_HABITS:
                wished->has_habits = true;
                return settings_parse_habits(text, &wished->settings.habits);
        case OPTION_CLIENTS:
                wished->has_clients = true;
                wished->settings.clients = (unsigned)strtoul(text, NULL, 10);
                return wished->settings.clients > 0 && wished->settings.clients < 40;
        case OPTION_PROFILES:
                wished->has_profiles = true;
                wished->settings.profiles = (unsigned)strtoul(text, NULL, 10);
                return wished->settings.profiles > 0 && wished->settings.profiles <= 16;
        default:
                return false;
        }
}

static bool set_option(struct options *options, int option, const char *text)
{
        switch (option) {
        case OPTION_SEED:
                options->has_seed = true;
                options->seed = strtoull(text, NULL, 0);
                return true;
        case OPTION_EXPLORE:
                options->explore_sec = strtol(text, NULL, 10);
                return options->explore_sec > 0;
        case OPTION_FIRST:
                options->first = strtoull(text, NULL, 0);
                return true;
        case OPTION_SEEDS:
                options->seeds = text;
                return true;
        case OPTION_SCENARIO:
                options->scenario = text;
                return true;
        case OPTION_TRACE:
                return options->trace = true;
        case OPTION_SHRINK:
                return options->shrink = true;
        case OPTION_KEEP_GOING:
                return options->keep_going = true;
        default:
                return set_wish(&options->wished, option, text);
        }
}

static void say_failed(const struct sim_settings *settings, const struct verdict *outcome)
{
        char text[512];

        settings_describe(settings, text, sizeof(text));
        printf("failed: simulate %s\n        step %llu, life %llu: %s: %s\n", text,
               (unsigned long long)outcome->steps, (unsigned long long)outcome->lives, outcome->invariant,
               outcome->message);
        fflush(stdout);
}

static bool run_one(const struct options *options, uint64_t seed, const struct wished *wished,
                    struct totals *totals)
{
        struct sim_settings settings;
        struct verdict outcome;

        settings_draw(&settings, seed, wished->has_habits ? &wished->settings.habits : NULL);
        wished_apply(wished, &settings);
        settings.trace = options->trace;
        run_seed(&settings, &outcome);
        totals->runs++;
        totals->failed += outcome.failed;
        totals->steps += outcome.steps;
        totals->lives += outcome.lives;
        totals->calls += outcome.calls;
        totals->virtual_usec += outcome.virtual_usec;
        if (options->has_seed)
                printf("seed %llu: steps %llu lives %llu calls %llu trace %016llx\n",
                       (unsigned long long)seed, (unsigned long long)outcome.steps,
                       (unsigned long long)outcome.lives, (unsigned long long)outcome.calls,
                       (unsigned long long)outcome.hash);
        if (!outcome.failed)
                return true;
        say_failed(&settings, &outcome);
        if (options->shrink) {
                settings.trace = false;
                shrink(&settings, &outcome);
                printf("smallest:\n");
                say_failed(&settings, &outcome);
        }
        return false;
}

static double now_sec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of the processor, all runs together: on a machine with other work that is what tells. */
static double processor_sec(void)
{
        struct rusage used;

        getrusage(RUSAGE_CHILDREN, &used);
        return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void say_totals(const struct totals *totals, double seconds)
{
        double processor = processor_sec();

        printf("seeds %llu failed %llu lives %llu steps %llu calls %llu virtual-hours %.1f seconds %.1f "
               "processor-seconds %.1f steps-a-second %.0f lives-a-second %.1f\n",
               (unsigned long long)totals->runs, (unsigned long long)totals->failed,
               (unsigned long long)totals->lives, (unsigned long long)totals->steps,
               (unsigned long long)totals->calls, (double)totals->virtual_usec / 3.6e9, seconds, processor,
               (double)totals->steps / processor, (double)totals->lives / processor);
}

static void explore(const struct options *options, struct totals *totals)
{
        double until = now_sec() + (double)options->explore_sec;
        uint64_t seed = options->first ? options->first : (uint64_t)time(NULL) * 1000;

        printf("exploring from seed %llu\n", (unsigned long long)seed);
        fflush(stdout);
        while (now_sec() < until)
                if (!run_one(options, seed++, &options->wished, totals) && !options->keep_going)
                        return;
}

/* "SEED [--option value]..." */
static bool run_line(const struct options *options, char *line, struct totals *totals)
{
        struct wished wished = options->wished;
        char *rest = NULL;
        const char *word = strtok_r(line, " \t\n", &rest);
        uint64_t seed;

        if (!word || *word == '#')
                return true;
        seed = strtoull(word, NULL, 0);
        while ((word = strtok_r(NULL, " \t\n", &rest)) && *word != '#') {
                const struct option *option = long_options;
                const char *value = strtok_r(NULL, " \t\n", &rest);

                while (option->name && strcmp(option->name, word + (strlen(word) > 2 ? 2 : 0)) != 0)
                        option++;
                if (!option->name || !value || !set_wish(&wished, option->val, value)) {
                        fprintf(stderr, "simulate: %s: not in a list of seeds\n", word);
                        exit(2);
                }
        }
        return run_one(options, seed, &wished, totals);
}

static void run_file(const struct options *options, struct totals *totals)
{
        FILE *file = fopen(options->seeds, "re");
        char line[512];

        if (!file) {
                perror(options->seeds);
                exit(2);
        }
        while (fgets(line, sizeof(line), file))
                run_line(options, line, totals);
        fclose(file);
}

int main(int argc, char **argv)
{
        struct options options = {0};
        struct totals totals = {0};
        double began = now_sec();
        int option;

        while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
                if (option == 'h') {
                        fputs(help, stdout);
                        return 0;
                }
                if (option == '?' || !set_option(&options, option, optarg)) {
                        fprintf(stderr, "simulate: see --help\n");
                        return 2;
                }
        }
        if (options.scenario && optind == argc && !options.explore_sec && !options.seeds)
                return scenario_run(&options.wished, options.has_seed ? options.seed : 1, options.trace,
                                    options.scenario);
        company = &company_of_clients;
        if (optind < argc || options.scenario ||
            options.has_seed + (options.explore_sec > 0) + (options.seeds != NULL) != 1) {
                fputs(help, stderr);
                return 2;
        }
        if (options.has_seed)
                run_one(&options, options.seed, &options.wished, &totals);
        else if (options.seeds)
                run_file(&options, &totals);
        else
                explore(&options, &totals);
        if (!options.has_seed)
                say_totals(&totals, now_sec() - began);
        return totals.failed ? 1 : 0;
}
