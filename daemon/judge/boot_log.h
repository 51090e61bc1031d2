/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_BOOT_LOG_H
#define JUDGE_BOOT_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/limits.h"

/* The file's path in $HERMES_HOME. */
#define BOOT_LOG "logs/container-boot.log"

/*
 * What $HERMES_HOME/logs/container-boot.log says of the gateways, a line a profile at each container start:
 *     2026-05-07T12:00:00+0000 profile=coder prior_state=running action=started
 * prior_state is the gateway_state that the container before left. The file is the client user's: a line of
 * another form says nothing. Pure.
 */
#define BOOT_LOG_PROFILES 1024 /* the profiles that come first in the file; others are not looked at */

struct boot_profile {
        char name[LIMIT_PROFILE_NAME_BYTES + 1];
        unsigned failures; /* how many of its newest lines in a row say startup_failed */
};

struct boot_log {
        struct boot_profile *profiles; /* by name */
        size_t count;
        size_t capacity;
        bool failed; /* out of memory */
};

void boot_log_init(struct boot_log *log);
void boot_log_deinit(struct boot_log *log);

/* Reads another part, which is newer than what was read before: an older file is to be read first. */
void boot_log_read(struct boot_log *log, const char *text);

#endif
