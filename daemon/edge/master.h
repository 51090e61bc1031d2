/* SPDX-License-Identifier: ISC */
#ifndef EDGE_MASTER_H
#define EDGE_MASTER_H

#include "daemon/edge/slot.h"

/*
 * The broker's own copy of the template, beside the services directory and on its file system:
 * /run/svcbroker/services.template for /run/svcbroker/services. Each file of the copy is linked into each
 * slot, so that a slot costs directories and no copies. The copy is root's, 0700, and this process's own:
 * what an earlier broker left is of whatever the template was then, and is made anew.
 *
 * Each slot is made of what the template is at that time: every inode of the template is looked at before,
 * and where one is not what it was, the copy is made anew; older slots keep what they have. The copy is also
 * made anew where somebody has written into a slot's file instead of replacing it: all slots share that file,
 * and no further one is to have it. What is in a directory `data` or `env` is for scripts to write in, and
 * always copied. So is what cannot be linked (another file system, one without links, too many of them), and
 * all of the template while it is just being written.
 */

struct master;

/* What is in the copy besides, and in no template. */
#define MASTER_DOWN "down" /* an empty file, 0644, which slots share */
#define MASTER_FRESH                                                                                         \
        "fresh" /* 02700, of the client's group: where a slot's `env` is made, and then taken from */

/* services: as configured, absolute. client_gid: of MASTER_FRESH. NULL: no memory, or the path is too long; then
 * slots are copied. */
struct master *master_new(const char *services, gid_t client_gid);
void master_free(struct master *master);

/* Is the copy there, and are the template and the copy what they were when it was made? */
bool master_is_current(const struct master *master, int template_fd);

/* Fills the directory `to` with what is in the template, as tree_copy() does; master NULL: by tree_copy().
 * is_current: what master_is_current() said a moment ago. 0 or a negative errno. */
int master_fill(struct master *master, bool is_current, int template_fd, int to);

/* Links MASTER_DOWN into a slot that master_fill() has filled. False: it is to be written. */
bool master_link_down(struct master *master, int to, const char *path);

/* Makes the file of a slot that has no variables, which is that slot's own. False: it is to be written. */
bool master_make_env(struct master *master, int to, const char *path);

#endif
