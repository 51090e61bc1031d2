/* SPDX-License-Identifier: ISC */
/* The daemon's command line: each line of the input is a word, as in data/options. */
#include "daemon/options.h"

#include <getopt.h>

#include "proto/name.h"

#include "fuzz.h"

#define WORDS_MOST 200
#define DAY_MSEC 86400000

static bool within(int64_t value, int64_t least, int64_t most)
{
        return value >= least && value <= most;
}

static void check_options(const struct options *options)
{
        must(options->socket[0] == '/' && options->scandir[0] == '/' && options->services[0] == '/');
        must(options->template[0] == '/' && options->hermes_home[0] == '/' && options->client_user[0]);
        must(!options->observer_group || options->observer_group[0]);
        must(options->notification_fd == -1 || within(options->notification_fd, 3, 1023));
        must(within(options->settle_msec, 0, 600000) && within(options->start_at_once, 1, 10000));
        must(within(options->services_max, 4, 160000) && within(options->failed_starts, 1, 1000));
        must(within(options->backoff_first_msec, 1, options->backoff_most_msec));
        must(within(options->backoff_most_msec, 1, DAY_MSEC) && within(options->backoff_healthy_msec, 1, DAY_MSEC));
        must(within(options->elsewhere_look_msec, 1, DAY_MSEC) && within(options->process_msec, 1, DAY_MSEC));
        must(within(options->ready_msec, 1, DAY_MSEC) && within(options->ending_msec, 1, DAY_MSEC));
        must((unsigned)options->seccomp <= SECCOMP_OFF);
        must(options->watchdog_msec == 0 || within(options->watchdog_msec, 100, DAY_MSEC));
        must(!options->allowed_static[OPTIONS_STATIC_MOST] && !options->fallbacks[OPTIONS_FALLBACKS_MOST]);
        for (const char *const *name = options->allowed_static; *name; name++)
                must(name_check_service(*name) == NAME_OK && !name_profile_of(*name));
        for (const char *const *text = options->fallbacks; *text; text++)
                must(**text);
}

/* What is said goes into memory. */
static int parse(int count, char **words, struct options *options, int *exit_code, char **said, char **printed)
{
        FILE *error = stderr, *output = stdout;
        size_t size;
        int result;

        stderr = open_memstream(said, &size);
        stdout = open_memstream(printed, &size);
        optind = 0; /* glibc's way to begin anew */
        result = options_parse(count, words, options, exit_code);
        fclose(stderr);
        fclose(stdout);
        stderr = error;
        stdout = output;
        return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *words[WORDS_MOST + 2] = {(char[]){"svcbrokerd"}}, *text = fuzz_string(data, size), *rest = text;
        char *said = NULL, *printed = NULL;
        struct options options;
        int count = 1, exit_code = -1, result;

        if (!text)
                return -1;
        for (char *word; count <= WORDS_MOST && (word = strsep(&rest, "\n"));)
                words[count++] = strdup(word);
        if (count > 1 && !*words[count - 1]) {
                free(words[--count]); /* behind the last line */
                words[count] = NULL;
        }
        unsetenv("HERMES_HOME");
        if (size && data[0] == '/')
                setenv("HERMES_HOME", words[1], 1);
        result = parse(count, words, &options, &exit_code, &said, &printed);
        must(result == 0 || result == 1);
        if (result == 0) {
                check_options(&options);
                must(!*said && !*printed);
        } else {
                must((exit_code == 0 && *printed && !*said) || (exit_code == 78 && !*printed));
                /* One line, which a person can read. */
                if (exit_code == 78)
                        must(strchr(said, '\n') == said + strlen(said) - 1);
        }
        free(said);
        free(printed);
        for (int i = 1; i < count; i++)
                free(words[i]);
        free(text);
        return 0;
}
