/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_VERB_H
#define CLIENT_VERBS_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/talk/failure.h"
#include "client/talk/options.h"
#include "client/talk/session.h"

struct json_object;

/*
 * A verb of svcctl is a row: what may stand behind it, what --help says of it, and what it does. Each has
 * a file of its own in this room, and verbs.c lists them all.
 */

/* What a verb waits for. */
enum verb_wait {
        WAIT_ANSWER = 0, /* the broker's answer, which comes at once */
        WAIT_UP,         /* the services are up, unless --no-wait says otherwise */
        WAIT_DOWN,       /* the services are down, unless --no-wait says otherwise */
        WAIT_GONE,       /* the service is removed */
        WAIT_STATE,      /* the services are in the state of --for, which nobody orders */
};

#define WORDS_ANY SIZE_MAX

struct verb {
        const char *name;
        const char *usage;   /* of its words, for --help; NULL: it takes no words */
        const char *summary; /* for --help */
        uint64_t options;    /* a set (options.h), beside OPTIONS_ALWAYS */
        enum verb_wait waits;
        size_t words_min; /* how many words it needs; --all stands for them */
        size_t words_max;
        const char *missing; /* what to give where there are fewer words; NULL: it needs none */
        bool patterns;       /* its words are names, or patterns of names */
        bool orders;         /* patterns mean gateways only */
        bool live;           /* it draws on a terminal, and has no --json */
        bool costly;         /* it would lose something, so it is never proposed for a mistyped word */
        enum outcome (*run)(struct session *session); /* the session is open */
};

typedef void verb_reply(void *context, struct json_object *parameters);

/*
 * Gives the replies of a stream, whose call was queued, to `reply`, until the stream ends, is refused or
 * breaks; the latter two are told. A reader of stdout that goes away ends it at once, not only when something
 * comes. subject: what a refusal is about.
 */
enum outcome verb_follow(struct session *session, const char *subject, verb_reply *reply, void *context);

/* Prints a text, and frees it. text NULL: memory was short, which is told. */
void verb_print(char *text);

/* Tells if the answer says that something was done, but could not be recorded on the volume. */
void verb_tell_unpersisted(struct json_object *parameters, const char *subject, const char *next);

#endif
