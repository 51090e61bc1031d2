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
 * The control FIFOs of s6. Nothing here blocks: a stopped reader leaves its FIFO full (-EAGAIN), a dead
 * reader leaves the FIFO without one (-ENXIO). SIGPIPE must be ignored, since a reader can die between our
 * open and our write.
 */

/* Opens the FIFO at `path` below the directory `at` for writing: a descriptor, or a negative errno. */
int s6_fifo_open(int at, const char *path);

/* How many bytes the reader of the FIFO has not read; 0 also where that cannot be seen. */
unsigned s6_fifo_unread(int at, const char *path);

/* Writes the letters into the FIFO in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative errno. */
int s6_fifo_send(int at, const char *path, const char *letters);

/* The functions below are about the FIFO of an s6-supervise: <name>/supervise/control below `at`. */

/* Is there a reader? 1: yes. 0: no, or there is no such FIFO or directory. A negative errno: that could not
 * be seen, and may be different the next time. */
int s6_control_alive(int at, const char *name);

/* How many bytes the s6-supervise has not read; 0 also where that cannot be seen. One that works reads them
 * at once. */
unsigned s6_control_unread(int at, const char *name);

/* Does this result of a send say that nobody supervises the service (any longer)? Other errors may pass. */
bool s6_control_is_gone(int result);

/* Sends the s6-supervise commands, a letter each, as s6_fifo_send() does. */
int s6_control_send(int at, const char *name, const char *letters);

/*
 * The way to one s6-supervise. Letters are written into its FIFO. An s6-supervise that lacks CAP_KILL takes a
 * letter, but its signal reaches nobody who is not root: then the deputy sends that signal, as the client
 * user. Whoever sends letters here does not know which of the two it is. The deputy tries a TERM or a KILL
 * until it was sent, since run is root's shell at first, which s6-supervise may signal, or be a moment too
 * late for; and since something may be short for a moment.
 */

/* Where many s6-supervise are, and how the runs that they supervise are signalled. */
struct control_place {
        int at;                /* the directory that their service directories are below */
        unsigned lane;         /* the deputy's lane for signals */
        struct deputy *deputy; /* NULL: s6-supervise signals what it supervises */
        uv_loop_t *loop;
        /* Called once, some time after a control_send() that was not delivered when it returned. */
        void (*delivered)(struct control *control);
};

struct control {
        const struct control_place *place;
        const char *name;      /* of a service directory of the place */
        const char *suffix;    /* "", or "/log" for the logger's directory in it */
        struct errand *errand; /* a signal that is not sent yet; NULL: none is */
        int64_t sent_msec;     /* when the oldest letters that may be unread were written, by clock_msec() */
};

/* The name and the suffix in one text, as the functions of s6_status.h want it. */
struct control_name {
        char text[NAME_MAX + sizeof("/log")];
};

struct control_name control_name(const struct control *control);

/* Gives up a signal that is not sent yet: `delivered` is no longer called. */
void control_close(struct control *control);

/* Is there an s6-supervise? Answers as s6_control_alive() does. */
int control_is_alive(const struct control *control);

/* Sends letters, and sees to their signals. run: what the s6-supervise supervises, as far as is known.
 * Returns as s6_control_send(). */
int control_send(struct control *control, const char *letters, const struct s6_status *run);

/* Is everything that was sent in the FIFO, and every TERM and KILL sent? */
bool control_is_delivered(const struct control *control);

/* Says what is supervised now: a signal to an earlier run has no object any longer, and is given up. Then
 * `delivered` is called before this returns. */
void control_follow(struct control *control, const struct s6_status *run);

/* Do letters lie in the FIFO, and have they for at least so long? */
bool control_is_unread(const struct control *control, int64_t msec);

#endif
