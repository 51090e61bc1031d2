/* SPDX-License-Identifier: ISC */
#ifndef EDGE_RIGHTS_H
#define EDGE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the process may do. After start it keeps CAP_SETUID and CAP_SETGID in its permitted set (for the
 * thread that acts as the client user, and for files of the client's group), nothing in its effective set,
 * and as small a bounding set as it may.
 */
struct rights {
        bool root;       /* effective uid 0 */
        bool can_switch; /* CAP_SETUID and CAP_SETGID are there: gateways and files get the client's identity
                          */
        bool bounding_shrunk;  /* the bounding set holds nothing more either */
        bool supervisor_kills; /* s6-supervise may signal gateways: it has CAP_KILL, or their uid */
        uint64_t missing; /* bits (1 << CAP_...) of what we wanted and lack; SETPCAP: bounding_shrunk is false
                             for that */
};

/* First thing in main: no_new_privs, umask 077, no core dumps, RLIMIT_NOFILE to `files` where the hard limit
 * allows. 0 or a negative errno. */
int rights_begin(unsigned files);

/*
 * Drops, then reads back what the kernel says; a difference is -EPERM. Capabilities are each thread's own:
 * this is for the calling thread, and for those that it starts afterwards. Sets *rights.
 */
int rights_drop(struct rights *rights);

/* Makes what this thread may do effective, for a thread that is about to change its ids. 0 or a negative
 * errno. */
int rights_raise(void);

/*
 * Between these two, files that this thread makes get group `gid` (setfsgid, CAP_SETGID raised for the call).
 * begin: false where that cannot be; then end is not called.
 */
bool rights_group_begin(unsigned gid);
void rights_group_end(void);

#endif
