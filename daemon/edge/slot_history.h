/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_HISTORY_H
#define EDGE_SLOT_HISTORY_H

#include <stddef.h>

struct slots;

/*
 * What happened to a gateway, in its slot: data/history and, older, data/history.1, root's, 0600, a line each. So a broker that
 * is started again knows it, and nobody else can have written it. Brokers that do not know these files leave them alone.
 */

/* Appends lines of at most SLOT_HISTORY_WRITE_BYTES. Not synced: what lies under /run need not survive the machine. Where not
 * all of it could be written, nothing was. 0 or a negative errno. */
int slot_append_history(const struct slots *slots, const char *name, const char *text, size_t length);

/* Both files, the older first; "" where there is none. The caller frees *text. 0 or a negative errno. */
int slot_read_history(const struct slots *slots, const char *name, char **text);

/* From one data/ to another, as far as that can be. */
void slot_carry_history(int from, int to);

#endif
