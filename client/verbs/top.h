/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_VERBS_TOP_H
#define CLIENT_VERBS_TOP_H

#include "client/talk/failure.h"

struct session;

/* What `top` does, and what --watch makes of `list` and `status`. */
enum outcome top_run(struct session *session);

#endif
