/* SPDX-License-Identifier: ISC */
#ifndef METHODS_SEARCH_PATH_H
#define METHODS_SEARCH_PATH_H

#include "daemon/session/server.h"

/*
 * Where root's programs are looked up by name: PATH of s6-svscan, which its scripts begin with, and PATH of
 * what the container's runtime executes in it. Notes in server->loose_path what of that others than root can
 * write, for Health and Diagnose. Done at start and by each Diagnose; the volume is not touched.
 */
void search_path_look(struct server *server);

#endif
