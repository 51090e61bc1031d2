/* SPDX-License-Identifier: ISC */
#ifndef KEEP_MARKER_H
#define KEEP_MARKER_H

#include <stdbool.h>
#include <sys/types.h>

struct deputy;

/* The marker's name, beside the profile's own files. */
#define MARKER_NAME ".gateway-planned-stop.json"

/*
 * The planned-stop marker in a profile's directory, by which its gateway knows that its stop was ordered.
 * Each is written by itself, since the directory may hang. A marker that is lost costs the gateway's own note
 * of its stop, not the record.
 */
struct marker_order {
        const char *home;
        const char *profile;
        pid_t pid; /* of the gateway's process */
        unsigned lane;
        void (*ended)(void *owner); /* once, on a later turn of the loop: it is written, or will not be */
        void *owner;
};

/* Writes a marker. False: the job is not begun, and `ended` is not called. */
bool marker_run(struct deputy *deputy, const struct marker_order *order);

#endif
