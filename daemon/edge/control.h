/* SPDX-License-Identifier: ISC */
#ifndef EDGE_CONTROL_H
#define EDGE_CONTROL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/edge/s6_status.h"

struct control;
struct deputy;
struct errand;

/*
 * The way to one s6-supervise. Letters are written into its FIFO (s6_control.h). Where it lacks CAP_KILL it takes an
 * order, and its signal reaches nobody who is not root: then the deputy sends that signal, as the client user. Whoever
 * gives orders here does not know which of the two it is. The deputy tries a TERM or a KILL until it was sent, since
 * run is root's shell at first: s6-supervise may signal that, or be a moment too late; and since something may be short
 * for a moment.
 */

/* Where many of them are, and how they are signalled. */
struct control_place {
        int at;                /* the directory that they are below */
        unsigned lane;         /* of the deputy */
        struct deputy *deputy; /* NULL: s6-supervise signals what it supervises */
        uv_loop_t *loop;
        /* Once, some time after a control_send() that was not delivered when it returned. */
        void (*delivered)(struct control *control);
};

struct control {
        const struct control_place *place;
        const char *name;      /* of a directory there, */
        const char *suffix;    /* or of one in it: "/log" */
        struct errand *errand; /* a signal that is not sent yet; NULL: none is */
        int64_t sent_msec; /* by clock_msec(): when the oldest letters that it may not have read were written */
};

/* name and suffix, as the functions of s6_status.h want it. */
struct control_name {
        char text[NAME_MAX + sizeof("/log")];
};

struct control_name control_name(const struct control *control);

/* What is not delivered will not be; `delivered` is not called any more. */
void control_close(struct control *control);

/* Is there an s6-supervise? As s6_control_alive(). */
int control_is_alive(const struct control *control);

/* run: what it supervises, as far as is known. As s6_control_send(). */
int control_send(struct control *control, const char *letters, const struct s6_status *run);

/* Is all that was sent s6-supervise's, and every signal on its way? */
bool control_is_delivered(const struct control *control);

/* What it supervises is this now: a signal to the run before it has no object any more. */
void control_follow(struct control *control, const struct s6_status *run);

/* Do letters lie in its FIFO, and have they for so long? */
bool control_is_unread(const struct control *control, int64_t msec);

#endif
