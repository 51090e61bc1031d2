/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_USAGE_USAGE_H
#define CLIENT_USAGE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/*
 * How much services take: a member `usage` of each Service that has a process, and a member `container` of a
 * document. svcctl adds both; the broker knows nothing of them. What may not be read is null there.
 */
struct usage_sample {
        int64_t pid;
        int64_t cpu_usec;
        int64_t looked_msec;
        struct json_object *usage; /* what was found */
};

/* The samples of the last look: the share of a processor is the difference between two looks. */
struct usages {
        int64_t least_msec;           /* a sample that is younger is not renewed */
        struct usage_sample *samples; /* sorted by pid */
        size_t count;
};

/* Adds to each of an array of services what it takes. files: open files, too. here: the processes of services
 * are in our own /proc; else nothing is known of them. */
void usages_add(struct usages *usages, struct json_object *services, bool here, bool files);
void usages_deinit(struct usages *usages);

/* Adds the memory of the container, and its limit, as a member of the document; nothing where no group can be
 * seen. */
void usage_add_container(struct json_object *document);

/* Adds the same as metrics of io.systemd.Metrics, behind those that the broker tells, whose family ServicePid
 * says which processes are meant. families and metrics: arrays of the replies of Describe and List. */
void usage_add_metrics(struct json_object *families, struct json_object *metrics, bool here);

#endif
