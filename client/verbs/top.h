/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_TOP_H
#define CLIENT_VERBS_TOP_H

#include "client/talk/failure.h"

struct session;

/* Does what `top` does, and `list` and `status` with --watch. */
enum outcome top_run(struct session *session);

#endif
