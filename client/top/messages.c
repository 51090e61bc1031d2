/* SPDX-License-Identifier: ISC */
#include "client/top/messages.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct messages *messages, size_t place)
{
        free(messages->waiting[place].text);
        messages->count--;
        memmove(messages->waiting + place, messages->waiting + place + 1,
                (messages->count - place) * sizeof(*messages->waiting));
        if (place == 0)
                messages->since_msec = -1;
}

void messages_deinit(struct messages *messages)
{
        while (messages->count > 0)
                drop(messages, messages->count - 1);
}

void messages_tell(struct messages *messages, char *text, bool alarm)
{
        if (!text)
                return;
        if (messages->count > 0 && messages->waiting[0].minor)
                drop(messages, 0);
        if (messages->count == MESSAGES_MOST)
                drop(messages, 1);
        if (messages->count == 0)
                messages->since_msec = -1;
        messages->waiting[messages->count++] = (struct message){.text = text, .alarm = alarm};
}

void messages_answer(struct messages *messages, const char *text)
{
        char *copy = strdup(text);

        if (!copy)
                return;
        /* The message that is shown gives way; one that was not shown yet comes after the answer. */
        if (messages->count > 0 && (messages->waiting[0].minor || messages->since_msec >= 0))
                drop(messages, 0);
        if (messages->count == MESSAGES_MOST)
                drop(messages, messages->count - 1);
        memmove(messages->waiting + 1, messages->waiting, messages->count * sizeof(*messages->waiting));
        messages->waiting[0] = (struct message){.text = copy, .minor = true};
        messages->count++;
        messages->since_msec = -1;
}

static int64_t end_of(const struct messages *messages)
{
        return messages->since_msec + (messages->count > 1 ? MESSAGE_LEAST_MSEC : MESSAGE_MOST_MSEC);
}

void messages_pass(struct messages *messages, int64_t now_msec)
{
        if (messages->count > 0 && messages->since_msec >= 0 &&
            (messages->waiting[0].minor || now_msec >= messages->since_msec + MESSAGE_LEAST_MSEC))
                drop(messages, 0);
}

const struct message *messages_now(struct messages *messages, int64_t now_msec)
{
        if (messages->count > 0 && messages->since_msec >= 0 && now_msec >= end_of(messages))
                drop(messages, 0);
        if (messages->count == 0)
                return NULL;
        if (messages->since_msec < 0)
                messages->since_msec = now_msec;
        return &messages->waiting[0];
}

int64_t messages_next_msec(const struct messages *messages)
{
        if (messages->count == 0)
                return INT64_MAX;
        return messages->since_msec < 0 ? 0 : end_of(messages);
}
