/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/bounds.h"
#include "daemon/edge/seccomp.h"
#include "daemon/service/multiplex.h"

struct options {
        const char *socket;
        const char *scandir;
        const char *services;
        const char *template;
        const char *client_user;
        const char *observer_group; /* NULL: none */
        const char *hermes_home;
        const char *exec_path; /* NULL: not known */
        int notification_fd;   /* -1: none */
        int64_t settle_msec;
        unsigned start_at_once;        /* gateways that begin together after a boot */
        enum multiplex_from multiplex; /* whether the default gateway serves every profile */
        const char *fallbacks[OPTIONS_FALLBACKS_MOST + 1]; /* NULL-terminated */
        bool no_gateways;                                  /* nothing is registered at boot */
        bool bootstrap; /* `default` starts where no intent is known for it */
        unsigned services_max;
        int64_t backoff_first_msec;
        int64_t backoff_most_msec;
        int64_t backoff_healthy_msec;
        unsigned failed_starts;
        unsigned memory_percent; /* of the container's memory, above which Health warns; 0: never */
        int64_t elsewhere_look_msec;
        int64_t process_msec;
        int64_t ready_msec;
        int64_t ending_msec;
        int64_t watchdog_msec; /* 0: no watchdog */
        enum seccomp_mode seccomp;
        const char *allowed_static[OPTIONS_STATIC_MOST + 1];
};

/*
 * Parses the command line. 0: go on; *options points into argv and the environment, and outlives neither.
 * Otherwise exit with *exit_code: 0 after --help and --version, 78 after a line on standard error that says
 * what is wrong and what would be right.
 */
int options_parse(int argc, char **argv, struct options *options, int *exit_code);

#endif
