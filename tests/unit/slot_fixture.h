/* SPDX-License-Identifier: ISC */
#ifndef UNIT_SLOT_FIXTURE_H
#define UNIT_SLOT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <check.h>

#include "daemon/edge/slot.h"

/* What the tests of slots share: a directory of each test's own (Check forks), with services/, template/ and
 * outside/, and the rights that the daemon has. */
#define GROUP 4711
#define NAME "gateway-coder"

struct json_object;

extern char root[];
extern int at; /* root, open */
extern struct slots slots;
extern char services[64], template[64];

void put(const char *path, const char *text, mode_t mode);
void make(const char *path, mode_t mode);
const char *text_of(const char *path);
bool exists(const char *path);
void assert_inode(const char *path, mode_t type, mode_t mode, gid_t gid);
unsigned entries(const char *path);
struct json_object *environment_of(const char *text);
void stage_and_commit(const char *environment_text, bool down);

/* The cases of a test program, with setup() and teardown() around each; and its end. */
Suite *slot_suite(const char *name, TCase **cases);
int slot_run(Suite *suite);

#endif
