/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_EVENT_H
#define JUDGE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/bounds.h"
#include "proto/text.h"

/*
 * What happened to a service, an event at a time. Each is a line of JSON: so it is kept in memory (past.h), in the slot and on
 * the volume, and told. Whoever reads one from the volume knows that the client user can have written it. Pure.
 */
enum event_kind {
        EVENT_ORDER,       /* somebody ordered something of it */
        EVENT_BEGAN,       /* a run */
        EVENT_ENDED,       /* a run */
        EVENT_STATE,       /* it is held back now, or is given up */
        EVENT_ENVIRONMENT, /* its variables are others; never their values */
        EVENT_LOGGER,      /* something is wrong with its logger */
        EVENT_CONTAINER,   /* the container was started, and this service came with it */
};

enum event_order {
        EVENT_START,
        EVENT_STOP,
        EVENT_RESTART,
        EVENT_RESET,
        EVENT_REGISTER,
        EVENT_UNREGISTER,
        EVENT_SIGNAL,
};

/* What began a run. */
enum event_starter {
        STARTER_S6,     /* s6-supervise, after an end, by itself; or whoever else told it to */
        STARTER_PERSON, /* an order */
        STARTER_RETRY,  /* the broker, which had held it back */
        STARTER_BOOT,   /* the broker, when the container or the broker itself was started */
};

enum event_state {
        EVENT_BACKOFF,
        EVENT_FAILED,
        EVENT_HELD,
};

#define EVENT_TEXT_BYTES 320

/* Who ordered it, by the kernel's word. */
struct event_by {
        bool known;
        uid_t uid;
        pid_t pid;                         /* 0: of another pid namespace */
        char process[EVENT_PROCESS_BYTES]; /* what it calls itself, escaped as in the log; "": not known */
};

struct event {
        enum event_kind kind;
        int64_t at_usec; /* UTC */
        enum event_order order;
        struct event_by by;
        enum event_starter starter;
        pid_t pid; /* of the run; 0: not known */
        enum event_state state;
        bool has_exit;
        int exit_code;   /* -1: by a signal */
        int exit_signal; /* 0: by itself; also the signal that was ordered */
        bool ordered;    /* the end was */
        int64_t lasted_msec;
        unsigned oom_kills;          /* meanwhile, in the container */
        unsigned left_out;           /* names of variables that found no place */
        char text[EVENT_TEXT_BYTES]; /* the reason; or names of variables, each with a space behind it */
};

/* What a process calls itself, which may be anything. */
void event_set_process(struct event_by *by, const char *name);

/* A name more, of a variable that is another now. */
void event_add_variable(struct event *event, const char *name);

/* Appends it as a JSON object. */
void event_write(const struct event *event, struct text *text);

/* A line of what event_write() wrote, with a NUL in the place of its newline. 0 or -EBADMSG. Members that are not known are
 * passed over. */
int event_read(const char *line, struct event *event);

#endif
