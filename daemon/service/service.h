/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/edge/volume.h"
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

/* What is going on with the slot as a whole; orders are refused as Busy meanwhile. */
enum operation {
        OPERATION_NONE,
        OPERATION_REGISTER,
        OPERATION_UNREGISTER,
};

/* Is the slot's link in the scan directory? slot/publication.h makes and removes it. */
enum place_kind {
        PLACE_KEPT,    /* the link stays as it is: nobody waits for anything */
        PLACE_COMING,  /* the slot waits to be linked */
        PLACE_LINKED,  /* the slot is linked, and waits for its supervisors */
        PLACE_REFUSED, /* the slot could not be linked: `error` says why */
        PLACE_LEAVING, /* the slot waits to be unlinked */
        PLACE_LEFT,    /* the slot is unlinked */
};

struct place {
        enum place_kind kind;
        int error;  /* errno, of PLACE_REFUSED */
        bool quiet; /* the slot leaves, and s6-svscan is not told to end the supervisors of what is gone */
        int64_t linked_msec; /* by clock_msec() */
};

/* What the volume is asked about one gateway. */
enum volume_ask {
        ASK_NOTHING,
        ASK_HABIT,        /* what its application says of itself while it is well: the answer is enum habit */
        ASK_LOCK,         /* whether another container still holds its lock */
        ASK_LOCK_IS_FREE, /* the answer to ASK_LOCK: nobody does, and the gateway is to be tried */
};

/* What gateway_state.json said when this run had settled. */
enum habit {
        HABIT_UNKNOWN, /* the volume was not asked yet, or did not answer */
        HABIT_UP,      /* the gateway was to run */
        HABIT_DOWN,    /* the gateway was to be down already, which says nothing about this run */
};

/* What the service waits for its turn to do. */
enum queued {
        QUEUED_FOR_NOTHING,
        QUEUED_FOR_START, /* stagger.h starts it, when few enough others are starting */
};

struct service {
        const char *name;    /* its bytes are behind the struct, in the same piece of memory */
        const char *profile; /* within name; NULL: a static service */
        struct registry *registry;
        struct ready ready;
        struct run own;
        struct run logger;
        bool past_is_known; /* the volume has been asked for the history */
        size_t environment_bytes; /* of its slot, as they count for LIMIT_ENVIRONMENT_TOTAL_BYTES; 0: there are no variables */

        /* seen */
        struct static_end end; /* of a static service */
        enum queued queued;
        enum event_starter starter; /* what the next run is begun by */
        bool unseen;                /* watch events may have been lost: the next step reads the files first */
        enum leftover leftover;
        bool unclean; /* the last container did not let its run end, and no run has ended here since */
        enum volume_ask asks;
        enum habit habit;
        int64_t oom_kills;       /* as edge/oom.h counted them when the run was first seen; -1: not known */
        int64_t oom_since_usec;  /* when that was */
        unsigned deaths[DEATHS]; /* ends of its runs that this broker saw, by enum death */

        /* wanted */
        struct record record;
        struct members *record_members; /* a newer broker's, passed on as they are; NULL: none */
        struct {
                uint64_t number;    /* of the last recorded order to this service; 0: none */
                uint64_t delivered; /* of the last order that became the service's goal */
                int kind;           /* enum order_kind */
                bool root;          /* root gave the order */
                int64_t msec;       /* by clock_msec() */
        } ordered;
        struct wait *waits;
        uint64_t serial;                /* of the last change that persist.h was told of */
        uint64_t persisted_serial;      /* of the last change that persist.h has answered for */
        struct volume_made intent_made; /* as in store_entry; all zero while it is being written */
        int persist_error;              /* errno of that answer; 0: the change is on the disk */
        bool noted_only_here; /* data/state lacks that the volume has the record; its next write says so */
        struct locks locks;   /* its own and its logger's, on the volume */

        /* operation.h */
        enum operation operation;
        struct ready *follower; /* the operation, which is woken with each step of the service; NULL: none */
        int64_t operation_began_msec; /* by clock_msec(): when the operation's present phase began */
        struct removal *removal;
        struct registration *registration;
        struct place place;

