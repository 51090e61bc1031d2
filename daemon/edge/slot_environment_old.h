/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_ENVIRONMENT_OLD_H
#define EDGE_SLOT_ENVIRONMENT_OLD_H

#include <stdbool.h>
#include <sys/types.h>

struct json_object;

/*
 * The variables as older brokers kept them, in slots that may still live: a directory env/ (0750) with a file
 * for each variable (its value and nothing else, 0640), and .empty with the names of those whose value is
 * empty, a line each. The scripts of such a slot read that form, so changed variables are written in it as
 * well. The functions are as those of slot_environment.h.
 */
int environment_old_make(int at, const char *name, struct json_object *environment, gid_t gid);
int environment_old_compare(int at, const char *one, const char *other, bool *content, bool *whole);
int environment_old_read(int at, const char *name, struct json_object **environment);

#endif
