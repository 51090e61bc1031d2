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
        bool told_up;     /* since its last status */
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

/* The broker starts, and finds it. */
struct service *world_adopt(const char *name);

void toy_open(struct toy *toy, const char *path);
void toy_close(struct toy *toy); /* it ends, as s6-supervise does: its lock is closed */

/* Its status from now on. */
void toy_runs(struct toy *toy, pid_t pid, bool wanted);
void toy_finishes(struct toy *toy, bool wanted, int wait_status);
void toy_is_down(struct toy *toy, bool wanted, int wait_status);

/* What it was told since it was last asked. */
const char *toy_letters(struct toy *toy);

/* A process that does nothing. */
pid_t world_process(void);

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