        struct {                    /* slot/revival.h */
                int64_t since_msec; /* by clock_msec(): since when a supervisor is missing; 0: none is */
                int64_t next_msec;  /* by clock_msec(): when the next try is due */
                int64_t pause_msec;
                unsigned tries;
                pid_t stray,
                        stray_logger; /* as the last look found them; -EBUSY: only some that have a process */
        } revival;

        struct log_pipe log_pipe;

        struct timer timer;
        struct retries again;
        ino_t inode; /* a static service: of its directory */

        int64_t halts_looked_msec; /* by clock_msec(): when halts.h last looked; 0: never */
        struct view shown;
        uint64_t revision; /* of the last change that was shown: unique; 0: none was */

        /* For the rooms above; the model only frees `text`. */
        struct service *older, *newer; /* by revision, among those that watchers may be told of */
        char *text;
        size_t text_length;
        bool has_index;
        unsigned index; /* small, unique among the living */
};

/* Begins a zeroed service that has its name, and of which nothing was seen yet. gateway: false for a static
 * service. */
void service_init(struct service *service, struct registry *registry, bool gateway);

/*
 * Asks for a turn of the service (turn.h), in which it acts on what is known, and after which its operation
 * has one. Whatever changes something of a service notes the change in it, and calls this.
 */
void service_wake(struct service *service);

/* Reads the service's files anew, and acts on nothing yet. */
void service_see(struct service *service);

/* Calls events.changed, if what is shown of the service has changed. */
void service_show(struct service *service);

/* view.c: how the service is shown, and the facts that this follows from. */
struct situation service_situation(const struct service *service);
struct situation service_logger_situation(const struct service *service);
enum service_state service_state(const struct service *service);
void service_facts(const struct service *service, struct facts *facts);

/* Writes for people what is shown to be wrong with the service's logger. */
void service_describe_logger(const struct service *service, char *text, size_t size);

/* Records that an order was given to the service's own run. */
void service_ordered(struct service *service);

/* Records that s6-supervise has the order, or that there was nothing to order: it need not be given again. */
void service_delivered(struct service *service);

/* Writes data/state, which a static service does not have. 0; or a negative errno, and it is tried again. */
int service_save(struct service *service);

/* Writes data/state too, but as soon as no order is under way, which would write it anyhow when it is
 * delivered. If the broker is killed before, the next one writes to the volume again what the volume has
 * already. */
void service_save_later(struct service *service);
void service_save_due(struct service *service);

/* Makes or removes the down file; forgets the deaths that s6 has noted of one of its runs. Either is tried
 * again when it fails. Before the down file goes, so that the gateway may begin, its logger is told to begin:
 * logger.h. */
int service_set_down(struct service *service, bool down);
void service_clear_tally(struct run *run);

/* Tries again what has failed before, as far as it is due (again.h). Steps nothing. */
void service_try_again(struct service *service);

/* Sets the goal. If it overtakes a different one, the waits for that end with Superseded. */
void service_set_goal(struct service *service, enum goal_kind kind, pid_t replace);

/* Orders a signal to the present run, by its row of signals.h; it is sent in the service's turn. */
void service_signal(struct service *service, unsigned row);

/* Records that signals were sent to the service's run. */
void service_signalled(struct service *service);

/* Ends all waits of the service with that fault; NULL: as wanted. */
void service_settle_waits(struct service *service, const struct fault *fault);
void service_add_wait(struct service *service, struct wait *wait);
void service_remove_wait(struct service *service, struct wait *wait);

/* Does the service run a process of its own (not its finish script)? */
bool service_is_alive(const struct service *service);

/* How long a run must live to count as up, in milliseconds; 0: from its beginning. */
int64_t service_settle_msec(const struct service *service);

/* Is the service wanted: a gateway by its record, a static service by s6? */
bool service_is_wanted(const struct service *service);

/* Does the service have a supervisor, and its logger too, if there is one? */
bool service_is_wholly_supervised(const struct service *service);

/* Does poll.h look at the service, because inotify does not tell of all that may happen to it? */
bool service_is_polled(const struct service *service);

/* Is any of its supervise directories not watched? */
bool service_lacks_watch(const struct service *service);

/* Does the service, or a gateway's logger, lack a supervisor, and not by an operation? */
bool service_lacks_supervisor(const struct service *service);

/* The descriptor of the directory that `name` is in. */
int service_at(const struct service *service);

#endif
