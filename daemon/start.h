/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_START_H
#define DAEMON_START_H

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/options.h"
#include "daemon/order/world.h"
#include "daemon/session/server.h"

/* Connections, those that are about to be closed, and our own. */
#define START_FILES (PEERS_MOST + CLOSER_PENDING + FILES_OWN)

/* Has the process descriptors enough to serve at all? 0, or the exit code. Before anything is opened. */
int start_files(unsigned *files);

/*
 * From options to a serving broker: checks what must be right, opens what needs opening, adopts what is
 * there, drops rights. files: of start_files(). 0, or the exit code (EX_CONFIG and the like) after a line
 * that names the thing and the remedy.
 */
int start_everything(const struct options *options, uv_loop_t *loop, struct server *server,
                     struct world *world, unsigned files);

#endif
