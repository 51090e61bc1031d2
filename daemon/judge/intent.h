/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_INTENT_H
#define JUDGE_INTENT_H

#include <stdbool.h>

#include "proto/text.h"

struct json_object;

/*
 * What is wanted of a gateway, as the volume keeps it: .svcbroker/intent/<profile>, one small JSON object,
 * written by the broker only. Pure.
 */
#define INTENT_DIRECTORY ".svcbroker/intent"

/* Appends {"version":1,"want":"up","environment":{...}} and a newline. environment: an object of names to
 * strings, or NULL for none. */
void intent_write(bool want_up, struct json_object *environment, struct text *text);

/*
 * Takes over into `text`, which intent_write() wrote, what a broker of a higher minor version (members.h) has
 * added to the file `before`, which is about to be replaced. 0, also where nothing was added, or no broker
 * wrote that file; -EPROTONOSUPPORT: the file is of a higher major version, and is not to be replaced;
 * -ENOMEM. Without json-c.
 */
int intent_pass_on(const char *before, struct text *text);

struct intent {
        bool want_up;
        struct json_object *environment; /* names to strings; intent_deinit() puts it; NULL: none */
};

/* Reads a file. 0; -EPROTONOSUPPORT: a broker of a higher major version wrote it; -ENOMEM; -EBADMSG for
 * anything but what a broker writes (an environment that no client could set included). Members that are not
 * known are passed over. */
int intent_read(const char *text, struct intent *intent);

void intent_deinit(struct intent *intent);

/*
 * What the application's gateway_state.json says is wanted (docs/contract.md), for a profile that has no
 * intent: desired_state if it is there, else gateway_state, of which running, draining and degraded mean up.
 */
#define PRIOR_STATE_BYTES 32

struct prior {
        bool want_up;
        bool known;   /* there was a file, and it had a state */
        bool stopped; /* it says in so many words that the gateway is to be down: desired_state is stopped */
        char state[PRIOR_STATE_BYTES]; /* gateway_state, or desired_state where that is all; only [a-z_], else
                                          "unreadable" */
};

/* How the last gateway of a profile ended, by its own state/gateway.lifecycle.json. */
enum prior_exit {
        PRIOR_EXIT_UNKNOWN,
        PRIOR_EXIT_CLEAN,
        PRIOR_EXIT_UNCLEAN, /* the file still says that the gateway runs */
};

const char *prior_exit_name(enum prior_exit how);

/* Reads gateway.lifecycle.json, which `text` is. For any thread. */
enum prior_exit prior_exit_read(const char *text);

/* Reads gateway_state.json, which `text` is; NULL: there is none. *prior is set, whatever the file holds. */
void prior_read(const char *text, struct prior *prior);

#endif
