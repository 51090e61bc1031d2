/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_USAGE_USAGE_H
#define CLIENT_USAGE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/*
 * How much services take: a member `usage` of each Service that has a process, which the broker knows nothing of, and one
 * `container` of a document. What may not be read is null there.
 */
struct usage_sample {
        int64_t pid;
        int64_t cpu_usec;
        int64_t looked_msec;
        struct json_object *usage; /* what was found */
};

/* What was found of late: how much of a processor something takes is a difference. */
struct usages {
        int64_t least_msec;           /* what is younger is not looked at again */
        struct usage_sample *samples; /* by pid */
        size_t count;
};

/* Adds to each of an array of services what it takes. files: open files, too. here false: their processes are in no /proc of
 * ours, and nothing is known. */
void usages_add(struct usages *usages, struct json_object *services, bool here, bool files);
void usages_deinit(struct usages *usages);

/* The memory of the container, and its limit, as a member of the document; nothing where no group can be seen. */
void usage_add_container(struct json_object *document);

/* The same as metrics of io.systemd.Metrics, behind those that the broker tells (whose family ServicePid says of which
 * processes): families and metrics are arrays of the replies of Describe and List. */
void usage_add_metrics(struct json_object *families, struct json_object *metrics, bool here);

#endif
