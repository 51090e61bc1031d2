/* SPDX-License-Identifier: ISC */
#ifndef METHODS_METRICS_FAMILIES_H
#define METHODS_METRICS_FAMILIES_H

#include <stdint.h>

#include "daemon/session/server.h"

/* The families of io.systemd.Metrics: which metrics there are, and where their figures are read from. Nothing
 * is counted here. */

enum sample_kind {
        SAMPLE_COUNT,   /* `number` */
        SAMPLE_SECONDS, /* `number` is in microseconds, and told in seconds */
        SAMPLE_WORD,    /* `word` */
};

/* One metric. Its strings are not owned. */
struct sample {
        enum sample_kind kind;
        int64_t number;
        const char *word;
        const char *object; /* the service's name; NULL: the metric is of the broker */
        struct {
                const char *name; /* NULL: no field, or no further one */
                const char *value;
        } fields[2];
};

/* One List that runs: `tell` takes each metric of a family. */
struct scrape {
        struct server *server;
        int64_t now_usec; /* UTC */
        void (*tell)(struct scrape *scrape, const struct sample *sample);
};

struct family {
        const char *name;
        const char *type; /* a value of MetricFamilyType */
        const char *description;
        /* One of these two is set. of_service tells the metrics of one service, and is called for each
         * service, by name; of_broker tells all metrics of the family. */
        void (*of_service)(struct scrape *scrape, const struct service *service);
        void (*of_broker)(struct scrape *scrape);
};

/* The last family has no name. */
extern const struct family metrics_families[];

#endif
