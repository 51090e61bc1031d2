/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_WATCHES_H
#define SERVICE_WATCHES_H

#include <stddef.h>

struct registry;
struct service;

/*
 * What inotify tells of the registry's directories and its services', and the looks at what it does not tell of: it is
 * noted, and whom it concerns is woken.
 */
void watches_init(struct registry *registry);

/* Arms the watches of its supervise directories. 0 or a negative errno: what is not watched is polled
 * (poll.h), but for -ENOENT and -ENOTDIR, which say that the directories are not there. */
int watches_arm(struct registry *registry, struct service *service);

/* The same of a slot that was just made. What the kernel has no watch for is no error; that it is not there
 * is: somebody moves directories. */
int watches_arm_new(struct service *service);

/* How many services, and directories of them, inotify does not tell of. Those without a supervisor have
 * nothing to tell. */
size_t watches_lacking(const struct registry *registry);

#endif
