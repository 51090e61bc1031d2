/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/event.h"
#include "daemon/judge/fault.h"
#include "daemon/judge/log_pipe.h"
#include "daemon/judge/record.h"
#include "daemon/judge/view.h"
#include "daemon/loop/timer.h"
#include "daemon/service/again.h"
#include "daemon/service/leftover.h"
#include "daemon/service/locks.h"
#include "daemon/service/run.h"
#include "daemon/service/static_end.h"
#include "daemon/service/wait.h"
#include "proto/limits.h"

struct registry;
struct service;

/* What is going on with the slot as a whole; orders are Busy meanwhile. */
enum operation {
        OPERATION_NONE,
        OPERATION_REGISTER,
        OPERATION_UNREGISTER,
};

/* Is its link in the scan directory? slot/publication.h sees to that. */
enum place_kind {
        PLACE_KEPT,    /* as it is: nobody waits for anything */
        PLACE_COMING,  /* it waits to be linked, */
        PLACE_LINKED,  /* is, and waits for its supervisors, */
        PLACE_REFUSED, /* or could not be: error */
        PLACE_LEAVING, /* it waits to be unlinked, */
        PLACE_LEFT,    /* and is */
};

struct place {
        enum place_kind kind;
        int error;           /* errno */
        bool quiet;          /* it leaves, and s6-svscan is not told to end what is gone for it */
        int64_t linked_msec; /* by clock_msec() */
};

/* What the volume is asked about one gateway. */
enum volume_ask {
        ASK_NOTHING,
        ASK_HABIT,        /* what its application says of itself while it is well: the answer is its habit */
        ASK_LOCK,         /* whether another container still holds its lock */
        ASK_LOCK_IS_FREE, /* that was answered: nobody does, and it is to be tried */
};

/* What gateway_state.json said when this run had settled. */
enum habit {
        HABIT_UNKNOWN, /* it was not asked yet, or did not answer */
        HABIT_UP,      /* it was to run */
        HABIT_DOWN,    /* it was to be down already, and that is no word about this run */
};

/* What it waits for its turn with. */
enum queued {
        QUEUED_FOR_NOTHING,
        QUEUED_FOR_START, /* stagger.h starts it, when few enough others are starting */
};

struct service {
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        const char *profile; /* within name; NULL: a static service */
        struct registry *registry;
        struct ready ready;
        struct run own;
        struct run logger;
        bool past_is_known; /* the volume has been asked for what happened to it */
        size_t environment_bytes; /* of its slot, as they count for LIMIT_ENVIRONMENT_TOTAL_BYTES; 0: there are no variables */

        /* seen */
        struct static_end end; /* of a static service */
        enum queued queued;
        enum event_starter starter; /* of what begins next */
        bool unseen;                /* events of it may have been lost: its next step reads its files first */
        enum leftover leftover;
        bool unclean; /* the container's last gateway did not end by itself, and this is its first one here */
        enum volume_ask asks;
        enum habit habit;
        int64_t oom_kills;       /* edge/oom.h, when its run was first seen; -1: not known */
        int64_t oom_since_usec;  /* that was then */
        unsigned deaths[DEATHS]; /* of its runs, seen by this broker */

        /* wanted */
        struct record record;
        struct members *record_members; /* of a newer broker, passed on as they are; NULL: none */
        struct {
                uint64_t number;    /* of the last order to it that was recorded; 0: none */
                uint64_t delivered; /* of the last one that its goal is of */
                int kind;           /* enum order_kind, */
                bool root;          /* and whose it was */
                int64_t msec;       /* by clock_msec() */
        } ordered;
        struct wait *waits;
        uint64_t serial;           /* of its last change that persist.h was told of */
        uint64_t persisted_serial; /* what that has answered for */
        int persist_error;         /* errno of the answer; 0: it is on the disk */
        bool noted_only_here; /* of the record: that the volume has it. The next that is recorded takes it along */
        struct locks locks; /* its own and its logger's, on the volume */

