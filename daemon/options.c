/* SPDX-License-Identifier: ISC */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/bounds.h"
#include "daemon/config.h"
#include "daemon/judge/backoff.h"
#include "daemon/service/stagger.h"
#include "proto/name.h"

enum {
        OPTION_SOCKET = 256,
        OPTION_SCANDIR,
        OPTION_SERVICES,
        OPTION_TEMPLATE,
        OPTION_CLIENT_USER,
        OPTION_OBSERVER_GROUP,
        OPTION_HERMES_HOME,
        OPTION_EXEC_PATH,
        OPTION_NOTIFICATION_FD,
        OPTION_SETTLE_MSEC,
        OPTION_SERVICES_MAX,
        OPTION_ALLOW_STATIC,
        OPTION_START_AT_ONCE,
        OPTION_FALLBACK,
        OPTION_MULTIPLEX,
        OPTION_NO_MULTIPLEX,
        OPTION_NO_GATEWAYS,
        OPTION_BOOTSTRAP,
        OPTION_BACKOFF_FIRST_MSEC,
        OPTION_BACKOFF_MOST_MSEC,
        OPTION_BACKOFF_HEALTHY_MSEC,
        OPTION_FAILED_STARTS,
        OPTION_MEMORY_PERCENT,
        OPTION_ELSEWHERE_LOOK_MSEC,
        OPTION_PROCESS_MSEC,
        OPTION_READY_MSEC,
        OPTION_ENDING_MSEC,
        OPTION_WATCHDOG_MSEC,
        OPTION_SECCOMP,
};

static const struct option long_options[] = {
        {"socket", required_argument, NULL, OPTION_SOCKET},
        {"scandir", required_argument, NULL, OPTION_SCANDIR},
        {"services", required_argument, NULL, OPTION_SERVICES},
        {"template", required_argument, NULL, OPTION_TEMPLATE},
        {"client-user", required_argument, NULL, OPTION_CLIENT_USER},
        {"observer-group", required_argument, NULL, OPTION_OBSERVER_GROUP},
        {"hermes-home", required_argument, NULL, OPTION_HERMES_HOME},
        {"exec-path", required_argument, NULL, OPTION_EXEC_PATH},
        {"notification-fd", required_argument, NULL, OPTION_NOTIFICATION_FD},
        {"settle-msec", required_argument, NULL, OPTION_SETTLE_MSEC},
        {"services-max", required_argument, NULL, OPTION_SERVICES_MAX},
        {"allow-static", required_argument, NULL, OPTION_ALLOW_STATIC},
        {"start-at-once", required_argument, NULL, OPTION_START_AT_ONCE},
        {"fallback", required_argument, NULL, OPTION_FALLBACK},
        {"multiplex", no_argument, NULL, OPTION_MULTIPLEX},
        {"no-multiplex", no_argument, NULL, OPTION_NO_MULTIPLEX},
        {"no-gateways", no_argument, NULL, OPTION_NO_GATEWAYS},
        {"bootstrap", no_argument, NULL, OPTION_BOOTSTRAP},
        {"backoff-first-msec", required_argument, NULL, OPTION_BACKOFF_FIRST_MSEC},
        {"backoff-most-msec", required_argument, NULL, OPTION_BACKOFF_MOST_MSEC},
        {"backoff-healthy-msec", required_argument, NULL, OPTION_BACKOFF_HEALTHY_MSEC},
        {"failed-starts", required_argument, NULL, OPTION_FAILED_STARTS},
        {"memory-percent", required_argument, NULL, OPTION_MEMORY_PERCENT},
        {"elsewhere-look-msec", required_argument, NULL, OPTION_ELSEWHERE_LOOK_MSEC},
        {"process-msec", required_argument, NULL, OPTION_PROCESS_MSEC},
        {"ready-msec", required_argument, NULL, OPTION_READY_MSEC},
        {"ending-msec", required_argument, NULL, OPTION_ENDING_MSEC},
        {"watchdog-msec", required_argument, NULL, OPTION_WATCHDOG_MSEC},
        {"seccomp", required_argument, NULL, OPTION_SECCOMP},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
};

