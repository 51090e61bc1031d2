/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_WAITING_H
#define CLIENT_TALK_WAITING_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/talk/progress.h"
#include "client/talk/session.h"

struct svcbroker;

/* Waits for the replies to an order, tells a person at a terminal how it goes, and listens for Ctrl-C. */
struct waiting {
        struct session *session;
        struct progress progress;
        struct svcbroker *watch; /* the connection that Watch is on; NULL: none */
        bool shown;              /* stderr is a terminal, and nobody asked for JSON */
        size_t drawn_lines;
        int64_t draw_msec; /* when to draw next */
        int signal_fd;     /* for Ctrl-C; -1: nobody listens */
        sigset_t old_mask;
};

enum waited {
        WAITED_ANSWER,
        WAITED_INTERRUPTED,
        WAITED_BROKEN, /* *result says why */
};

/* Begins the waiting. names: see progress_init(). quiet: nothing is shown, and Ctrl-C ends the process. */
void waiting_begin(struct waiting *waiting, struct session *session, struct json_object *names, bool quiet);
void waiting_end(struct waiting *waiting);

/* Waits for the next reply. deadline_msec: on the clock of clock_now_msec(). answer_deinit() is due only
 * after WAITED_ANSWER. */
enum waited waiting_receive(struct waiting *waiting, int64_t deadline_msec, struct answer *answer,
                            int *result);

/* Connects again to a broker that is away: returns WAITED_ANSWER once that succeeds. With WAITED_BROKEN the
 * deadline has passed, and *result says why there is no broker. */
enum waited waiting_reconnect(struct waiting *waiting, int64_t deadline_msec, int *result);

/* Erases what is drawn; to be called before anything is printed. */
void waiting_clear(struct waiting *waiting);

#endif
