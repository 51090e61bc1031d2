/* SPDX-License-Identifier: ISC */
#ifndef SESSION_ACCESS_H
#define SESSION_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/log/log.h"

/* Who a peer is, by the kernel's word: SO_PEERCRED, read at accept. */
struct identity {
        uid_t uid;
        gid_t gid;
        pid_t pid;     /* for the log and the history only: it may be another process's by now */
        bool observes; /* a member of the observer group */
};

#define IDENTITY_NOBODY ((struct identity){.uid = (uid_t)-1, .gid = (gid_t)-1})

/* What a peer may do, from least to most. */
enum access {
        ACCESS_NOBODY,
        ACCESS_OBSERVER, /* may read */
        ACCESS_CLIENT,   /* may also change */
        ACCESS_ROOT,     /* is bound by no quota either */
};

struct access_policy {
        uid_t own_uid; /* the broker's: root, or the user who started it without root */
        uid_t client_uid;
        bool has_observers;
        gid_t observer_gid;
};

/* Fills *identity from the socket; on any failure it becomes IDENTITY_NOBODY. */
void identity_of(int fd, const struct access_policy *policy, struct identity *identity);

/* The source that a peer with this access has in the log. */
static inline enum log_source access_log_source(enum access access)
{
        return access == ACCESS_ROOT ? LOG_ROOT : access == ACCESS_CLIENT ? LOG_CLIENT : LOG_OTHERS;
}

/* The access of that identity. No match means no access. */
enum access access_of(const struct access_policy *policy, const struct identity *identity);

#endif
