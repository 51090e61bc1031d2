#ifndef DAEMON_START_H
#define DAEMON_START_H

#include <uv.h>

#include "daemon/options.h"
#include "daemon/session/server.h"

/* Descriptors: the connections, and room for the few that are open for a moment. */
#define START_FILES (SERVER_PEERS + 64)

/*
 * From options to a serving broker: checks what must be right, opens what needs opening, adopts what is
 * there, drops rights. 0, or the exit code (EX_CONFIG and the like) after a line that names the thing and the
 * remedy.
 */
int start_everything(const struct options *options, uv_loop_t *loop, struct server *server,
                     struct registry *registry);

#endif
