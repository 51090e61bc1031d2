/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_ENDING_H
#define JUDGE_ENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/judge/brake.h"
#include "daemon/judge/record.h"

/* A gateway's exit codes, as the Hermes application means them (sysexits.h: EX_TEMPFAIL, EX_CONFIG). */
#define EXIT_RESTART_ME 75
#define EXIT_CONFIGURATION 78
/* The template's own code: another container on the volume runs this gateway (EX_UNAVAILABLE). */
#define EXIT_RUNS_ELSEWHERE 69
/* The exit code by which a static service's run script says that the service does not run here. */
#define EXIT_OFF 79

/* How a run ended. */
struct ending {
        bool known;
        int code;   /* -1: by a signal */
        int signal; /* 0: by itself */
};

struct ending ending_of_status(int wait_status);
struct ending ending_of_record(const struct record *record);
enum brake_word ending_word(const struct ending *ending);

/* Causes of ends, by which they are counted. */
enum death {
        DEATH_ORDERED,       /* somebody had ordered the end, whatever its code or signal */
        DEATH_SUCCESS,       /* exit code 0 */
        DEATH_RESTART_ME,    /* EXIT_RESTART_ME */
        DEATH_CONFIGURATION, /* EXIT_CONFIGURATION */
        DEATH_ELSEWHERE,     /* EXIT_RUNS_ELSEWHERE */
        DEATH_CODE,          /* any other exit code */
        DEATH_MEMORY,        /* a signal, while the kernel killed processes for want of memory */
        DEATH_SIGNAL,        /* any other signal */
};
#define DEATHS 8

enum death ending_death(const struct ending *ending, bool ordered, bool oom);
const char *death_name(enum death death);

/* Did the run end by itself with exit code 0? */
bool ending_is_success(const struct ending *ending);

/* Describes an end for people: "with exit code 3". oom: meanwhile the kernel killed for want of memory. */
void ending_describe(const struct ending *ending, bool oom, char *text, size_t size);

/* Says to people why a gateway waits for its next try. */
void ending_describe_delay(const struct ending *ending, bool oom, unsigned attempt, long long delay_msec,
                           char *text, size_t size);

/*
 * Facts by which to tell whether a static service is down because somebody told it to be, or because its
 * finish script gave it up. s6 says the same of both, "down, and not wanted".
 */
struct static_seen {
        int exit_code;     /* -1: by a signal */
        bool told;         /* the service was told to end, by whomever */
        bool ended_wanted; /* s6 still wanted the service when it ended */
        unsigned deaths;   /* that s6 has noted within STATIC_ENDS_MSEC */
};

/* Was the service given up? An end with EXIT_OFF or 0 is as it is to be. */
bool ending_is_given_up(const struct static_seen *seen);

/* Says to people why a static service that keeps ending, or was given up, is not up. */
void ending_describe_static(const struct record *record, bool given_up, char *text, size_t size);

#endif
