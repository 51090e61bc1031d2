/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_OPTIONS_H
#define CLIENT_TALK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What svcctl was asked to do: its command line, read (arguments.h). */

struct verb;

/* The options that there are, as bits of a set. Each one's row in grammar.c says the rest. */
#define OPTION_HELP (UINT64_C(1) << 0)
#define OPTION_VERSION (UINT64_C(1) << 1)
#define OPTION_JSON (UINT64_C(1) << 2)
#define OPTION_SOCKET (UINT64_C(1) << 3)
#define OPTION_ALL (UINT64_C(1) << 4)
#define OPTION_NO_WAIT (UINT64_C(1) << 5)
#define OPTION_TIMEOUT (UINT64_C(1) << 6)
#define OPTION_ENV (UINT64_C(1) << 7)
#define OPTION_NO_START (UINT64_C(1) << 8)
#define OPTION_DRY_RUN (UINT64_C(1) << 9)
#define OPTION_MORE (UINT64_C(1) << 10)
#define OPTION_ONEWAY (UINT64_C(1) << 11)
#define OPTION_WAIT (UINT64_C(1) << 12)
#define OPTION_PROFILE (UINT64_C(1) << 13)
#define OPTION_NAMES (UINT64_C(1) << 14)
#define OPTION_FOLLOW (UINT64_C(1) << 15)
#define OPTION_LINES (UINT64_C(1) << 16)
#define OPTION_SINCE (UINT64_C(1) << 17)
#define OPTION_RAW (UINT64_C(1) << 18)
#define OPTION_WATCH (UINT64_C(1) << 19)
#define OPTION_SIGNAL (UINT64_C(1) << 20)
#define OPTION_KILL_AFTER (UINT64_C(1) << 21)
#define OPTION_STATE (UINT64_C(1) << 22)
#define OPTION_WANTED (UINT64_C(1) << 23)
#define OPTION_SORT (UINT64_C(1) << 24)
#define OPTION_NO_HEADER (UINT64_C(1) << 25)
#define OPTION_FOR (UINT64_C(1) << 26)
#define OPTION_FAILURES (UINT64_C(1) << 27)
#define OPTION_WITH_ENVIRONMENT (UINT64_C(1) << 28)
#define OPTION_USAGE (UINT64_C(1) << 29)
#define OPTION_PROMETHEUS (UINT64_C(1) << 30)
#define OPTION_GREP (UINT64_C(1) << 31)
#define OPTION_UNTIL (UINT64_C(1) << 32)

/* The options that every verb takes. */
#define OPTIONS_ALWAYS (OPTION_HELP | OPTION_VERSION | OPTION_JSON | OPTION_SOCKET | OPTION_TIMEOUT)

/* The options that go with names, and say which services are meant. */
#define OPTIONS_SELECT (OPTION_PROFILE | OPTION_STATE | OPTION_WANTED)

#define OPTIONS_NO_TIMEOUT (-1)
#define OPTIONS_NO_LINES (-1)
#define OPTIONS_NO_SINCE INT64_MIN
#define OPTIONS_NO_UNTIL INT64_MAX

struct options {
        const struct verb *verb;
        const char *socket;
        bool json;
        bool all;
        bool no_wait;
        bool profile; /* names are those of profiles */
        bool names;   /* list: prints names only */
        bool follow;
        bool raw;        /* logs: nothing of a line is changed */
        bool watch;      /* status, list: run as top does */
        bool usage;      /* list: shows what services take, too */
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
        int64_t until_usec;       /* OPTIONS_NO_UNTIL: not given */
        const char *grep;         /* a regular expression; NULL: not given */
        const char *goal;         /* of --wait=STATE; NULL: not given */
        const char **environment; /* --env, as given */
        size_t environment_count;
        const char *subject; /* the verb's name */
        bool patterns;       /* the verb's words may be patterns */
        bool orders;         /* patterns mean gateways only */
        unsigned states;     /* of --state: a bit for each enum state_kind; 0: not given */
        const char *wanted;  /* "up" or "down"; NULL: not given */
        const char *sort;    /* the word of --sort; NULL: not given */
        bool no_header;
        const char *until; /* wait: the word of --for; NULL: not given */
        bool failures;     /* watch: only problems, and their ends */
        bool with_environment;
        const char **words; /* what follows the verb: names, a profile, or a method and its parameters */
        size_t words_count;
};

#endif
