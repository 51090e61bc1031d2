/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_MESSAGES_H
#define CLIENT_TOP_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages that stand in the last line of `top` for a while, one after the other. Pure. */

#define MESSAGES_MOST 16
#define MESSAGE_LEAST_MSEC 2000 /* before the next message takes its place */
#define MESSAGE_MOST_MSEC 10000

struct message {
        char *text;
        bool alarm;
        bool minor; /* answers a key, and makes room at once */
};

struct messages {
        struct message waiting[MESSAGES_MOST]; /* the first is shown */
        size_t count;
        int64_t since_msec; /* since when the first is shown; -1: not yet */
};

void messages_deinit(struct messages *messages);

/* Tells what became of something, which is to be read. text: taken over; NULL is nothing. When there are too
 * many, the oldest message that waits is dropped. */
void messages_tell(struct messages *messages, char *text, bool alarm);

/* Tells what a key did, or could not do, which is shown at once. text: copied. */
void messages_answer(struct messages *messages, const char *text);

/* Notes that a person pressed a key, and so has read the message that is shown, if there was time for
 * that. */
void messages_pass(struct messages *messages, int64_t now_msec);

/* Returns the message to be shown now; NULL: none. */
const struct message *messages_now(struct messages *messages, int64_t now_msec);

/* Returns when the message to be shown changes; INT64_MAX: it does not. */
int64_t messages_next_msec(const struct messages *messages);

#endif
