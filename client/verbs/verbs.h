/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_VERBS_H
#define CLIENT_VERBS_VERBS_H

#include "client/verbs/verb.h"

/* All verbs, in the order of --help, ended by NULL. */
extern const struct verb *const verbs[];

/* Returns the verb of that name. NULL: there is none. */
const struct verb *verbs_find(const char *name);

#endif
