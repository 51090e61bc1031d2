/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_STARTS_H
#define SERVICE_STARTS_H

struct registry;

/* Who is queued by stagger.h is started, when it is its turn. */
void starts_init(struct registry *registry);

#endif
