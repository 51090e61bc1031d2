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
        bool can_switch; /* root, with CAP_SETUID and CAP_SETGID: gateways and files get the client's ids */
        bool bounding_shrunk;  /* the bounding set holds nothing more either */
        bool supervisor_kills; /* s6-supervise may signal gateways: it has CAP_KILL, or their uid */
        uint64_t missing; /* bits (1 << CAP_...) of what we wanted and lack; SETPCAP: bounding_shrunk is false
                             for that */
};

/* Called first in main: sets no_new_privs, umask 077, no core dumps, and RLIMIT_NOFILE to `files`, or what
 * the hard limit allows. 0 or a negative errno. */
int rights_begin(unsigned files);

/*
 * Drops all rights but CAP_SETUID and CAP_SETGID, then reads back what the kernel says; a difference is
 * -EPERM. Capabilities are each thread's own: this is for the calling thread, and for those that it starts
 * afterwards. Sets *rights. 0 or a negative errno.
 */
int rights_drop(struct rights *rights);

/* Makes CAP_SETUID and CAP_SETGID effective in the calling thread, which is about to change its ids. 0 or a
 * negative errno. */
int rights_raise(void);

/*
 * Between these two, files that the calling thread makes get group `gid` (setfsgid, CAP_SETGID raised for the
 * call). rights_group_begin() returns false where that cannot be; then rights_group_end() is not called.
 */
bool rights_group_begin(unsigned gid);
void rights_group_end(void);

#endif
