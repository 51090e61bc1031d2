/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_MESSAGES_H
#define CLIENT_TOP_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in the last line of `top` for a while, one after the other. Pure. */

#define MESSAGES_MOST 16
#define MESSAGE_LEAST_MSEC 2000 /* before the next takes its place */
#define MESSAGE_MOST_MSEC 10000

struct message {
        char *text;
        bool alarm;
        bool minor; /* it answers a key, and makes room at once */
};

struct messages {
        struct message waiting[MESSAGES_MOST]; /* the first is shown */
        size_t count;
        int64_t since_msec; /* the first has been shown; -1: it was not yet */
};

void messages_deinit(struct messages *messages);

/* What became of something: it is to be read. text: taken over; NULL is nothing. When there are too many, the
 * oldest of those that wait goes. */
void messages_tell(struct messages *messages, char *text, bool alarm);

/* What a key did, or could not do, which is shown at once. text: copied. */
void messages_answer(struct messages *messages, const char *text);

/* A person goes on, who has read what is shown, if there was time to. */
void messages_pass(struct messages *messages, int64_t now_msec);

/* What is to be shown now; NULL: nothing. */
const struct message *messages_now(struct messages *messages, int64_t now_msec);

/* When that changes; INT64_MAX: it does not. */
int64_t messages_next_msec(const struct messages *messages);

#endif
