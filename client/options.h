#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What svcctl was asked to do. */

enum verb {
        VERB_START,
        VERB_STOP,
        VERB_RESTART,
        VERB_STATUS,
        VERB_LIST,
        VERB_WHY,
        VERB_REGISTER,
        VERB_UNREGISTER,
        VERB_WATCH,
        VERB_TOP,
        VERB_RESET,
        VERB_HEALTH,
        VERB_RECONCILE,
        VERB_DOCTOR,
        VERB_CALL,
        VERB_LOGS,
        VERB_INTROSPECT,
};

#define OPTIONS_NO_TIMEOUT (-1)
#define OPTIONS_NO_LINES (-1)
#define OPTIONS_NO_SINCE INT64_MIN

struct options {
        enum verb verb;
        const char *socket;
        bool json;
        bool all;
        bool no_wait;
        bool profile; /* names are those of profiles */
        bool names;   /* list: nothing else */
        bool follow;
        bool raw;   /* logs: nothing of a line is changed */
        bool watch; /* status: as top */
        bool no_start;
        bool dry_run;
        bool more;
        bool oneway;
        int timeout_msec;         /* OPTIONS_NO_TIMEOUT: not given */
        int lines;                /* OPTIONS_NO_LINES: not given */
        int64_t since_usec;       /* OPTIONS_NO_SINCE: not given */
        const char **environment; /* --env, as given */
        size_t environment_count;
        const char **words; /* what follows the verb: names, a profile, or a method and its parameters */
        size_t words_count;
};

enum options_result {
        OPTIONS_OK = 0,
        OPTIONS_HELP,
        OPTIONS_VERSION,
        OPTIONS_WRONG, /* problem says what, and what to do */
        OPTIONS_MEMORY,
};

struct options_problem {
        const char *subject; /* the argument that is wrong; points into argv or at a constant */
        const char *what;
        const char *next;
        const char *meant; /* what was meant instead of subject, if that can be guessed; else NULL */
};

/*
 * Options may stand anywhere; "--" ends them. The strings stay argv's; options_deinit() is due only after
 * OPTIONS_OK. environment_socket: of SVCBROKER_SOCKET, or NULL; --socket beats it, and it beats the built-in
 * one.
 */
enum options_result options_parse(int argc, char *const *argv, const char *environment_socket,
                                  struct options *options, struct options_problem *problem);
void options_deinit(struct options *options);

const char *options_verb_name(enum verb verb);

#endif
