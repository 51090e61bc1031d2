/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGLAST_H
#define CLIENT_LOG_LOGLAST_H

#include <stdbool.h>
#include <stddef.h>

#include "client/log/logmerge.h"

/* The last lines of a merge, as long as they are no more than there is room for. */

#define LOGLAST_BYTES_MAX (8 * 1024 * 1024)

struct loglast {
        size_t most;  /* so many are kept */
        size_t total; /* so many came */
        bool lost;    /* there is no room for as many; none is kept, and they are only counted */
        struct logmerge_entry *ring;
        size_t room, first, count;
        size_t bytes;
};

void loglast_init(struct loglast *last, size_t most);
void loglast_deinit(struct loglast *last);

void loglast_take(struct loglast *last, const struct logmerge_entry *entry);

/* The one that came as that number of those that are kept, from 0. NULL: there are no more. */
const struct logmerge_entry *loglast_at(const struct loglast *last, size_t number);

#endif
