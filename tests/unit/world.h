/* SPDX-License-Identifier: ISC */
#ifndef UNIT_WORLD_H
#define UNIT_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "unit.h"

#include "daemon/order/world.h"

/*
 * A world without s6, for tests of the model: a directory of each test's own (Check forks) with a scan directory, slots and a
 * volume, a model.registry on them with its loop, and s6-supervises that the test plays: it reads what they are told, and writes their
 * status.
 */
struct toy {
        char path[512]; /* of its directory, below the world */
        int fifo;       /* -1: it has ended */
        int64_t since_usec;
        char letters[64]; /* that it was told, and nobody has asked for */
        char told[64];    /* what a test waited for last */
        bool told_up;     /* since its last status */
        bool deaf;        /* it reads nothing */
};

extern char world[];
extern int world_fd;
extern struct world model;
extern struct toy own, logger; /* of gateway-coder */

#define CODER "gateway-coder"
/* Short, for tests; nothing is asserted to be quicker than them. */
#define SETTLE_MSEC 60
#define BACKOFF_MSEC 40

void world_open(void);
void world_close(void);

/* A slot gateway-PROFILE and its s6-supervises, down. state: of its record; NULL: as one that is not wanted. */
void world_gateway(const char *profile, const char *state, struct toy *gateway, struct toy *log);

/* A record as such, and the one of a gateway that is up. */
const char *world_record(const struct record *record);
const char *world_wanted(void);

/* The broker starts, and finds it. */
struct service *world_adopt(const char *name);

void toy_open(struct toy *toy, const char *path);
void toy_close(struct toy *toy); /* it ends, as s6-supervise does: its lock is closed */

/* Its status from now on. toy_begins(): as an s6-supervise that has run nothing. */
void toy_begins(struct toy *toy, bool wanted);
void toy_runs(struct toy *toy, pid_t pid, bool wanted);
void toy_finishes(struct toy *toy, bool wanted, int wait_status);
void toy_is_down(struct toy *toy, bool wanted, int wait_status);
void toy_stays_down(struct toy *toy, int wait_status); /* it has read a `d` since */

/* What it was told since it was last asked. */
const char *toy_letters(struct toy *toy);
/* Was that among it? It stays there. */
bool toy_was_told(struct toy *toy, char letter);

/*
 * s6-svscan, which the test plays from now on, with each turn of the loop. Told to look, it begins s6-supervises for the
 * slots that are linked, down or running as their files say; told to end what is gone, it does.
 */
void world_svscan(void);
extern bool svscan_is_blind; /* it is told, and begins nothing yet */
void svscan_end(void);       /* it reads no more, and lets go of its lock */
/* The s6-supervise at a path below the world, whoever began it; NULL: there is none. */
struct toy *toy_at(const char *path);

/* A file below the world. */
void world_put(const char *path, const char *text);
bool world_has(const char *path);
/* What a file has; it must be there. */
const char *world_text(const char *path);
/* A profile on the volume: profiles/NAME with SOUL.md. */
void world_profile(const char *profile);

/* A process that does nothing. */
pid_t world_process(void);

/* What the model told its clients, in its order: at most so many are kept. */
#define WORLD_ANSWERS 64
struct answer {
        char kind; /* 'r': registered, 'u': unregistered, 'o': an outcome of an order, 'g': a service is gone */
        char name[80];
        uint64_t call;
        struct fault fault;
        bool has_service;
        bool created, changed; /* of 'r' */
        int persist_error;     /* of 'r' and 'u' */
        bool persisted, last;  /* of 'o' */
};
extern struct answer answers[WORLD_ANSWERS];
extern size_t answer_count;
extern size_t answers_taken; /* of outcomes, at most */

/* A moment of the loop. */
void turn_once(void);
/* Turns the loop until it is so, with a deadline. */
#define WORLD_DEADLINE_MSEC 30000
#define TURN_UNTIL(condition)                                                                                \
        do {                                                                                                 \
                int64_t until_msec_ = clock_msec() + WORLD_DEADLINE_MSEC;                                    \
                while (!(condition) && clock_msec() < until_msec_)                                           \
                        turn_once();                                                                         \
                ck_assert(condition);                                                                        \
        } while (0)
/* For a while, in which nothing may happen. */
void turn_for(int msec);
/* Until it was told exactly that. */
void turn_until_told(struct toy *toy, const char *letters);

Suite *world_suite(const char *name, const TTest *const *tests, size_t count);

#endif
