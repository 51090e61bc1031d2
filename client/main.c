#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/text/document.h"
#include "client/talk/failure.h"
#include "client/options.h"
#include "client/talk/session.h"
#include "client/verbs/verbs.h"

static const char help[] =
        "Usage: svcctl [OPTION]... [VERB [ARGUMENT]...]\n"
        "Manage the gateways of Hermes profiles through svcbrokerd(8). No VERB: list.\n"
        "\n"
        "  start NAME... | --all     start, and wait until up\n"
        "  stop NAME... | --all      stop, and wait until down\n"
        "  restart NAME... | --all   stop, start, and wait until up\n"
        "  status [NAME]             show one service in full; without NAME, as list\n"
        "  list                      show all services\n"
        "  top [NAME]...             show them as they change, until q is typed\n"
        "  why NAME                  say what happened, what comes next, and what to do\n"
        "  watch [NAME]...           print a line for each change, until interrupted\n"
        "  logs NAME                 show what a gateway printed\n"
        "  reset NAME...             forget the failures of gateways\n"
        "  register PROFILE          make the gateway of a profile, and start it\n"
        "  unregister PROFILE        end a profile's gateway, and remove it\n"
        "  reconcile                 make a gateway for each profile that has none\n"
        "  health                    list the problems; exit 1 if there are any\n"
        "  doctor                    check everything closely, and say what to do\n"
        "  call METHOD [JSON]        call any method of io.svcbroker(7)\n"
        "  introspect [INTERFACE]    print the text of an interface\n"
        "\n"
        "  NAME is a service, or a profile for short (coder for gateway-coder).\n"
        "\n"
        "  --wait[=STATE]    start, stop, restart: wait for up, ready or down (default)\n"
        "  --no-wait         start, stop, restart: do not wait\n"
        "  --timeout TIME    how long to wait, like 500ms, 30s or 2m\n"
        "  --profile         take each NAME for that of a profile\n"
        "  -f, --follow      logs: print new lines as they come, until interrupted\n"
        "  -n, --lines N     logs: show the last N lines (default 50; with -f, 10)\n"
        "  --since TIME      logs: since TIME, like 10m, today or '2026-11-22 14:30'\n"
        "  --raw             logs: print control characters and colours too\n"
        "  --watch           status, list: the same as top\n"
        "  --names           list: print names only\n"
        "  --env NAME=VALUE  register: set a variable of the gateway; repeatable\n"
        "  --no-start        register: leave it down\n"
        "  --dry-run         reconcile: only say what it would do\n"
        "  --more, --oneway  call: ask for a stream of replies, or for none\n"
        "  --json            print JSON: one document, or one per line of a stream\n"
        "  --socket PATH     the broker's socket (else $SVCBROKER_SOCKET, else\n"
        "                    " SVCBROKER_SOCKET_PATH ")\n"
        "  -h, --help        print this text\n"
        "  -V, --version     print the version\n"
        "\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 not running (status NAME),\n"
        "4 not registered, 5 denied, 6 deadline passed, 7 held or failed,\n"
        "69 broker not reachable, 130 interrupted while waiting. See svcctl(1).\n";

static enum outcome run_verb(struct session *session)
{
        switch (session->options->verb) {
        case VERB_START:
        case VERB_STOP:
        case VERB_RESTART:
                return verb_order(session);
        case VERB_STATUS:
                return session->options->watch ? verb_top(session) : verb_status(session);
        case VERB_TOP:
                return verb_top(session);
        case VERB_LIST:
                if (session->options->watch)
                        return verb_top(session);
                return session->options->names ? verb_list_names(session) : verb_list(session);
        case VERB_WHY:
                return verb_why(session);
        case VERB_REGISTER:
                return verb_register(session);
        case VERB_UNREGISTER:
                return verb_unregister(session);
        case VERB_WATCH:
                return verb_watch(session);
        case VERB_RESET:
                return verb_reset(session);
        case VERB_HEALTH:
                return verb_health(session);
        case VERB_RECONCILE:
                return verb_reconcile(session);
        case VERB_DOCTOR:
                return verb_doctor(session);
        case VERB_CALL:
                return verb_call(session);
        case VERB_LOGS:
                return verb_logs(session);
        case VERB_INTROSPECT:
                return verb_introspect(session);
        }
        return OUTCOME_FAILED;
}

static enum outcome run(const struct options *options)
{
        struct session session;
        enum outcome outcome = session_open(&session, options);

        if (outcome == OUTCOME_DONE)
                outcome = run_verb(&session);
        session_close(&session);
        return outcome;
}

/* Last of all: what was printed counts only if it arrived. */
static enum outcome finish(enum outcome outcome)
{
        if (document_flush())
                return outcome;
        failure_print("stdout", "could not be written", "make room, or send it elsewhere");
        return failure_worse(outcome, OUTCOME_FAILED);
}

/* The connection must not become descriptor 1 because somebody closed that: what is printed would go to the
 * broker. */
static void open_standard_descriptors(void)
{
        for (int fd = 0; fd <= STDERR_FILENO; fd++) {
                /* Not writable, so that what is lost there does not count as printed. The lowest free one is
                 * fd. */
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
                        return;
        }
}

static void print_problem(const struct options_problem *problem)
{
        char *next = NULL;

        if (problem->meant && asprintf(&next, "did you mean %s? %s", problem->meant, problem->next) < 0)
                next = NULL;
        failure_print(problem->subject, problem->what, next ? next : problem->next);
        free(next);
}

int main(int argc, char **argv)
{
        struct options_problem problem;
        struct options options;
        enum outcome outcome;

        open_standard_descriptors();
        signal(SIGPIPE, SIG_IGN); /* svcctl list | head: end quietly, with the exit code of what was done */
        switch (options_parse(argc, argv, getenv("SVCBROKER_SOCKET"), &options, &problem)) {
        case OPTIONS_OK:
                break;
        case OPTIONS_HELP:
                fputs(help, stdout);
                return finish(OUTCOME_DONE);
        case OPTIONS_VERSION:
                puts("svcctl " SVCBROKER_VERSION);
                return finish(OUTCOME_DONE);
        case OPTIONS_WRONG:
                print_problem(&problem);
                return OUTCOME_USAGE;
        case OPTIONS_MEMORY:
                failure_print("memory", "none left", "free some");
                return OUTCOME_FAILED;
        }
        outcome = run(&options);
        options_deinit(&options);
        return finish(outcome);
}
