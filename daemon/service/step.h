#ifndef SERVICE_STEP_H
#define SERVICE_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/edge/s6_status.h"
#include "daemon/loop/timer.h"
#include "daemon/judge/trouble.h"

struct registry;
struct service;

/* How long each step may take, in milliseconds, until it is a problem; by enum step. */
struct patience {
        int64_t msec[STEP_KINDS];
};

/* The step that a run is on, since when, and until when. As long as it is the same step of the same process,
 * more orders of the same kind give it no more time. */
struct step_watch {
        bool known; /* a step was seen before: what begins now begins now, and not when s6 says */
        enum step kind;
        pid_t pid;
        int64_t since_usec; /* UTC, to be told; 0: on none */
        int64_t until_msec; /* by clock_msec(): what is judged by */
};

/* A look at the process of a run, which nothing tells of when it is stopped: taken when somebody asks, and
 * again as long as something is wrong. */
struct halt_watch {
        pid_t pid;
        enum halt kind;     /* as it was last seen */
        int64_t since_msec; /* by clock_msec() */
};

/* A round of looks at all of them, in slices. */
struct halt_round {
        struct timer turn;
        size_t next;        /* of the registry's services */
        int64_t begun_msec; /* by clock_msec(); 0: none was */
};

/* Follows what is known of the service and its logger by now. */
void step_follow(struct service *service);

bool step_is_late(const struct step_watch *step);

/* In how many milliseconds something of this may be told otherwise; INT64_MAX: only when something is seen.
 */
int64_t step_wait_msec(const struct service *service);

/* Looks whether its run is halted, and tells nobody. */
void step_see(struct service *service);

/* Its logger runs, and was stopped or paused. */
bool step_logger_stands(struct service *service);

/* Somebody asks how a service is: what nothing tells of is looked at, and a change is shown. */
void step_look(struct service *service);

/* The same of all services: at most once within HALT_LOOK_MSEC, HALT_SERVICES at once, and the others soon.
 */
void step_look_at_all(struct registry *registry);
void step_init(struct registry *registry);

/* Its run was told to end, or is to be told. */
bool step_is_to_end(const struct service *service);

/* As it is now: what trouble.h judges. */
void step_situation(const struct service *service, struct situation *situation);
enum trouble step_trouble(const struct service *service);
enum logger_trouble step_logger_trouble(const struct service *service);

/* What is wrong, of which it is the subject ("it has had no process for more than 10 s"); "": nothing that is
 * not its state, whose reason is the record's. */
void step_describe(const struct service *service, enum trouble trouble, char *text, size_t size);
void step_describe_logger(const struct service *service, enum logger_trouble trouble, char *text,
                          size_t size);

#endif
