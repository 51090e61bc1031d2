/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_VIEW_H
#define JUDGE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/judge/ending.h"
#include "daemon/judge/locks.h"
#include "daemon/judge/record.h"
#include "daemon/judge/trouble.h"

/*
 * What people and probes are told of a service. Pure: everything of it comes out of one set of facts.
 */

/* What else is to be known of it. */
enum service_note {
        NOTE_NONE,
        NOTE_UNCLEAN,  /* how its last run in the container before this one ended */
        NOTE_OWN_STOP, /* record.own_stop */
        NOTE_GONE,     /* record.gone, and it runs */
};

/* A difference in it is a change. It is compared as a whole: what is not set is 0, between the fields too. */
struct view {
        enum service_state state;
        enum cause cause; /* with STATE_HELD, and STATE_DOWN of what is served all the same */
        bool want_up;
        pid_t pid; /* 0: none */
        int64_t since_usec;
        int64_t ready_usec; /* 0: not ready */
        int64_t restarts;
        int64_t next_start_usec; /* 0: none */
        bool has_exit;
        int exit_code;
        int exit_signal;
        int64_t exit_at_usec;
        enum exit_order exit_order;
        enum service_note note;
        int64_t oom_kills;
        int64_t oom_since_usec;
        bool unlocked;
        struct log_place log;
        int64_t log_restarts;
        enum trouble trouble;
        enum trouble log_trouble; /* its logger's own */
        int64_t step_since_usec;  /* 0: it is not on the way */
        int64_t step_until_usec;
        char reason[RECORD_REASON_BYTES];
};

/* A run, its step and its trouble. */
struct run_facts {
        struct situation situation;
        bool late; /* its step has lasted for longer than its bound */
};

struct facts {
        const struct record *record; /* of a static service: what was seen of it */
        struct run_facts own, logger;
        bool has_logger;
        pid_t pid;               /* of a process of its own; 0: none */
        int64_t since_usec;      /* as s6 has it */
        int64_t ready_usec;      /* since when it counts as up, if it does */
        bool s6_wants;           /* s6 starts it within its second */
        enum step step;          /* it is on since */
        int64_t step_since_usec; /* 0: on none */
        struct patience patience;
        struct backoff backoff;      /* of its logger */
        struct ending logger_ending; /* of its logger's last run */
        const char *unread;          /* who does not read orders, if that is its trouble */
        bool unseen;                 /* its status cannot be read */
        bool loops;                  /* it is static, and keeps ending */
        bool served;                 /* the default gateway serves its profile */
        bool unclean;                /* the container before this one did not let it end */
        struct log_place log;        /* where its logger writes */
        bool unlocked;
        bool unpiped; /* the pipe to its logger is closed */
};

void view_judge(const struct facts *facts, struct view *view);

/* That orders lie unread, its own or its logger's. */
extern const char view_unread_text[], view_logger_unread_text[];

/* For people; NULL: none. */
const char *view_note_text(enum service_note note);

/* What is wrong, of which it is the subject ("it has had no process for more than 10 s"); "": nothing that is not its state,
 * whose reason is the record's. */
void view_describe_trouble(enum trouble trouble, const struct patience *patience, const char *unread,
                           char *text, size_t size);

/* The same of its logger, all that can be wrong with it. */
void view_describe_logger(const struct facts *facts, enum trouble trouble, char *text, size_t size);

/* Of its logger alone. */
enum trouble view_logger_trouble(const struct facts *facts);

#endif
