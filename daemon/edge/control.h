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
 * The control FIFOs of s6. Nothing here blocks: a stopped reader leaves its FIFO full (-EAGAIN), a dead one leaves
 * it without a reader (-ENXIO). SIGPIPE must be ignored, since a reader can die between our open and our write.
 */

/* By a path below the directory descriptor `at`. Opens it for writing: a descriptor, or a negative errno. */
int s6_fifo_open(int at, const char *path);

/* How many bytes its reader has not read; 0 also where that cannot be seen. */
unsigned s6_fifo_unread(int at, const char *path);

/* Writes the letters in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative errno. */
int s6_fifo_send(int at, const char *path, const char *letters);

/* The rest is about that of an s6-supervise: <name>/supervise/control below `at`. */

/* Is there a reader? 1: yes. 0: no, or there is no such FIFO or directory. A negative errno: that could not
 * be seen, and may be different the next time. */
int s6_control_alive(int at, const char *name);

/* How many bytes its s6-supervise has not read; 0 also where that cannot be seen. One that works reads them
 * at once. */
unsigned s6_control_unread(int at, const char *name);

/* Does that result of a send say that nobody supervises it (any more)? Every other error may pass. */
bool s6_control_is_gone(int result);

/* Sends it commands, a letter each, as s6_fifo_send() does. */
int s6_control_send(int at, const char *name, const char *letters);

/*
 * The way to one s6-supervise. Letters are written into its FIFO. Where it lacks CAP_KILL it takes an
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
