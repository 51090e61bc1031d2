#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/edge/s6_status.h"
#include "daemon/loop/timer.h"
#include "daemon/service/again.h"
#include "daemon/judge/fault.h"
#include "daemon/judge/goal.h"
#include "daemon/service/locks.h"
#include "daemon/service/logger.h"
#include "daemon/judge/record.h"
#include "daemon/service/stand_in.h"
#include "daemon/service/static_end.h"
#include "daemon/service/step.h"
#include "daemon/service/wait.h"
#include "proto/limits.h"

struct registry;
struct service;

/* As in the interface. */
enum service_state {
        STATE_DOWN,
        STATE_STARTING,
        STATE_UP,
        STATE_STOPPING,
        STATE_FINISHING,
        STATE_BACKOFF,
        STATE_FAILED,
        STATE_HELD,
        STATE_UNSUPERVISED,
};

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
        int64_t linked_msec; /* by clock_msec() */
};

/* What else is to be known of it. */
enum service_note {
        NOTE_NONE,
        NOTE_UNCLEAN,  /* how its last run in the container before this one ended */
        NOTE_OWN_STOP, /* record.own_stop */
        NOTE_GONE,     /* record.gone, and it runs */
};

/* What is told about a service; a difference in it is a change. */
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
        enum service_note note;
        int64_t oom_kills;
        int64_t oom_since_usec;
        bool unlocked;
        struct log_place log;
        int64_t log_restarts;
        enum trouble trouble;
        enum logger_trouble log_trouble;
        int64_t step_since_usec; /* 0: it is not on the way */
        int64_t step_until_usec;
        char reason[RECORD_REASON_BYTES];
};

struct service {
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        const char *profile; /* within name; NULL: a static service */
        struct registry *registry;
        struct ready ready;

        /* seen */
        bool supervised;
        bool has_log;
        size_t environment_bytes; /* of its slot, as they count for LIMIT_ENVIRONMENT_TOTAL_BYTES */
        struct logger logger;
        bool has_readiness; /* static: there is a notification-fd */
        struct s6_status status;
        int64_t run_began_msec; /* by clock_msec(), of the run that status shows */
        int64_t last_run_msec;  /* how long the one before it lasted */
        bool died_unasked;      /* and nothing started since */
        struct static_end end;  /* of a static service */
        bool unclean;           /* the container's last gateway did not end by itself, and this is its first one here */
        struct {                /* what gateway_state.json said when this run had settled */
                bool looking, known;
                bool stopped; /* it was to be down already, and that is no word about this run */
        } sampled;
        struct step_watch step;
        struct halt_watch halt;
        const char *obstacle; /* as obstacle.h says; NULL: none */
        int64_t oom_kills;    /* edge/oom.h, when its run was first seen; -1: not known */
        int64_t oom_since_usec; /* that was then */

        /* wanted */
        struct record record;
        struct members *record_members; /* of a newer broker, passed on as they are; NULL: none */
        struct goal goal;
        enum told told;
        int64_t retry_base_usec;  /* of the soft brake: since_usec when its `o` was sent */
        int64_t retry_until_msec; /* by clock_msec(); when it has not run by then, it will not */
        int send_error;           /* errno of an order that could not be given: it is given again; 0: none */
        int64_t sent_msec;        /* by clock_msec(): when one last was */
        struct {
                uint64_t number; /* of the last order to it that was recorded; 0: none */
                int kind;        /* enum order_kind, */
                bool root;       /* and whose it was */
                int64_t msec;    /* by clock_msec() */
        } ordered;
        struct wait *waits;
        uint64_t serial;           /* of its last change that persist.h was told of */
        uint64_t persisted_serial; /* what that has answered for */
        int persist_error;         /* errno of the answer; 0: it is on the disk */
        struct locks locks;        /* its own and its logger's, on the volume */
        bool looking;              /* at its lock on the volume */
        bool queued;               /* stagger.h starts it when it is its turn */
        struct stand_in stand_in;

        /* operation.h */
        enum operation operation;
        struct ready *follower;       /* who is woken with each step of it: its operation; NULL: none */
        int64_t operation_began_msec; /* by clock_msec(), of the operation's present phase */
        struct removal *removal;
        struct registration *registration;
        struct place place;

        struct {                   /* slot/revival.h */
                int64_t since_msec; /* by clock_msec(): since when a supervisor is missing; 0: none is */
                int64_t next_msec;  /* by clock_msec(): of the next try */
                int64_t pause_msec;
                unsigned tries;
        } revival;

        struct timer timer;
        struct retries again;
        int wd; /* -1: not watched (yet): poll.h */
        int log_wd;
        ino_t inode; /* static: of its directory */

        struct view shown;
        uint64_t revision; /* of the last change shown; unique */

        /* For those above; the model only frees it. */
        char *text;
        size_t text_length;
        bool has_index;
        unsigned index; /* small, unique among the living */
};

/* A new entry of the registry, nothing seen of it yet. NULL: out of memory. gateway: or a static service. */
struct service *service_new(struct registry *registry, const char *name, bool gateway);

/*
 * Something of it is different now, and was noted in it. On a turn of the loop it acts on what is known: judges the
 * goal, sends, keeps to the record, sets the timer, shows changes; then its operation has its turn.
 */
void service_wake(struct service *service);

/* Reads its files anew, and acts on nothing yet. */
void service_see(struct service *service);

/* Before a time of it is judged: reads what nobody would tell of. What is watched is told by
 * registry_catch_up(). */
void service_catch_up(struct service *service);

/*
 * A status was written by a living s6-supervise / a supervisor ended or began to. `log`: it was the logger's.
 * What is there by now is noted at once, since the order of events matters.
 */
void service_on_status(struct service *service, bool log);
void service_on_lock(struct service *service, bool log);

/* Tells of a change, where there is one. */
void service_show(struct service *service);

/* Follows what time changes, or a look at something that nobody tells of, and acts on nothing. */
void service_follow_time(struct service *service);

/* view.c: as it is shown. */
enum service_state service_state(const struct service *service);
void service_view(const struct service *service, struct view *view);
/* For people; NULL: none. */
const char *service_note_text(enum service_note note);

/* The order is s6-supervise's now, or there was nothing to order: it need not be given again. */
void service_delivered(struct service *service);

/* Writes data/state (gateways). 0 or a negative errno; it is tried again then. */
int service_save(struct service *service);

/* Its down file, and the deaths that s6 has noted of it and of its logger: the same. */
int service_set_down(struct service *service, bool down);
void service_clear_tallies(struct service *service, bool own, bool log);

/* Letters were written for its s6-supervise, as s6_control_send() says. False: not taken. */
bool service_sent(struct service *service, int result);

/* Sets the goal, overtaking a different one (its waits end with Superseded). */
void service_set_goal(struct service *service, enum goal_kind kind, pid_t replace);

/* Ends all waits. */
void service_settle_waits(struct service *service, const struct fault *fault);
void service_add_wait(struct service *service, struct wait *wait);
void service_remove_wait(struct service *service, struct wait *wait);

/* Is it running a process of its own (not its finish script)? */
bool service_is_alive(const struct service *service);

/* Alive for as long as counts as up; a static service: ready, if it tells. */
bool service_is_settled(const struct service *service);

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

/* What its logger is for s6: "<name>/log". */
struct service_log_name {
        char text[sizeof(((struct service *)0)->name) + sizeof("/log") - 1];
};

struct service_log_name service_log_name(const struct service *service);

/* The directory descriptor that `name` is below. */
int service_at(const struct service *service);

#endif
