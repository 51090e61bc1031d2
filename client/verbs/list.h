/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_LIST_H
#define CLIENT_VERBS_LIST_H

#include "client/talk/failure.h"

struct session;

/* Does what `list` does, and `status` without a name. */
enum outcome list_run(struct session *session);

#endif
