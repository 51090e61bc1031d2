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
 * A view is what people and probes are told of a service. Pure: all of a view follows from one set of facts.
 */

/* What else there is to know of a service. */
enum service_note {
        NOTE_NONE,
        NOTE_UNCLEAN,  /* its last run in the container before this one did not end cleanly */
        NOTE_OWN_STOP, /* record.own_stop, and it is down */
        NOTE_GONE,     /* record.gone, and it runs */
};

/* A difference in the view is a change, of which clients are told. Views are compared as a whole, so whatever
 * is not set is 0, between the fields, too. */
struct view {
        enum service_state state;
        enum cause
                cause; /* with STATE_HELD; and with STATE_DOWN where the default gateway serves the profile */
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
        int64_t step_since_usec;  /* 0: it is on no step */
        int64_t step_until_usec;
        char reason[RECORD_REASON_BYTES];
};

/* A run, its step and its trouble. */
struct run_facts {
        struct situation situation;
        bool late; /* the step has lasted for longer than its bound */
};

struct facts {
        const struct record *record; /* a static service's holds what was seen of it, and is not written */
        struct run_facts own, logger;
        bool has_logger;
        pid_t pid;               /* of a process of its own; 0: none */
        int64_t since_usec;      /* as s6 has it */
        int64_t ready_usec;      /* since when the service counts as up, if it does */
        bool s6_wants;           /* s6 wants it up: where it is down, s6 starts it within a second */
        enum step step;          /* the step that its own run is on */
        int64_t step_since_usec; /* since when; 0: on none */
        struct patience patience;
        struct backoff backoff;      /* of its logger */
        struct ending logger_ending; /* of its logger's last run */
        const char *unread;          /* says who does not read orders, if that is its trouble */
        bool unseen;                 /* its status cannot be read */
        bool loops;                  /* the service is static, and keeps ending */
        bool served;                 /* the default gateway serves its profile */
        bool unclean;                /* its last run in the container before did not end cleanly */
        struct log_place log;        /* where its logger writes */
        bool unlocked;
        bool unpiped; /* its logger has lost the pipe to it */
};

void view_judge(const struct facts *facts, struct view *view);

/* Say that orders lie unread: the service's own, or its logger's. */
extern const char view_unread_text[], view_logger_unread_text[];

/* Says a note to people; NULL for NOTE_NONE. */
const char *view_note_text(enum service_note note);

/* Says to people what is wrong, in words whose "it" is the service ("it has had no process for more than 10
 * s"); "" for a trouble that is the service's state, whose reason the record has, or is its logger's or its
 * locks'. */
void view_describe_trouble(enum trouble trouble, const struct patience *patience, const char *unread,
                           char *text, size_t size);

/* Says to people what is wrong with the service's logger, which has that trouble; "": nothing. */
void view_describe_logger(const struct facts *facts, enum trouble trouble, char *text, size_t size);

/* The trouble of the service's logger. */
enum trouble view_logger_trouble(const struct facts *facts);

#endif
