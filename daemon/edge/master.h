/* SPDX-License-Identifier: ISC */
#ifndef EDGE_MASTER_H
#define EDGE_MASTER_H

#include "daemon/edge/slot.h"

/*
 * The broker's own copy of the template, beside the services directory and on its file system:
 * /run/svcbroker/services.template for /run/svcbroker/services. What is a file of it is linked into each slot, so
 * that a slot costs directories and no copies. It is root's, 0700, and of this process: what an earlier broker left
 * is of whatever the template was then, and is made anew.
 *
 * Each slot is made of what the template is at that time: every inode of it is looked at before, and where one is
 * another than it was, the copy is made anew; older slots keep what they have. So is it where somebody has written
 * into a slot's file instead of replacing it, which is then every slot's: no further one has that. What is in a
 * directory `data` or `env` is for scripts to write in, and always copied. So is what cannot be linked (another file
 * system, none that has links, too many of them), and all of it while the template is just being written.
 */

struct master;

/* services: as configured, absolute. NULL: there is no memory for it, and slots are copied. */
struct master *master_new(const char *services);
void master_free(struct master *master);

/* It is there, and the template and it are what they were when it was made. */
bool master_is_current(const struct master *master, int template_fd);

/* What is in the template gets into the directory `to`: as tree_copy() does it. master NULL: by that. is_current: as it was
 * told a moment ago. */
int master_fill(struct master *master, bool is_current, int template_fd, int to);

#endif
