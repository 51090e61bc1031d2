/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_FORETELL_H
#define CLIENT_VERBS_FORETELL_H

#include "client/verbs/verb.h"

/* What a verb about one profile would do, and how it would exit. */
struct foretold {
        const char *action;
        enum outcome outcome;
};

/* Does the --dry-run of such a verb: asks whether the profile's gateway is there, and tells `absent` or
 * `present`. */
enum outcome foretell(struct session *session, struct foretold absent, struct foretold present);

#endif
