/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_CLIENT_H
#define SIMULATION_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

#include "sim.h"

/* One client of the broker: its connection, the calls that it sent, and what it was answered. */

enum call_kind {
        METHOD_INFO,
        METHOD_DESCRIPTION,
        METHOD_LIST,
        METHOD_STATUS,
        METHOD_START,
        METHOD_STOP,
        METHOD_RESTART,
        METHOD_RESET,
        METHOD_SIGNAL,
        METHOD_REGISTER,
        METHOD_UNREGISTER,
        METHOD_RECONCILE,
        METHOD_WATCH,
        METHOD_HEALTH,
        METHOD_DIAGNOSE,
        METHOD_NONSENSE, /* a name that is no method, or what is no message at all */
};
#define METHODS (METHOD_NONSENSE + 1)

#define CLIENT_NAME_BYTES 64 /* of a service, as calls here name them */
#define CLIENT_CALLS 24      /* unanswered, of one connection */
#define CLIENT_CALL_NAMES 8  /* of one call */
#define CLIENT_OUT_BYTES (96 * 1024)
#define CLIENT_IN_BYTES (256 * 1024)
#define CLIENT_SERVICES 48        /* of a Watcher's picture */
#define CLIENT_SERVICE_BYTES 2048 /* of one in it */

/* A call as it was sent. */
struct call_sent {
        enum call_kind method;
        bool more, oneway;
        bool fatal;        /* no message: the connection ends with its answer */
        bool wrong;        /* its parameters are: it changes nothing */
        bool all;          /* of all gateways */
        bool waits;        /* for what was ordered to come about */
        bool start;        /* Register */
        bool replaces;     /* Register: the variables */
        bool dry;          /* Reconcile */
        int environment;   /* Register: which; wants.h */
        int64_t wait_usec; /* as long as its answer may take by itself */
        unsigned count;    /* of names */
        char names[CLIENT_CALL_NAMES][CLIENT_NAME_BYTES];
        bool told[CLIENT_CALL_NAMES]; /* an outcome of that name came */
        unsigned outcomes;
        unsigned replies;
        uint64_t end;       /* of it in all that was sent on this connection */
        bool whole;         /* all of it was sent: */
        int64_t whole_usec; /* then; and when the one before it was answered, if that was later */
        uint64_t whole_step;
        int64_t sent_usec; /* all of it was sent then, whenever that before it was answered */
        unsigned ordinal;  /* of all on this connection, from 1 */
        unsigned change;   /* wants.h: number of what it may have changed; 0: nothing */
};

/* What a Watcher has put together of the events that it was told. */
struct picture {
        unsigned count;
        struct {
                char name[CLIENT_NAME_BYTES];
                char text[CLIENT_SERVICE_BYTES];
        } services[CLIENT_SERVICES];
};

struct client {
        unsigned number;
        uid_t uid;
        bool asker;          /* at the end it asks for everything, and does nothing before */
        int fd;              /* -1: it is not connected */
        uint64_t connection; /* a count of all */
        pid_t pid;           /* that it plays, another with each connection */
        unsigned made_calls; /* on it */
        bool slow;           /* it reads when it likes, and little */
        bool ended;          /* it sends no more (shutdown) */
        bool fatal;          /* what it sent ends the connection */
        bool partial;        /* the last call is not sent whole, and nothing follows it */
        bool refused;        /* it was turned away, or told of an error after which it is closed */
        int64_t next_usec;   /* when it does something next */
        int64_t heard_usec;  /* when bytes last came or went */

        int64_t before_usec; /* what those may take that nobody answers, before the first of: */
        struct call_sent calls[CLIENT_CALLS];
        unsigned count;
        uint64_t sent, made; /* bytes of this connection */
        size_t out_at, out_length;
        size_t in_length;
        struct picture picture;
        bool watches;                                       /* a Watch runs: */
        char watched[CLIENT_CALL_NAMES][CLIENT_NAME_BYTES]; /* of these; none: all */
        unsigned watched_count;
        char out[CLIENT_OUT_BYTES];
        char in[CLIENT_IN_BYTES + 1];
};

/* client.c: the connection. */
void client_connect(struct client *client);
/* The connection ends: what was not answered may have been done, and may yet be. */
void client_close(struct client *client);
/* Sends what there is, at most so many bytes. */
void client_send(struct client *client, size_t most);
/* Reads what came, at most so many bytes, and judges the replies in it. */
void client_receive(struct client *client, size_t most);
bool client_is_readable(const struct client *client);
/* Its oldest call that is not answered; NULL: there is none. */
struct call_sent *client_first(struct client *client);
/* That one has its last answer. */
void client_answered(struct client *client);

/* clients.c: the broker has closed its connection. */
void clients_lost(struct client *client);

/* client_calls.c: a call made up by the seed goes into its buffer. */
void client_make_call(struct client *client);
void client_make_nonsense(struct client *client);
/* These very ones. */
void client_make_query(struct client *client, enum call_kind method, bool more, const char *name);
void client_make_watch(struct client *client, const char *name);

/* client_habits.c: what they are like in this run. */
enum call_kind habit_method(void);
const char *habit_profile(void);
int64_t habit_pause_usec(const struct client *client);
uid_t habit_uid(unsigned number);

/* client_replies.c: judges one message of the broker's. */
void client_take_message(struct client *client, const char *message, size_t length);

/* client_watch.c */
void client_take_event(struct client *client, struct json_object *parameters);
/* What a Watcher that has read everything knows is what the broker would tell now. */
void client_check_picture(const struct client *client);

/* client_asks.c: what the asker is told at the end. */
void client_take_answer(struct client *client, const struct call_sent *call, struct json_object *parameters,
                        bool continues);
bool client_asks_are_over(void);
void client_ask(struct client *client);
void client_asks_begin(void);

#endif
