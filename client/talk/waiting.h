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

/* Waits for the replies to an order; tells a person at a terminal how it goes, and listens for Ctrl-C. */
struct waiting {
        struct session *session;
        struct progress progress;
        struct svcbroker *watch; /* NULL: none */
        bool shown;              /* stderr is a terminal, and nobody asked for JSON */
        size_t drawn_lines;
        int64_t draw_msec; /* when next */
        int signal_fd;     /* -1: nobody listens */
        sigset_t old_mask;
};

enum waited {
        WAITED_ANSWER,
        WAITED_INTERRUPTED,
        WAITED_BROKEN, /* result says why */
};

/* names: see progress_init(). quiet: nothing but the reply is waited for, and Ctrl-C ends the process. */
void waiting_begin(struct waiting *waiting, struct session *session, struct json_object *names, bool quiet);
void waiting_end(struct waiting *waiting);

/* deadline_msec: on the clock of clock_now_msec(). answer_deinit() is due after WAITED_ANSWER. */
enum waited waiting_receive(struct waiting *waiting, int64_t deadline_msec, struct answer *answer,
                            int *result);

/* The broker is away: tries until it is there again, or result says why not. */
enum waited waiting_reconnect(struct waiting *waiting, int64_t deadline_msec, int *result);

/* Takes away what is drawn, before anything is printed. */
void waiting_clear(struct waiting *waiting);

#endif
