/* SPDX-License-Identifier: ISC */
#ifndef EDGE_RIGHTS_MEMBERS_H
#define EDGE_RIGHTS_MEMBERS_H

#include <stdbool.h>

/*
 * Is anybody but root in group 0: the client user by its own groups, a member by the account files, or an
 * account whose first group it is? In images for OpenShift somebody is. 0 and *shared, or a negative errno.
 */
int rights_look_at_root_group(const char *client_user, unsigned client_gid, bool *shared);

#endif
