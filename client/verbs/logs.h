/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_LOGS_H
#define CLIENT_VERBS_LOGS_H

#include <stdbool.h>

#include "client/log/logmerge.h"
#include "client/say/loglines.h"
#include "client/talk/failure.h"

struct json_object;
struct options;
struct session;

/* The verb `logs`, while it runs. */
struct logs {
        const struct options *options;
        bool several; /* several logs may be shown, so lines have names */
        bool shown;   /* a line was shown */
        struct logmerge *merge;
        struct loglines lines;
        struct json_object *refused; /* the names of logs that could not be read, which is told once */
        enum outcome outcome;
};

/* Adds the log of a service, or tells why not. */
void logs_add(struct logs *logs, struct json_object *service);

/* Tells of a log that is lost while it is read: a logmerge_loss. Where several are followed the log may come
 * again. */
void logs_tell_loss(void *context, const char *name, const char *path, int result);

/* Follows the logs until nobody reads what is shown, the time of --until is over, or there is nothing more to
 * follow. With patterns, services that come to match are followed, too. */
void logs_follow(struct logs *logs, struct session *session);

#endif
