/* SPDX-License-Identifier: ISC */
#ifndef METHODS_SEARCH_PATH_H
#define METHODS_SEARCH_PATH_H

#include "daemon/session/server.h"

/*
 * Looks at the directories where programs that root runs by name are searched: PATH of s6-svscan, which its
 * scripts inherit, and PATH of what the container's runtime executes in the container. Notes in
 * server->loose_path those that users other than root can write, for Health and Diagnose. Done at start and
 * by each Diagnose. The volume counts as writable, and is not touched.
 */
void search_path_look(struct server *server);

#endif