        /* operation.h */
        enum operation operation;
        struct ready *follower;       /* who is woken with each step of it: its operation; NULL: none */
        int64_t operation_began_msec; /* by clock_msec(), of the operation's present phase */
        struct removal *removal;
        struct registration *registration;
        struct place place;

        struct {                    /* slot/revival.h */
                int64_t since_msec; /* by clock_msec(): since when a supervisor is missing; 0: none is */
                int64_t next_msec;  /* by clock_msec(): of the next try */
                int64_t pause_msec;
                unsigned tries;
                pid_t stray,
                        stray_logger; /* that the last look has found; -EBUSY: only such as have a process */
        } revival;

        struct log_pipe log_pipe;

        struct timer timer;
        struct retries again;
        ino_t inode; /* static: of its directory */

        int64_t halts_looked_msec; /* by clock_msec(): halts.h; 0: never */
        struct view shown;
        uint64_t revision; /* of the last change shown; unique */

        /* For those above; the model only frees it. */
        struct service *older, *newer; /* by revision, among those that watchers may be told of */
        char *text;
        size_t text_length;
        bool has_index;
        unsigned index; /* small, unique among the living */
};

/* A new one, nothing seen of it yet. */
void service_init(struct service *service, struct registry *registry, bool gateway);

/*
 * Something of it is different now, and was noted in it. On a turn of the loop it acts on what is known: turn.h. Then its
 * operation has its turn.
 */
void service_wake(struct service *service);

/* Reads its files anew, and acts on nothing yet. */
void service_see(struct service *service);

/* Tells of a change, where there is one. */
void service_show(struct service *service);

/* view.c: as it is shown, and what that stands on. */
struct situation service_situation(const struct service *service);
struct situation service_logger_situation(const struct service *service);
enum service_state service_state(const struct service *service);
void service_facts(const struct service *service, struct facts *facts);

/* What is shown to be wrong with its logger, for people. */
void service_describe_logger(const struct service *service, char *text, size_t size);

/* An order was given to its own run. */
void service_ordered(struct service *service);

/* The order is s6-supervise's now, or there was nothing to order: it need not be given again. */
void service_delivered(struct service *service);

/* Writes data/state (gateways). 0 or a negative errno; it is tried again then. */
int service_save(struct service *service);

/* The same, as soon as no order is under way that will be recorded as delivered. Until then a broker that is killed writes to
 * the volume once more what that has. */
void service_save_later(struct service *service);
void service_save_due(struct service *service);

/* Its down file, and the deaths that s6 has noted of one of its runs: the same. Before it goes, so that the gateway may begin,
 * its logger is told to: logger.h. */
int service_set_down(struct service *service, bool down);
void service_clear_tally(struct run *run);

/* Tries what could not be done, and is due. Steps nothing. */
void service_try_again(struct service *service);

/* Sets the goal, overtaking a different one (its waits end with Superseded). */
void service_set_goal(struct service *service, enum goal_kind kind, pid_t replace);

/* A signal to the run that there is, by its row: sent with its turn. */
void service_signal(struct service *service, unsigned row);

/* Signals were sent to its run. */
void service_signalled(struct service *service);

/* Ends all waits. */
void service_settle_waits(struct service *service, const struct fault *fault);
void service_add_wait(struct service *service, struct wait *wait);
void service_remove_wait(struct service *service, struct wait *wait);

/* Is it running a process of its own (not its finish script)? */
bool service_is_alive(const struct service *service);

/* How long a run of it must live to count as up, in milliseconds; 0: what runs is up. */
int64_t service_settle_msec(const struct service *service);

/* A gateway: by its record. A static service: as s6 has it. */
bool service_is_wanted(const struct service *service);

/* It has a supervisor, and its logger has one. */
bool service_is_wholly_supervised(const struct service *service);

/* It is looked at by poll.h: nothing tells of it. */
bool service_is_polled(const struct service *service);

/* Its supervise directories are not all watched. */
bool service_lacks_watch(const struct service *service);

/* Nobody supervises it, or a gateway's logger, and that is no part of an operation. */
bool service_lacks_supervisor(const struct service *service);

/* The directory descriptor that `name` is below. */
int service_at(const struct service *service);

#endif
