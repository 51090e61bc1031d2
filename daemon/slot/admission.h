/* SPDX-License-Identifier: ISC */
#ifndef SLOT_ADMISSION_H
#define SLOT_ADMISSION_H

#include <stdbool.h>

#include "daemon/judge/fault.h"

struct json_object;
struct registry;
struct service;

/*
 * What is registered must leave room for what is there already: on the file system of the slots, which may be
 * small; among s6-svscan's supervisors; and under the bound of all variables together. FAULT_NONE: there is
 * room.
 */

/* Is there room for another slot? essential: the slot is made however little the others have left, as long as
 * it can be. */
struct fault admission_of_slot(struct registry *registry, struct json_object *environment, bool essential);

/* Is there room for these variables instead of those that the slot has, under the bound of all variables
 * together? */
struct fault admission_of_environment(const struct service *service, struct json_object *environment);

/* Does the slots' file system lack room for another slot, or for new variables beside the old ones?
 * admission_no_room says so. */
bool admission_is_short(struct registry *registry);
extern const struct fault admission_no_room;

/* Are these the variables that the slot has? */
bool admission_has_environment(const struct service *service, struct json_object *environment);

#endif
