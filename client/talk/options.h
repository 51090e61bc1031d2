/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_OPTIONS_H
#define CLIENT_TALK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What svcctl was asked to do: its command line, read (arguments.h). */

struct verb;

/* The options that there are, for sets of them. A row in grammar.c says the rest of each. */
enum option {
        OPTION_HELP = 1 << 0,
        OPTION_VERSION = 1 << 1,
        OPTION_JSON = 1 << 2,
        OPTION_SOCKET = 1 << 3,
        OPTION_ALL = 1 << 4,
        OPTION_NO_WAIT = 1 << 5,
        OPTION_TIMEOUT = 1 << 6,
        OPTION_ENV = 1 << 7,
        OPTION_NO_START = 1 << 8,
        OPTION_DRY_RUN = 1 << 9,
        OPTION_MORE = 1 << 10,
        OPTION_ONEWAY = 1 << 11,
        OPTION_WAIT = 1 << 12,
        OPTION_PROFILE = 1 << 13,
        OPTION_NAMES = 1 << 14,
        OPTION_FOLLOW = 1 << 15,
        OPTION_LINES = 1 << 16,
        OPTION_SINCE = 1 << 17,
        OPTION_RAW = 1 << 18,
        OPTION_WATCH = 1 << 19,
        OPTION_SIGNAL = 1 << 20,
        OPTION_KILL_AFTER = 1 << 21,
        OPTION_STATE = 1 << 22,
        OPTION_WANTED = 1 << 23,
        OPTION_SORT = 1 << 24,
        OPTION_NO_HEADER = 1 << 25,
        OPTION_FOR = 1 << 26,
        OPTION_FAILURES = 1 << 27,
        OPTION_WITH_ENVIRONMENT = 1 << 28,
        OPTION_USAGE = 1 << 29,
        OPTION_PROMETHEUS = 1 << 30,
};

/* What every verb takes. */
#define OPTIONS_ALWAYS (OPTION_HELP | OPTION_VERSION | OPTION_JSON | OPTION_SOCKET | OPTION_TIMEOUT)

/* What goes with names: which of them are meant. */
#define OPTIONS_SELECT (OPTION_PROFILE | OPTION_STATE | OPTION_WANTED)

#define OPTIONS_NO_TIMEOUT (-1)
#define OPTIONS_NO_LINES (-1)
#define OPTIONS_NO_SINCE INT64_MIN

struct options {
        const struct verb *verb;
        const char *socket;
        bool json;
        bool all;
        bool no_wait;
        bool profile; /* names are those of profiles */
        bool names;   /* list: nothing else */
        bool follow;
        bool raw;        /* logs: nothing of a line is changed */
        bool watch;      /* status, list: as top */
        bool usage;      /* list: what they take, too */
        bool prometheus; /* metrics: in the format before OpenMetrics */
        bool no_start;
        bool dry_run;
        bool more;
        bool oneway;
        bool broker_waits;        /* timeout_msec is how long the broker waits, not how long svcctl does */
        int timeout_msec;         /* OPTIONS_NO_TIMEOUT: not given */
        int kill_after_msec;      /* OPTIONS_NO_TIMEOUT: not given */
        const char *signal;       /* as the interface names it; NULL: not given */
        int lines;                /* OPTIONS_NO_LINES: not given */
        int64_t since_usec;       /* OPTIONS_NO_SINCE: not given */
        const char *goal;         /* of --wait=STATE; NULL: not given */
        const char **environment; /* --env, as given */
        size_t environment_count;
        const char *subject; /* the verb's name */
        bool patterns;       /* its words may be patterns */
        bool orders;         /* which mean gateways only */
        unsigned states;     /* of --state: a bit for each enum state_kind; 0: not given */
        const char *wanted;  /* "up" or "down"; NULL: not given */
        const char *sort;    /* the word; NULL: not given */
        bool no_header;
        const char *until; /* wait: the word of --for; NULL: not given */
        bool failures;     /* watch: only what somebody should see to */
        bool with_environment;
        const char **words; /* what follows the verb: names, a profile, or a method and its parameters */
        size_t words_count;
};

#endif
