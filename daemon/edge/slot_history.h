/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_HISTORY_H
#define EDGE_SLOT_HISTORY_H

#include <stddef.h>

struct slots;

/*
 * The history of a gateway, in its slot: data/history and, older, data/history.1, root's, 0600, with a line
 * for each thing that happened. So a broker that is started again knows the history, and nobody else can have
 * written it. Brokers that do not know these files leave them alone.
 */

/* Appends lines, at most SLOT_HISTORY_WRITE_BYTES in all (-EFBIG). Not synced: what lies under /run need not
 * survive the machine. Where not all could be written, what was is cut off again. 0 or a negative errno. */
int slot_append_history(const struct slots *slots, const char *name, const char *text, size_t length);

/* Reads both files, the older first; "": there is none. The caller frees *text. 0 or a negative errno. */
int slot_read_history(const struct slots *slots, const char *name, char **text);

/* Copies the history from one data/ to another, as far as that can be. */
void slot_carry_history(int from, int to);

#endif
