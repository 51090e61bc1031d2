/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_RECORD_H
#define JUDGE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/brake.h"
#include "daemon/judge/goal.h"
#include "daemon/judge/members.h"
#include "proto/text.h"

/*
 * What the broker knows of a gateway that cannot be seen in s6's files: what is wanted, and what happened.
 * Kept in the slot's data/state as one JSON object, so that a restarted broker goes on where the last one
 * was.
 */
/* Why it is held, which decides what a person can do about it. Of meaning with HOLD_HELD only. */
enum cause {
        CAUSE_NONE,       /* it was not recorded */
        CAUSE_SERVED,     /* the default gateway serves this profile: nothing is wrong */
        CAUSE_ELSEWHERE,  /* its lock on the volume is held: looked at again */
        CAUSE_FORGIVEN,   /* its failures were forgotten, and nobody has started it since */
        CAUSE_UNREADABLE, /* what was wanted could not be read */
        CAUSE_NEWER,      /* a broker of a higher major version wrote what was wanted */
};

/* As the interface names it; NULL: CAUSE_NONE. */
const char *cause_name(enum cause cause);

/* Whether an order was recorded that may not have reached s6-supervise. */
enum pending {
        PENDING_NOTHING,
        PENDING_ORDER,   /* what want_up says */
        PENDING_RESTART, /* and the run that there is must end first */
};

/* What only the volume knows, which did not answer when the slot was made. Whoever says one of it anew is believed. */
enum blind {
        BLIND_TO_NOTHING,
        BLIND_TO_WANT,        /* whether it is wanted; its variables were said since */
        BLIND_TO_ENVIRONMENT, /* its variables; it was ordered since */
        BLIND_TO_ALL,
};

/* Whether the slot goes, which a restarted broker finishes. */
enum removing {
        REMOVING_NOTHING,
        REMOVING_SLOT, /* and what the volume has of it stays */
        REMOVING_ALL,  /* and the volume's record with it */
};

/* Whether somebody had told the last run to end. */
enum exit_order {
        EXIT_ORDER_UNKNOWN, /* it ended before that was recorded, or nobody saw it */
        EXIT_UNORDERED,
        EXIT_ORDERED,
};

#define RECORD_REASON_BYTES 160
#define RECORD_BOOT_BYTES 64

struct record {
        enum pending pending : 8;
        enum blind blind : 8;
        enum removing removing : 8;
        bool want_up;
        bool unpersisted;   /* the volume does not have it yet */
        bool gone;          /* its profile's directory was there, and is not any more */
        bool own_stop;      /* nobody ordered it: the application noted by itself that it is to be down */
        enum told told : 8; /* what the run with told_pid was told */
        pid_t told_pid;
        int64_t told_usec;        /* UTC; 0: not known */
        unsigned kill_after_msec; /* of the last order; 0: it kills none */
        pid_t signalled_pid;      /* the run that was sent `signalled`; 0: none */
        int64_t signalled_usec; /* UTC, the last of them that ends a run; 0: none does, or it is not known */
        struct brake brake;     /* the gateway's */
        struct brake logger_brake; /* its logger's, which is only held back by HOLD_BACKOFF */
        enum cause cause;
        bool has_exit; /* code, signal and time of it are set */
        enum exit_order exit_order : 8;
        short exit_code;          /* -1: by a signal */
        short exit_signal;        /* 0: by itself */
        unsigned short signalled; /* signals.h: what was sent by order */
        unsigned oom_kills; /* processes of the container that the kernel killed for want of memory before
                               that */
        int64_t exit_at_usec;
        int64_t home;           /* which directory was the profile's, when it was seen last; 0: none yet */
        int64_t oom_since_usec; /* with oom_kills */
        char reason[RECORD_REASON_BYTES]; /* for people; empty: none */
        char boot[RECORD_BOOT_BYTES];     /* which life of PID 1 this is from */
};

/*
 * Should s6 run it now, that is: is there no down file? Not while it is held back, but for a single try of
 * the soft brake, which is HOLD_BACKOFF without a next start.
 */
bool record_runs_now(const struct record *record);

/* There may be a record on the volume that knows better: it is not to be replaced. */
bool record_is_blind(const struct record *record);
bool record_is_blind_to_want(const struct record *record);
bool record_is_blind_to_environment(const struct record *record);

/* What is wanted was said; what its variables are. */
void record_know_want(struct record *record);
void record_know_environment(struct record *record);

/* Appends it as a JSON object and a newline. members: what a broker of a higher minor version had written there
 * too; NULL: nothing. */
void record_write(const struct record *record, const struct members *members, struct text *text);

/* 0; -EPROTONOSUPPORT: a broker of a higher major version wrote it; -EBADMSG for what no broker can have written
 * (however it is spaced); *record then untouched. Members that are not known are passed over. */
int record_read(const char *text, struct record *record);

/* And these, of a text that record_read() took: the caller's to free (members_deinit() and free()); *members is NULL
 * where there are none. 0 or -ENOMEM. */
int record_read_members(const char *text, struct members **members);

#endif
