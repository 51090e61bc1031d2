/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_ASK_H
#define SERVICE_ASK_H

struct service;

/* Questions about one gateway that only the volume can answer. A thread of the volume's deputy looks; the
 * answer, on a later turn of the loop, is noted in the service or its record, and the service acts on it. */

/* Is the lock free, which another container held? Then the gateway is tried. */
void ask_lock(struct service *service);

/* Asked once in a run: what does the application say of itself while it is well? */
void ask_habit(struct service *service);

/* Why did the gateway end: was it to be down, is its profile gone, does the default gateway serve it? */
void ask_why(struct service *service);

#endif
