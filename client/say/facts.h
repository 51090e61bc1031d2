/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_FACTS_H
#define CLIENT_SAY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "client/say/state.h"

struct json_object;

/* The facts of a Service of io.svcbroker, read once, and their words for people. Pure. */

#define FACTS_UNKNOWN (-1)

struct facts {
        const char *name; /* all strings point into the service, and are NULL where there is none */
        const char *reason;
        const char *note;
        const char *problem; /* what a person should see to; NULL: nothing, or the broker does not say */
        const char *cause;   /* why it is held, as a word */
        const char *log_directory;
        const char *log_problem; /* why its lines do not reach log_directory */
        const char *lock_problem;
        const char *exit_signal;
        const struct state *state;
        bool gateway;
        bool want_up;
        bool exit_ordered;  /* the last end was ordered: no failure, whatever it looks like */
        int64_t pid;        /* FACTS_UNKNOWN where there is none, and so are all numbers below */
        int64_t since_usec; /* since when it is in its state, or in the present step of a change */
        int64_t until_usec; /* until when the step of a change may last before it is a problem */
        int64_t next_start_usec;
        int64_t exit_code;
        int64_t exit_at_usec;
        int64_t oom_kills;
        int64_t oom_since_usec;
        bool used; /* what it takes was looked at; FACTS_UNKNOWN is then what may not be read: */
        int64_t memory_bytes;
        int64_t cpu_usec;
        int64_t cpu_permille; /* share of one processor, in thousandths, since the last look */
        int64_t processes;
        int64_t threads;
        int64_t files;
        int64_t restarts; /* 0 where there is none, and so is the next */
        int64_t log_restarts;
};

/* Reads the facts. service: may be NULL, or lack members; it must outlive the facts. */
void facts_read(struct json_object *service, struct facts *facts);

/* Whether somebody may have to do something about the service. */
bool facts_need_attention(const struct facts *facts);

/* Returns the worst thing that is to be told of the service; NULL: nothing. */
const char *facts_trouble(const struct facts *facts);

#define FACTS_TEXT_BYTES 128

/* Writes the last end briefly, as "exit 78" or "SIGKILL"; "" before the first end, and where that end was
 * ordered. buffer, here and below: FACTS_TEXT_BYTES. */
const char *facts_exit_brief(const struct facts *facts, char *buffer);

/* Writes the last end as "exit 78 (configuration error)", "killed by SIGKILL" or "exit 1, as ordered"; ""
 * before the first end. */
const char *facts_exit_words(const struct facts *facts, char *buffer);

/* Writes the sentence " The kernel killed 2 processes ...", or nothing if it killed none. The kernel does not
 * say which processes they were. */
void facts_write_memory(const struct facts *facts, FILE *file);

/* Write the time since then, or until then, as "3h 12m"; "" when unknown. A moment on the other side of now
 * counts as a second. */
const char *facts_age(int64_t then_usec, int64_t now_usec, char *buffer);
const char *facts_until(int64_t then_usec, int64_t now_usec, char *buffer);

/* Write the memory as "12.3M", and the share of a processor as "1.5%": "" if they were not looked at, "?" if
 * they may not be read. The share is "-" before there were two looks. */
const char *facts_memory(const struct facts *facts, char *buffer);
const char *facts_share(const struct facts *facts, char *buffer);

/* Writes a moment as "2026-11-23 08:58:51" in local time; "" when unknown. */
const char *facts_moment(int64_t then_usec, char *buffer);

/* Writes the same, without the date if that is today's. */
const char *facts_clock(int64_t then_usec, int64_t now_usec, char *buffer);

/* The directory of the broker's own log, if its logger can make it. */
#define FACTS_BROKER_LOG "/var/log/svcbrokerd"

/* Returns where a Service's log is, or is to be; it points into the service, or is FACTS_BROKER_LOG. NULL:
 * the service has none. */
const char *facts_log_directory(struct json_object *service);

#endif
