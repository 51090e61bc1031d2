/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGLAST_H
#define CLIENT_LOG_LOGLAST_H

#include <stdbool.h>
#include <stddef.h>

#include "client/log/logmerge.h"

/* The last lines of a merge, as long as they fit into LOGLAST_BYTES_MAX. */

#define LOGLAST_BYTES_MAX (8 * 1024 * 1024)

struct loglast {
        size_t most;  /* how many lines are kept */
        size_t total; /* how many came */
        bool lost;    /* they did not fit: none is kept, and they are only counted */
        struct logmerge_entry *ring;
        size_t room, first, count;
        size_t bytes;
};

void loglast_init(struct loglast *last, size_t most);
void loglast_deinit(struct loglast *last);

void loglast_take(struct loglast *last, const struct logmerge_entry *entry);

/* Returns the kept line of that number, from 0, the oldest. NULL: there are no more. */
const struct logmerge_entry *loglast_at(const struct loglast *last, size_t number);

#endif
