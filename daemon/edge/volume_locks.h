#ifndef EDGE_VOLUME_LOCKS_H
#define EDGE_VOLUME_LOCKS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Does some process hold an fcntl lock (of any kind, on any part) on the file? 1 yes, 0 no or no such file,
 * or a negative errno; then nobody knows. Never takes it. Not flock(2), which is another thing.
 */
int volume_is_locked(int volume, const char *path);

/*
 * The locks by which a gateway, and its s6-log, say that they work as they should: each is held by that very
 * process, as only the kernel can say. In the deputy, as the client user.
 */
struct volume_lock {
        int result; /* 0, or a negative errno: it could not be looked at */
        bool held;
        pid_t holder; /* 0: nobody, or one that is not to be seen here */
};

struct volume_locks {
        int opened; /* of the volume: 0 or a negative errno; nothing else is set then */
        struct volume_lock gateway;
        struct volume_lock log; /* of logs/gateways/PROFILE; result is that of the directory, if it was none
                                   to begin with */
        bool log_writable;  /* by that user, as far as the directory's and the lock's owner and mode say */
        bool log_read_only; /* its file system is */
        bool log_full;      /* the same: no room for anybody but root */
        uid_t log_uid;      /* who the directory, or what in it is not to be written, belongs to */
};

/* Follows links in the logs' path, as s6-log does, but none of those that lead to what a process has open. */
void volume_look_at_locks(const char *home, const char *profile, uid_t uid, struct volume_locks *found);

#endif
