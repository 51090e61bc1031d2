/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/arguments.h"
#include "client/help.h"
#include "client/terminal/output.h"
#include "client/verbs/verb.h"

static enum outcome run(const struct options *options)
{
        struct session session;
        enum outcome outcome = session_open(&session, options);

        if (outcome == OUTCOME_DONE)
                outcome = options->verb->run(&session);
        session_close(&session);
        return outcome;
}

/* Ends the program's output: what was printed counts only if it arrived. */
static enum outcome finish(enum outcome outcome)
{
        if (output_flush())
                return outcome;
        failure_print("stdout", "could not be written", "make room, or send it elsewhere");
        return failure_worse(outcome, OUTCOME_FAILED);
}

/* Opens standard descriptors that are closed. Else the connection could become descriptor 1, and what is
 * printed would go to the broker. */
static void open_standard_descriptors(void)
{
        for (int fd = 0; fd <= STDERR_FILENO; fd++) {
                /* open() takes the lowest free descriptor, which is this one. It is not open for writing, so
                 * that what is lost there does not count as printed. */
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
                        return;
        }
}

static void print_problem(const struct problem *problem)
{
        char *next = NULL;

        if (problem->meant && asprintf(&next, "did you mean %s? %s", problem->meant, problem->next) < 0)
                next = NULL;
        failure_print(problem->subject, problem->what, next ? next : problem->next);
        free(next);
}

int main(int argc, char **argv)
{
        struct problem problem;
        struct options options;
        enum outcome outcome;

        open_standard_descriptors();
        signal(SIGPIPE, SIG_IGN); /* svcctl list | head ends quietly, with the exit code of what was done */
        switch (arguments_parse(argc, argv, getenv("SVCBROKER_SOCKET"), &options, &problem)) {
        case ARGUMENTS_OK:
                break;
        case ARGUMENTS_HELP:
                help_print();
                return finish(OUTCOME_DONE);
        case ARGUMENTS_VERSION:
                puts("svcctl " SVCBROKER_VERSION);
                return finish(OUTCOME_DONE);
        case ARGUMENTS_WRONG:
                print_problem(&problem);
                return OUTCOME_USAGE;
        case ARGUMENTS_MEMORY:
                failure_memory();
                return OUTCOME_FAILED;
        }
        outcome = run(&options);
        arguments_deinit(&options);
        return finish(outcome);
}
