/* SPDX-License-Identifier: ISC */
#ifndef METHODS_METRICS_FAMILIES_H
#define METHODS_METRICS_FAMILIES_H

#include <stdint.h>

#include "daemon/session/server.h"

/* The families of io.systemd.Metrics: what there is to be told, and where it is counted. Nothing is counted here. */

enum sample_kind {
        SAMPLE_COUNT,   /* number */
        SAMPLE_SECONDS, /* number, in microseconds: told in seconds */
        SAMPLE_WORD,    /* word */
};

/* One metric. Its strings are not owned. */
struct sample {
        enum sample_kind kind;
        int64_t number;
        const char *word;
        const char *object; /* NULL: it is of the broker */
        struct {
                const char *name; /* NULL: there is none, or no further one */
                const char *value;
        } fields[2];
};

/* Who takes what a family has to tell. */
struct scrape {
        struct server *server;
        int64_t now_usec; /* UTC */
        void (*tell)(struct scrape *scrape, const struct sample *sample);
};

struct family {
        const char *name;
        const char *type; /* of MetricFamilyType */
        const char *description;
        /* One of these: of each service, by name; or of the broker, all of them at once. */
        void (*of_service)(struct scrape *scrape, const struct service *service);
        void (*of_broker)(struct scrape *scrape);
};

/* Ended by one without a name. */
extern const struct family metrics_families[];

#endif
