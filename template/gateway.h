/* SPDX-License-Identifier: ISC */
#ifndef TEMPLATE_GATEWAY_H
#define TEMPLATE_GATEWAY_H

#include "template/groups.h"
#include "template/parse.h"
#include "proto/limits.h"
#include "proto/settings.h"

#define TEXT_BYTES (1024 * 1024) /* the account files; what is not touched takes no memory */

/* What a slot's scripts know: kept whole, since nothing is allocated before the drop. */
struct slot {
        const char *program; /* this one's path, from the script's directory on */
        const char *settings[SETTINGS];
        char settings_text[SETTINGS_BYTES];
        char profile[LIMIT_PROFILE_NAME_BYTES + 2];
        struct groups groups;
        char home[4096];
        char path[8192];
        char text[TEXT_BYTES];
};

/*
 * The halves that run as the client user, in the slot (collect: in its log). Each becomes another program, or
 * returns an exit code.
 *   gateway PROFILE HERMES_HOME PATH [EARLIER-GROUP...]
 *   collect PROFILE HERMES_HOME forward-only|- [EARLIER-GROUP...]
 */
int gateway_run(struct slot *slot, const char **words);
int gateway_collect(struct slot *slot, const char **words);

/* The container's variables: a file each, of which a newline at the end is not the value's, and an empty one
 * unsets. 0 or an exit code. */
int gateway_container(struct slot *slot);

#endif
