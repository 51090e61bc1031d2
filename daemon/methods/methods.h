/* SPDX-License-Identifier: ISC */
#ifndef METHODS_METHODS_H
#define METHODS_METHODS_H

#include "daemon/session/dispatch.h"

struct registry;

/* The rows of the dispatch table, one group a file: main.c puts them together. */
extern const struct method about_methods[];     /* about.c: org.varlink.service */
extern const struct method queries_methods[];   /* queries.c */
extern const struct method history_methods[];   /* history.c */
extern const struct method orders_methods[];    /* orders.c */
extern const struct method slots_methods[];     /* slots.c */
extern const struct method reconcile_methods[]; /* reconcile.c */
extern const struct method metrics_methods[];   /* metrics.c: io.systemd.Metrics */

/* Each sets the registry's events for the answers of its file that come later. Their owner is the server. */
void outcomes_listen(struct registry *registry);
void history_listen(struct registry *registry);
void slots_listen(struct registry *registry);

/* Takes timeout_msec of a call; *timeout_msec becomes `absent_msec` if it is absent. False: it is out of
 * range, and the call has been answered with an error. */
bool orders_timeout(struct peer *peer, long long value, bool present, int64_t absent_msec,
                    int64_t *timeout_msec);

#endif
