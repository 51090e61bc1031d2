/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_PAST_H
#define CLIENT_SAY_PAST_H

#include <stdbool.h>
#include <stdio.h>

#include "client/terminal/look.h"

struct json_object;

/* What happened in the past, in words: a PastEvent of io.svcbroker, or several. Pure. */

#define PAST_TEXT_BYTES 1024

/* Writes an event in words, as "restart ordered by uid 10000 (svcctl, pid 12)". buffer: PAST_TEXT_BYTES. */
const char *past_words(struct json_object *event, char *buffer);

/* Write the line of an event: whole, or, where it is plain which service it is of, wrapped and without the
 * name. */
void past_write(FILE *file, struct json_object *event, const struct look *look);
void past_write_nameless(FILE *file, struct json_object *event, const struct look *look);

/* Prints the line of an event. */
void past_show(struct json_object *event, const struct look *look);

/*
 * Counts the ends that nobody ordered: "ended 3 times in 24 h that nobody ordered: exit 1 twice, SIGKILL once
 * (out of memory)"; "" if there were none. hours: over which the events reach. buffer: PAST_TEXT_BYTES.
 */
const char *past_ends(struct json_object *events, unsigned hours, char *buffer);

#endif
