/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_SIM_H
#define SIMULATION_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The world in a box: what its parts share. One process forks a child for each life of the broker; what must survive
 * one is in the arena (sim_alloc(): shared memory at one address, so that pointers stay valid) and in the world's directory.
 * In a life the broker and everything around it run in one thread. A seed decides whatever may go one way or another.
 *
 * Nothing that differs between two runs may decide anything, or be traced: real pids, inodes, descriptors, addresses, times,
 * what readdir(3) gives in which order.
 */

enum s6_flavour { S6_2_11, S6_2_13, S6_2_15 };

enum sim_fault_kind {
        FAULT_KILL = 1 << 0,        /* kill -9 of the broker, before or after a system call */
        FAULT_DISK = 1 << 1,        /* ENOSPC, EIO, EROFS of system calls */
        FAULT_VOLUME = 1 << 2,      /* slow, hung, exchanged, gone */
        FAULT_MEMORY = 1 << 3,      /* calloc and the like fail */
        FAULT_DESCRIPTORS = 1 << 4, /* EMFILE, ENFILE */
        FAULT_S6 = 1 << 5,          /* kills of supervisors and of s6-svscan, restarts of the container */
        FAULT_CLOCK = 1 << 6,       /* UTC jumps; the loop stood */
        FAULT_CLIENTS = 1 << 7,     /* malformed, cut, slow, half-closed, gone */
        FAULT_INOTIFY = 1 << 8,     /* overflow, events late */
        FAULT_GATEWAYS = 1 << 9,    /* crash, refuse SIGTERM, drain for long, lose their lock */
        FAULT_POWER = 1 << 10,      /* of the machine: what was not synced may be lost */
        FAULT_ALL = (1 << 11) - 1,
};

#define INOTIFY_LATE_USEC INT64_C(2000000) /* FAULT_INOTIFY: an event is late by so much at most */

/* What is more frequent in a run than by chance: what is rare meets only where somebody does much of it. */
enum sim_habit {
        HABIT_CROWD = 1 << 0,     /* many clients, who order the same gateway in one instant */
        HABIT_WATCHERS = 1 << 1,  /* many of one uid, who watch */
        HABIT_CHURN = 1 << 2,     /* gateways are registered and unregistered all the time */
        HABIT_LOOKERS = 1 << 3,   /* clients ask more than they order */
        HABIT_SLOW_S6 = 1 << 4,   /* what is told to s6 is read seconds later */
        HABIT_PATHS = 1 << 5,     /* FAULT_VOLUME: a single sync or rename hangs; a boot finds no volume */
        HABIT_HERMES = 1 << 6,    /* directories of profiles come and go */
        HABIT_ODD_FILES = 1 << 7, /* the application and other brokers write what they like into the volume */
        HABIT_ALL = (1 << 8) - 1,
};

struct sim_settings {
        uint64_t seed;
        uint64_t steps; /* of the noisy phase; then faults cease, and all must come to rest */
        enum s6_flavour flavour;
        unsigned faults; /* of fault_kind */
        unsigned habits; /* of enum sim_habit */
        unsigned clients;
        unsigned profiles; /* at most: "default", "p1", ... */
        bool trace;
        const char *const *options; /* of the broker's, beside where its world is; NULL: none */
};
extern const struct sim_settings *sim_settings;

/*
 * The world's directory: sim_path is absolute, sim_directory a descriptor. In it, made by the core before the first life:
 *   scan/          the scan directory (s6 makes .s6-svscan in it)
 *   services/      slots, the broker's
 *   run/           of the socket, run/io.svcbroker
 *   volume/        HERMES_HOME: profiles/NAME/SOUL.md, logs/
 *   template/      the template as installed
 *   proc/          what the broker finds below /proc
 *   static/        service directories of static services
 */
extern char sim_path[];
extern int sim_directory;
#define SIM_SOCKET "run/io.svcbroker"
/* Where the volume is while it is gone (FAULT_VOLUME); else there is nothing of that name. */
#define SIM_VOLUME_AWAY "volume.away"
const char *sim_volume(void); /* where it is */

/* Zeroed, in the arena, for ever. In `init`s only: that is, before the first life. */
void *sim_alloc(size_t bytes);

/* From the seed; its state is the world's. */
uint64_t sim_random(void);
unsigned sim_below(unsigned most); /* 0 to most - 1; 0 for 0 */
bool sim_chance(unsigned per_million);
int64_t sim_between(int64_t least, int64_t most); /* both included */
bool sim_habit(unsigned habits);                  /* one of them */
/* A fault of that kind is to happen now, by such a chance: it is allowed, and faults have not ceased. */
bool sim_fault(enum sim_fault_kind kind, unsigned per_million);

/* Virtual. */
int64_t sim_now_usec(void); /* monotonic; never back, also over lives */
int64_t sim_utc_usec(void);
uint64_t sim_step(void);
#define SIM_NEVER INT64_MAX

/* A line of the trace. sim_path in it becomes "~". */
void sim_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The seed has found a fault: what must hold, and how it did not. Ends the run; does not return. */
_Noreturn void sim_violation(const char *invariant, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
#define SIM_HOLDS(condition, invariant, ...)                                                                 \
        do {                                                                                                 \
                if (!(condition))                                                                            \
                        sim_violation(invariant, __VA_ARGS__);                                               \
        } while (0)

/* kill -9 of the broker, now: saves the world and ends the life. */
_Noreturn void sim_broker_kill(const char *why);
/* SIGTERM: it drains, and must leave nothing. Another life follows, as s6-supervise starts it again. */
void sim_broker_terminate(void);
/* Its supervisor starts the broker again no sooner (a container restart: when s6 is there again). */
void sim_broker_not_before(int64_t usec);

/* The quiet phase has begun: no more faults and no more orders; what is under way ends. */
bool sim_faults_ceased(void);
/* In which life, from 0. */
unsigned sim_life(void);
/* It serves: its listener is there, and its boot is done (main.c's "ready"). */
bool sim_broker_is_ready(void);

struct world;
struct server;
/* The broker's model in this life, for checks that look at it; NULL: there is none now. Never changed by an actor. */
struct world *sim_world(void);
struct server *sim_server(void);

/*
 * Who acts beside the broker. The core steps one that is due, or the broker, as the seed says. What an actor calls (open, write, ...) is
 * never failed, nor redirected: faults hit the broker's own calls alone.
 */
struct actor {
        const char *name;
        void (*init)(void);  /* once, before the first life: sim_alloc(), files */
        void (*begin)(void); /* in each life, before the broker: opens what the world holds open */
        void (*save)(void);  /* before each end of one: what lies in FIFOs goes to the arena */
        int64_t (*due_usec)(
                void);         /* now or earlier: it could be stepped; SIM_NEVER: it waits for the others */
        void (*step)(void);    /* does one thing */
        bool (*at_rest)(void); /* nothing is under way; asked in the quiet phase */
        void (*check)(void);   /* what must hold after each step; cheap */
        void (*check_when_idle)(void); /* when nothing can happen before some time has passed */
        void (*check_at_rest)(void);   /* and when all are at rest */
};
/* Any of an actor's functions may be NULL. */
extern const struct actor actor_s6, actor_clients, actor_faults, actor_profiles, actor_wants;

#endif
