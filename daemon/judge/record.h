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
 * A record is what the broker knows of a gateway that cannot be seen in s6's files: what is wanted, and what
 * happened. It is kept in the slot's data/state as one JSON object, so that a restarted broker goes on where
 * the last one was.
 */
/* Why the gateway is held, which decides what a person can do about it. Of meaning with HOLD_HELD only. */
enum cause {
        CAUSE_NONE,       /* no cause was recorded */
        CAUSE_SERVED,     /* the default gateway serves this profile: nothing is wrong */
        CAUSE_ELSEWHERE,  /* the gateway's lock on the volume is held, and is looked at again */
        CAUSE_FORGIVEN,   /* the gateway's failures were forgotten, and nobody has started it since */
        CAUSE_UNREADABLE, /* what was wanted could not be read */
        CAUSE_NEWER,      /* a broker of a higher major version wrote what was wanted */
};

/* The interface's name of a cause; NULL for CAUSE_NONE. */
const char *cause_name(enum cause cause);

/* Whether an order was recorded that may not have reached s6-supervise. */
enum pending {
        PENDING_NOTHING,
        PENDING_ORDER,   /* the order that want_up says */
        PENDING_RESTART, /* the same, and the run that there is must end first */
};

/* What is not known of the intent, since the volume did not answer when the slot was made. Each part is known
 * from when somebody sets it anew. */
enum blind {
        BLIND_TO_NOTHING,
        BLIND_TO_WANT,        /* whether the gateway is wanted; its variables were set since */
        BLIND_TO_ENVIRONMENT, /* the gateway's variables; it was ordered up or down since */
        BLIND_TO_ALL,
};

/* Whether the slot is being removed, which a restarted broker finishes. */
enum removing {
        REMOVING_NOTHING,
        REMOVING_SLOT, /* the slot goes, and what the volume has of the gateway stays */
        REMOVING_ALL,  /* the slot goes, and the volume's record with it */
};

/* Whether somebody had told the last run to end. */
enum exit_order {
        EXIT_ORDER_UNKNOWN, /* a broker that does not record this saw the end, or none did */
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
        bool unpersisted;   /* the volume does not have yet what is wanted */
        bool gone;          /* the profile's directory was there, and is no longer */
        bool own_stop;      /* nobody ordered the stop: the application itself noted that it is to be down */
        enum told told : 8; /* what the run with told_pid was told */
        pid_t told_pid;
        int64_t told_usec;        /* UTC; 0: not known */
        unsigned kill_after_msec; /* of the last order; 0: that order kills nothing */
        pid_t signalled_pid;      /* the run that was sent `signalled`; 0: none */
        int64_t signalled_usec; /* UTC, of the last of them that ends a run; 0: none does, or it is unknown */
        struct brake brake;     /* the gateway's */
        struct brake logger_brake; /* its logger's, which is only held back by HOLD_BACKOFF */
        enum cause cause;
        bool has_exit; /* code, signal and time of the last end are set */
        enum exit_order exit_order : 8;
        short exit_code;          /* -1: by a signal */
        short exit_signal;        /* 0: by itself */
        unsigned short signalled; /* the set (signals.h) of signals that were sent by order */
        unsigned oom_kills; /* processes of the container that the kernel killed for want of memory before
                               that end */
        int64_t exit_at_usec;
        int64_t home;           /* identifies the profile's directory, as it was last seen; 0: it never was */
        int64_t oom_since_usec; /* since when oom_kills counts */
        char reason[RECORD_REASON_BYTES]; /* for people; empty: none */
        char boot[RECORD_BOOT_BYTES];     /* which life of PID 1 this record is from */
};

/*
 * Should s6 run the gateway now, that is: is there to be no down file? Not while the gateway is held back,
 * except for a single try of the soft brake, which is HOLD_BACKOFF without a next start.
 */
bool record_runs_now(const struct record *record);

/* May the volume have an intent that knows better, and so is not to be replaced? */
bool record_is_blind(const struct record *record);
bool record_is_blind_to_want(const struct record *record);
bool record_is_blind_to_environment(const struct record *record);

/* Note that somebody has said whether the gateway is wanted; what its variables are. */
void record_know_want(struct record *record);
void record_know_environment(struct record *record);

/* Appends the record as a JSON object and a newline. members: what a broker of a higher minor version had
 * written there too; NULL: nothing. */
void record_write(const struct record *record, const struct members *members, struct text *text);

/* Reads a record. 0; -EPROTONOSUPPORT: a broker of a higher major version wrote it; -EBADMSG for what no
 * broker can have written (however it is spaced); -ENOMEM; *record is set with 0 only. Members that are not
 * known are passed over. */
int record_read(const char *text, struct record *record);

/* Reads the members that record_read() passed over, of a text that it took. *members is the caller's to free
 * (members_deinit() and free()); NULL where there are none. 0 or -ENOMEM. */
int record_read_members(const char *text, struct members **members);

#endif
