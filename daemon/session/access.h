/* SPDX-License-Identifier: ISC */
#ifndef SESSION_ACCESS_H
#define SESSION_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/log/log.h"

/* Who a peer is, by the kernel's word at accept. Starts as nobody. */
struct identity {
        uid_t uid;
        gid_t gid;
        pid_t pid;     /* for log lines only: it can be reused, and another process may write by now */
        bool observes; /* in the observer group */
};

#define IDENTITY_NOBODY ((struct identity){.uid = (uid_t)-1, .gid = (gid_t)-1})

/* From least to most. */
enum access {
        ACCESS_NOBODY,
        ACCESS_OBSERVER, /* reads */
        ACCESS_CLIENT,   /* and changes */
        ACCESS_ROOT,     /* and is not counted */
};

struct access_policy {
        uid_t own_uid; /* the broker's; root, or who started it without root */
        uid_t client_uid;
        bool has_observers;
        gid_t observer_gid;
};

/* Fills *identity from the socket. On any failure it stays nobody. */
void identity_of(int fd, const struct access_policy *policy, struct identity *identity);

/* Whose lines in the log its are. */
static inline enum log_source access_log_source(enum access access)
{
        return access == ACCESS_ROOT ? LOG_ROOT : access == ACCESS_CLIENT ? LOG_CLIENT : LOG_OTHERS;
}

/* No match means no access. */
enum access access_of(const struct access_policy *policy, const struct identity *identity);

#endif