static const char help[] =
        "Usage: svcbrokerd [OPTION]...\n"
        "Let an unprivileged user manage the profile gateways of an s6 scan directory, over a Unix socket.\n"
        "\n"
        "  --socket PATH              serve PATH (" CONFIG_SOCKET ")\n"
        "  --scandir DIR              the scan directory of the s6-svscan to manage (" CONFIG_SCANDIR ")\n"
        "  --services DIR             where service directories are made (" CONFIG_SERVICES ")\n"
        "  --template DIR             the template of a gateway (" CONFIG_TEMPLATE ")\n"
        "  --client-user NAME         the user who may control gateways (" CONFIG_CLIENT_USER ")\n"
        "  --observer-group NAME      a group that may read, on PATH.observer (none)\n"
        "  --hermes-home DIR          where gateways keep their logs (HERMES_HOME, or " CONFIG_HERMES_HOME
        ")\n"
        "  --exec-path PATH           the PATH of the container's runtime, to be checked\n"
        "  --notification-fd N        write a newline there when ready\n"
        "  --settle-msec N            a gateway alive for this long is up (3000)\n"
        "  --services-max N           s6-svscan's own limit, loggers included (1000)\n"
        "  --allow-static NAME        clients may control this static service too; may be given again\n"
        "  --start-at-once N          gateways that begin together after a boot (8)\n"
        "  --fallback TEXT            what could not be read, for Health to tell; may be given again\n"
        "  --multiplex                the default gateway serves every profile: the others are held\n"
        "  --no-multiplex             it does not; without either, config.yaml on the volume says\n"
        "  --no-gateways              a container without gateways: register none at boot\n"
        "  --bootstrap                start default at boot where nothing is known of it\n"
        "  --backoff-first-msec N     delay before the first retry of a gateway that keeps ending (2000)\n"
        "  --backoff-most-msec N      the delay doubles up to this (300000)\n"
        "  --backoff-healthy-msec N   a run this long forgets the failures before it (600000)\n"
        "  --failed-starts N          failed container starts in a row that Diagnose reports (3)\n"
        "  --memory-percent N         Health warns when the container uses more of its memory (0: never)\n"
        "  --elsewhere-look-msec N    how often to look whether another container runs a gateway (2000)\n"
        "  --process-msec N           a wanted service without a process for so long is a problem (10000)\n"
        "  --ready-msec N             so is one that is not up this long after settle-msec (30000)\n"
        "  --ending-msec N            so is one that still runs this long after it was told to end (180000)\n"
        "  --watchdog-msec N          the broker is killed when it hangs for so long (10000; 0: never)\n"
        "  --seccomp on|log|off       refuse, or note, system calls that it does not need (on)\n"
        "  --help, --version\n"
        "\n"
        "It stays in the foreground and logs to standard error. See svcbrokerd(8).\n";

static bool parse_number(const char *text, long long least, long long most, long long *value)
{
        char *end;

        errno = 0;
        *value = strtoll(text, &end, 10);
        return !errno && end != text && !*end && *value >= least && *value <= most;
}

static bool set_number(struct options *options, int option, const char *text)
{
        long long value;

        switch (option) {
        case OPTION_NOTIFICATION_FD:
                if (!parse_number(text, 3, 1023, &value))
                        return false;
                options->notification_fd = (int)value;
                return true;
        case OPTION_SETTLE_MSEC:
                return parse_number(text, 0, 600000, &value) && (options->settle_msec = value, true);
        case OPTION_SERVICES_MAX:
                return parse_number(text, 4, 160000, &value) &&
                       (options->services_max = (unsigned)value, true);
        case OPTION_START_AT_ONCE:
                return parse_number(text, 1, 10000, &value) &&
                       (options->start_at_once = (unsigned)value, true);
        case OPTION_BACKOFF_FIRST_MSEC:
                return parse_number(text, 1, 86400000, &value) && (options->backoff_first_msec = value, true);
        case OPTION_BACKOFF_MOST_MSEC:
                return parse_number(text, 1, 86400000, &value) && (options->backoff_most_msec = value, true);
        case OPTION_BACKOFF_HEALTHY_MSEC:
                return parse_number(text, 1, 86400000, &value) &&
                       (options->backoff_healthy_msec = value, true);
        case OPTION_FAILED_STARTS:
                return parse_number(text, 1, 1000, &value) &&
                       (options->failed_starts = (unsigned)value, true);
        case OPTION_MEMORY_PERCENT:
                return parse_number(text, 0, 100, &value) &&
                       (options->memory_percent = (unsigned)value, true);
        case OPTION_ELSEWHERE_LOOK_MSEC:
                return parse_number(text, 1, 86400000, &value) &&
                       (options->elsewhere_look_msec = value, true);
        case OPTION_PROCESS_MSEC:
                return parse_number(text, 1, 86400000, &value) && (options->process_msec = value, true);
        case OPTION_READY_MSEC:
                return parse_number(text, 1, 86400000, &value) && (options->ready_msec = value, true);
        case OPTION_ENDING_MSEC:
                return parse_number(text, 1, 86400000, &value) && (options->ending_msec = value, true);
        case OPTION_WATCHDOG_MSEC:
                return parse_number(text, 0, 86400000, &value) && (value == 0 || value >= 100) &&
                       (options->watchdog_msec = value, true);
        default:
                return false;
        }
}

static bool add_static(struct options *options, const char *name)
{
        if (name_check_service(name) != NAME_OK || strncmp(name, GATEWAY_PREFIX, strlen(GATEWAY_PREFIX)) == 0)
                return false;
        for (size_t i = 0; i < OPTIONS_STATIC_MOST; i++)
                if (!options->allowed_static[i]) {
                        options->allowed_static[i] = name;
                        return true;
                }
        return false;
}

