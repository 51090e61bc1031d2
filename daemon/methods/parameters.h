/* SPDX-License-Identifier: ISC */
#ifndef METHODS_PARAMETERS_H
#define METHODS_PARAMETERS_H

#include "daemon/session/peer.h"
#include "proto/call.h"
#include "proto/fields.h"

/* What a call was given, into a struct as `fields` says. False: something of it is wrong, and the call is
 * answered so. */
bool parameters_read(struct peer *peer, const struct call *call, const struct field *fields,
                     void *parameters);

/* The same of a method that takes none. */
bool parameters_are_none(struct peer *peer, const struct call *call);

#endif
