/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_CORE_H
#define SIMULATION_CORE_H

#include <sys/stat.h>

#include <uv.h>

#include "sim.h"

/* The core's own: what its files share, and no actor needs. */

enum life_end {
        LIFE_NONE,       /* it crashed */
        LIFE_KILLED,     /* by us */
        LIFE_ENDED,      /* orderly, or it could not begin */
        LIFE_VIOLATION,  /* something does not hold */
        LIFE_RUN_IS_OVER /* the run is over, and nothing was found */
};

#define FAULT_KINDS 11
#define HABITS 8

/* In the arena. */
struct core {
        struct sim_settings settings;
        uint64_t random[4];
        int64_t now_usec;
        int64_t utc_offset_usec;
        uint64_t step;
        uint64_t quiet_step;
        int64_t quiet_usec; /* since when faults have ceased */
        int64_t broker_not_before_usec;
        unsigned life;
        unsigned failed_starts; /* in a row */
        bool quiet;
        bool is_over; /* all were at rest: the last end is under way */
        enum life_end end;
        uint64_t trace_hash;
        char violation[64];
        char message[2048];
        uint64_t calls; /* of the broker's, wrapped */
        uint64_t turns;
        uint64_t faults_met;
        /* Of this run, drawn from the seed: of a million, at each place where one could be. */
        unsigned rate[FAULT_KINDS];
        /* Storms: then it is this one. */
        int64_t storm_until_usec[FAULT_KINDS];
        unsigned storm_rate[FAULT_KINDS];
        bool volume_keeps;   /* something could not be removed there */
        unsigned yield_rate; /* of a worker, at each call */
        ino_t space_inode;   /* of /proc/self/ns/pid */
        unsigned spaces;
        /* The volume. */
        int64_t volume_hung_until_usec;
        int64_t volume_slow_until_usec;
        unsigned volume_slow_msec;
        int64_t volume_read_only_until_usec;
        int64_t volume_full_until_usec;
        int64_t inotify_late_until_usec;
};
extern struct core *core;

/* The broker's code is running, not ours: calls are counted, failed and redirected. */
extern bool sim_inside;

/* arena.c */
void arena_open(void);
void arena_seal(void); /* no sim_alloc() any more */

/* settings.c */
/* habits: in the place of what the seed says; NULL: that. */
void settings_draw(struct sim_settings *settings, uint64_t seed, const unsigned *habits);
void settings_describe(const struct sim_settings *settings, char *text, size_t size);
bool settings_parse_faults(const char *list, unsigned *faults);
bool settings_parse_habits(const char *list, unsigned *habits);
bool settings_parse_flavour(const char *name, enum s6_flavour *flavour);

/* run.c: one seed. 0: nothing found. */
struct verdict {
        bool failed;
        char invariant[64];
        char message[2048];
        uint64_t steps, lives, calls, hash;
        int64_t virtual_usec;
};
void run_seed(const struct sim_settings *settings, struct verdict *outcome);
void trace_flush(void);

/* place.c: the world's directory. */
void place_make(void);
void place_remove(void);

/* life.c */
_Noreturn void life_run(void);
_Noreturn void life_end(enum life_end how);
bool life_is_serving(void);
void life_runs(void);
int broker_main(int argc, char **argv); /* daemon/main.c's */

/* turn.c: what happens next. */
void turn_once(uv_loop_t *loop); /* loop NULL: there is no broker */
void turn_wait_for_broker(void);

/* loop.c */
bool loop_is_ready(void);
int64_t loop_due_usec(void);
void loop_turn(uv_loop_t *loop);
void loop_signal(int number);
unsigned loop_handles(void); /* that are not closed */

/* worker.c: threads of the broker's deputies */
bool worker_is_running(void); /* in one, now */
bool worker_is_the_volumes(void);
void worker_call(const char *name); /* one is about to make that system call: others may come first */
void worker_sleep(int64_t usec);
int64_t workers_due_usec(void);
bool workers_are_busy(void);
void workers_wake(void);
void workers_step(void);
bool workers_end(unsigned long thread); /* false: it hangs */

/* faults.c: what was taken away is put back. */
void faults_cease(void);

/* power.c: what is on the disk, and what would be lost with the machine's power. */
int power_synced(int fd, bool all); /* 0, or -1 and errno */
void power_init(void);
void power_cut(void);

/* calls.c */
void inside_begin(void);
void inside_end(void);
void calls_log(const char *bytes, size_t length);
int call_fails(const char *name, unsigned kinds); /* an errno, or 0; may not return */
void call_is_done(const char *name);
uint64_t memory_in_use(void);
unsigned descriptors_in_use(void);
bool descriptor_is_inotify(int fd);
bool path_redirect(const char *path, char *other, size_t size);

#endif
