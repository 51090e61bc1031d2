/* SPDX-License-Identifier: ISC */
#include "daemon/session/access.h"

#include <sys/socket.h>

#include "daemon/bounds.h"

/* The kernel's stand-in for ids that have no number in our user namespace (/proc/sys/kernel/overflowuid). */
#define OVERFLOW_ID 65534

static bool peer_in_group(int fd, gid_t gid)
{
        gid_t groups[ACCESS_GROUPS_MOST];
        socklen_t length = sizeof(groups);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0)
                return false;
        for (size_t i = 0; i < length / sizeof(groups[0]); i++)
                if (groups[i] == gid)
                        return true;
        return false;
}

void identity_of(int fd, const struct access_policy *policy, struct identity *identity)
{
        struct ucred credentials = {.uid = (uid_t)-1, .gid = (gid_t)-1};
        socklen_t length = sizeof(credentials);

        *identity = IDENTITY_NOBODY;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0 ||
            length != sizeof(credentials))
                return;
        identity->uid = credentials.uid;
        identity->gid = credentials.gid;
        identity->pid = credentials.pid;
        identity->observes = policy->has_observers && (credentials.gid == policy->observer_gid ||
                                                       peer_in_group(fd, policy->observer_gid));
}

enum access access_of(const struct access_policy *policy, const struct identity *identity)
{
        if (identity->uid == (uid_t)-1 || identity->uid == OVERFLOW_ID)
                return ACCESS_NOBODY;
        if (identity->uid == 0 || identity->uid == policy->own_uid)
                return ACCESS_ROOT;
        if (identity->uid == policy->client_uid)
                return ACCESS_CLIENT;
        return policy->has_observers && identity->observes ? ACCESS_OBSERVER : ACCESS_NOBODY;
}
