/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_START_H
#define DAEMON_START_H

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/options.h"
#include "daemon/order/world.h"
#include "daemon/session/server.h"

/* Descriptors of all connections, of those that are about to be closed, and the daemon's own. */
#define START_FILES (PEERS_MOST + CLOSER_PENDING + FILES_OWN)

/* Sees that the process may have descriptors enough to serve at all; called before anything is opened.
 * *files: how many it may use, START_FILES at most. 0, or the exit code. */
int start_files(unsigned *files);

/*
 * Makes a serving broker of the options: checks what must be right, opens what needs opening, drops rights,
 * adopts the slots that are there. files: from start_files(). 0, or the exit code (EX_CONFIG or EX_TEMPFAIL)
 * after a line that names the thing and the remedy.
 */
int start_everything(const struct options *options, uv_loop_t *loop, struct server *server,
                     struct world *world, unsigned files);

#endif
