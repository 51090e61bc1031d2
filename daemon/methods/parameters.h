/* SPDX-License-Identifier: ISC */
#ifndef METHODS_PARAMETERS_H
#define METHODS_PARAMETERS_H

#include "daemon/session/peer.h"
#include "proto/call.h"
#include "proto/fields.h"

/* Reads the call's parameters into a struct, as `fields` says; they stay owned by the call. False: a
 * parameter is wrong, and the call has been answered with InvalidParameter. */
bool parameters_read(struct peer *peer, const struct call *call, const struct field *fields,
                     void *parameters);

/* The same for a method without parameters. */
bool parameters_are_none(struct peer *peer, const struct call *call);

#endif
