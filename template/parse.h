/* SPDX-License-Identifier: ISC */
#ifndef TEMPLATE_PARSE_H
#define TEMPLATE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What files say. All of it is pure, and works in place on text that ends with NUL: nothing is allocated. */

/* An account's numbers, by the lines of passwd. */
bool parse_user(char *text, const char *user, uid_t *uid, gid_t *gid);

/* The groups that list it, by the lines of group, behind the first, which is there already. How many there are
 * then, `most` or less. */
size_t parse_groups(char *text, const char *user, gid_t *gids, size_t most);

/* A note of a process group, PID:START; START is its leader's, as parse_start() has it, or empty. 0: it is none;
 * to kill 0, 1 or -1 would be to kill others. */
pid_t parse_note(const char *note, unsigned long long *start);

/* Field 22 of /proc/PID/stat, 0 where there is none. */
unsigned long long parse_start(const char *stat);

/* The next variable of a slot's env: NAME=VALUE, and lines with a space in front that go on with the value. false:
 * no more. */
bool parse_variable(char **rest, char **name, char **value);

/* A profile's own directory means the root above it; slashes at the end go. */
void parse_home(char *home);

#endif
