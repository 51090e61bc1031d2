/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_START_DIRECTORIES_H
#define DAEMON_START_DIRECTORIES_H

#include <sys/types.h>

#include "daemon/service/registry.h"
#include "daemon/options.h"

/*
 * Opens the scan directory, the services directory and the template, and refuses them, the socket's directory
 * and the program itself where anyone but root could write them. 0, or the exit code after a line of fail().
 */
int start_directories(const struct options *options, struct registry *registry, gid_t client_gid);

#endif
