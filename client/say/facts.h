/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_FACTS_H
#define CLIENT_SAY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "client/say/state.h"

struct json_object;

/* A Service of io.svcbroker, read once, and what people call what is in it. Pure. */

#define FACTS_UNKNOWN (-1)

struct facts {
        const char *name; /* strings are the service's, and NULL where there is none */
        const char *reason;
        const char *note;
        const char *problem; /* what a person should see to; NULL: nothing, or the broker does not say */
        const char *cause;   /* of held, as a word */
        const char *log_directory;
        const char *log_problem; /* its lines do not reach that */
        const char *lock_problem;
        const char *exit_signal;
        const struct state *state;
        bool gateway;
        bool want_up;
        bool exit_ordered;  /* the last end was, so that it is no failure, whatever it looks like */
        int64_t pid;        /* FACTS_UNKNOWN where there is none, as all below */
        int64_t since_usec; /* it is as it is: of what is on the way, since when it is */
        int64_t until_usec; /* of what is on the way: until when that is no problem */
        int64_t next_start_usec;
        int64_t exit_code;
        int64_t exit_at_usec;
        int64_t oom_kills;
        int64_t oom_since_usec;
        bool used; /* what it takes was looked at; what of that may not be read is FACTS_UNKNOWN: */
        int64_t memory_bytes;
        int64_t cpu_usec;
        int64_t cpu_permille; /* of one processor, since the last look */
        int64_t processes;
        int64_t threads;
        int64_t files;
        int64_t restarts; /* 0 */
        int64_t log_restarts;
};

/* service: may be NULL, or lack members. It must outlive the facts. */
void facts_read(struct json_object *service, struct facts *facts);

/* Whether somebody may have to do something about the service. */
bool facts_need_attention(const struct facts *facts);

/* Returns what is to be told of the service, the worst first; NULL: nothing. */
const char *facts_trouble(const struct facts *facts);

#define FACTS_TEXT_BYTES 128

/* "exit 78" or "SIGKILL"; "" before the first end, and of one that was ordered. buffer of all here: FACTS_TEXT_BYTES. */
const char *facts_exit_brief(const struct facts *facts, char *buffer);

/* "exit 78 (configuration error)", "killed by SIGKILL" or "exit 1, as ordered"; "" before the first end. */
const char *facts_exit_words(const struct facts *facts, char *buffer);

/* " The kernel killed 2 processes ...", a sentence; nothing where it did not. Which ones they were it does
 * not say. */
void facts_write_memory(const struct facts *facts, FILE *file);

/* "3h 12m" since then, or until then; "" when unknown. The other side of now counts as a second. */
const char *facts_age(int64_t then_usec, int64_t now_usec, char *buffer);
const char *facts_until(int64_t then_usec, int64_t now_usec, char *buffer);

/* Memory as "12.3M", the share of a processor as "1.5%", where they were looked at: "" where they were not, "?" where they
 * may not be read. A share is "-" before there were two looks. */
const char *facts_memory(const struct facts *facts, char *buffer);
const char *facts_share(const struct facts *facts, char *buffer);

/* "2026-11-23 08:58:51" in local time; "" when unknown. */
const char *facts_moment(int64_t then_usec, char *buffer);

/* Writes the same without the date, where that is today's. */
const char *facts_clock(int64_t then_usec, int64_t now_usec, char *buffer);

/* The broker's own log, where its logger can make it. */
#define FACTS_BROKER_LOG "/var/log/svcbrokerd"

/* Where a Service's log is, or is to be. NULL: it has none. Points into the service, or is FACTS_BROKER_LOG. */
const char *facts_log_directory(struct json_object *service);

#endif
