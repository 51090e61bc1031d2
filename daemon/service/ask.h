/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_ASK_H
#define SERVICE_ASK_H

struct service;

/* What only the volume knows of one gateway. Its thread looks; the answer changes the record, and wakes the service. */

/* Is its lock free, which another container's held? Then it is tried. */
void ask_lock(struct service *service);

/* Once a run: what does the application say of itself while it is well? */
void ask_habit(struct service *service);

/* Why did it end: was it to be down, is its profile gone, does the default gateway serve it? */
void ask_why(struct service *service);

#endif
