/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_WATCHES_H
#define SERVICE_WATCHES_H

#include <stddef.h>

struct registry;
struct service;

/*
 * Takes what inotify tells of the registry's directories and its services', and looks at what inotify does
 * not tell of. Each change is noted, and the service that it concerns is woken.
 */
void watches_init(struct registry *registry);

/* Arms the watches of the service's supervise directories. 0 or a negative errno: what is not watched is
 * polled (poll.h), except after -ENOENT and -ENOTDIR, which say that the directories are not there. */
int watches_arm(struct registry *registry, struct service *service);

/* Arms the watches of a slot that was just made. That the kernel has no watch left is no error; that the
 * directories are not there is: somebody moves them. 0 or a negative errno. */
int watches_arm_new(struct service *service);

/* How many services, and of the two directories of services, inotify does not tell of. Services without a
 * supervisor have nothing to tell, and do not count. */
size_t watches_lacking(const struct registry *registry);

#endif
