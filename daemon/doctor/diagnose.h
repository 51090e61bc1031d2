/* SPDX-License-Identifier: ISC */
#ifndef DOCTOR_DIAGNOSE_H
#define DOCTOR_DIAGNOSE_H

#include "daemon/session/dispatch.h"

extern const struct method diagnose_methods[];

/* Frees the server's doctor, if it has one: nobody gets an answer any more. */
void diagnose_close(struct server *server);

#endif
