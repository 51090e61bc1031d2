/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_FORETELL_H
#define CLIENT_VERBS_FORETELL_H

#include "client/verbs/verb.h"

/* --dry-run of a verb about one profile: is there its gateway? absent, present: what would be done, and how it would exit. */
struct foretold {
        const char *action;
        enum outcome outcome;
};

enum outcome foretell(struct session *session, struct foretold absent, struct foretold present);

#endif
