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
 * What happened to a service, an event at a time. Each is a line of JSON, in which form it is kept in memory
 * (past.h), in the slot and on the volume, and told to clients. A line from the volume may have been written
 * by the client user. Pure.
 */
enum event_kind {
        EVENT_ORDER,       /* somebody gave an order to the service */
        EVENT_BEGAN,       /* a run began */
        EVENT_ENDED,       /* a run ended */
        EVENT_STATE,       /* the service is held back now, or given up */
        EVENT_ENVIRONMENT, /* variables have changed: their names, never their values */
        EVENT_LOGGER,      /* something is wrong with the logger */
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
        STARTER_S6,     /* s6-supervise, by itself after an end, or told by something other than the broker */
        STARTER_PERSON, /* an order */
        STARTER_RETRY,  /* the broker, which had held the run back */
        STARTER_BOOT,   /* the broker, when the container or the broker itself was started */
};

enum event_state {
        EVENT_BACKOFF,
        EVENT_FAILED,
        EVENT_HELD,
};

#define EVENT_TEXT_BYTES 320

/* Who gave an order, by the kernel's word. */
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
        int exit_signal; /* 0: by itself; of an order, the signal that was ordered */
        bool ordered;    /* the end was ordered */
        int64_t lasted_msec;
        unsigned oom_kills;          /* how many processes of the container the kernel killed meanwhile */
        unsigned left_out;           /* how many names of variables found no place in text */
        char text[EVENT_TEXT_BYTES]; /* the reason; or names of variables, each with a space behind it */
};

/* Takes what a process calls itself, which may be any bytes: escaped, and cut off where there is no room. */
void event_set_process(struct event_by *by, const char *name);

/* Adds the name of a variable that has changed. */
void event_add_variable(struct event *event, const char *name);

/* Appends the event as a JSON object, without a newline. */
void event_write(const struct event *event, struct text *text);

/* Reads a line that event_write() wrote, ended by a NUL. 0 or -EBADMSG; *event is then untouched. Members
 * that are not known are passed over. */
int event_read(const char *line, struct event *event);

#endif
