/* SPDX-License-Identifier: ISC */
#ifndef METHODS_METRICS_CALLS_H
#define METHODS_METRICS_CALLS_H

#include "daemon/methods/metrics_families.h"

/* The families of calls, by method: each of these tells one. */
void metrics_calls_begun(struct scrape *scrape);
void metrics_calls_ended(struct scrape *scrape);
void metrics_call_seconds(struct scrape *scrape);
void metrics_call_longest(struct scrape *scrape);

/* Tells how many calls took up to each bound, as a histogram of Prometheus has it: those within the lesser
 * bounds are counted with them, and at "+Inf" are all. */
void metrics_call_buckets(struct scrape *scrape);

#endif
