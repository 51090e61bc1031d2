/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_STARTS_H
#define SERVICE_STARTS_H

struct registry;

/* Sets the step that starts what stagger.h has queued. */
void starts_init(struct registry *registry);

#endif