/* Over OPTIONS_FALLBACKS_MOST, texts are not kept: more of them would tell nothing worse. */
static bool add_fallback(struct options *options, const char *text)
{
        size_t i = 0;

        while (i < OPTIONS_FALLBACKS_MOST && options->fallbacks[i])
                i++;
        if (i < OPTIONS_FALLBACKS_MOST)
                options->fallbacks[i] = text;
        return text[0];
}

static bool set_seccomp(struct options *options, const char *text)
{
        static const char *const modes[] = {
                [SECCOMP_ON] = "on", [SECCOMP_LOG] = "log", [SECCOMP_OFF] = "off"};

        for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
                if (strcmp(text, modes[i]) == 0) {
                        options->seccomp = (enum seccomp_mode)i;
                        return true;
                }
        return false;
}

static bool set_option(struct options *options, int option, const char *text)
{
        switch (option) {
        case OPTION_SOCKET:
                options->socket = text;
                return text[0] == '/';
        case OPTION_SCANDIR:
                options->scandir = text;
                return text[0] == '/';
        case OPTION_SERVICES:
                options->services = text;
                return text[0] == '/';
        case OPTION_TEMPLATE:
                options->template = text;
                return text[0] == '/';
        case OPTION_HERMES_HOME:
                options->hermes_home = text;
                return text[0] == '/';
        case OPTION_EXEC_PATH:
                options->exec_path = text;
                return true;
        case OPTION_CLIENT_USER:
                options->client_user = text;
                return text[0];
        case OPTION_OBSERVER_GROUP:
                options->observer_group = text;
                return text[0];
        case OPTION_ALLOW_STATIC:
                return add_static(options, text);
        case OPTION_FALLBACK:
                return add_fallback(options, text);
        case OPTION_MULTIPLEX:
                options->multiplex = MULTIPLEX_IS_ON;
                return true;
        case OPTION_NO_MULTIPLEX:
                options->multiplex = MULTIPLEX_IS_OFF;
                return true;
        case OPTION_NO_GATEWAYS:
                return (options->no_gateways = true);
        case OPTION_BOOTSTRAP:
                return (options->bootstrap = true);
        case OPTION_SECCOMP:
                return set_seccomp(options, text);
        default:
                return set_number(options, option, text);
        }
}

static void set_defaults(struct options *options)
{
        const char *home = getenv("HERMES_HOME");

        *options = (struct options){
                .socket = CONFIG_SOCKET,
                .scandir = CONFIG_SCANDIR,
                .services = CONFIG_SERVICES,
                .template = CONFIG_TEMPLATE,
                .client_user = CONFIG_CLIENT_USER,
                .hermes_home = home && home[0] == '/' ? home : CONFIG_HERMES_HOME,
                .notification_fd = -1,
                .settle_msec = 3000,
                .start_at_once = STAGGER_AT_ONCE,
                .services_max = 1000,
                .backoff_first_msec = BACKOFF_DEFAULT.first_msec,
                .backoff_most_msec = BACKOFF_DEFAULT.most_msec,
                .backoff_healthy_msec = BACKOFF_DEFAULT.healthy_msec,
                .failed_starts = 3,
                .elsewhere_look_msec = BACKOFF_DEFAULT.elsewhere_msec,
                .process_msec = STEP_PROCESS_MSEC,
                .ready_msec = STEP_READY_MSEC,
                .ending_msec = STEP_END_MSEC,
                .watchdog_msec = WATCHDOG_MSEC,
        };
}

int options_parse(int argc, char **argv, struct options *options, int *exit_code)
{
        int option, index = 0;

        set_defaults(options);
        *exit_code = EX_CONFIG;
        while ((option = getopt_long(argc, argv, "hV", long_options, &index)) != -1) {
                switch (option) {
                case 'h':
                        fputs(help, stdout);
                        *exit_code = 0;
                        return 1;
                case 'V':
                        puts("svcbrokerd " SVCBROKER_VERSION);
                        *exit_code = 0;
                        return 1;
                case '?': /* getopt_long has said what is wrong */
                        return 1;
                default:
                        if (set_option(options, option, optarg))
                                break;
                        fprintf(stderr, "svcbrokerd: --%s: %s: not a value it takes; see svcbrokerd --help\n",
                                long_options[index].name, optarg);
                        return 1;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "svcbrokerd: %s: it takes options only; see svcbrokerd --help\n",
                        argv[optind]);
                return 1;
        }
        if (options->backoff_first_msec > options->backoff_most_msec) {
                fprintf(stderr,
                        "svcbrokerd: --backoff-first-msec: %lld: more than --backoff-most-msec, %lld\n",
                        (long long)options->backoff_first_msec, (long long)options->backoff_most_msec);
                return 1;
        }
        return 0;
}
