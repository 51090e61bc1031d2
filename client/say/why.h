/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_WHY_H
#define CLIENT_SAY_WHY_H

#include <stdint.h>

#include "client/say/facts.h"
#include "client/text/printable.h"

/* How a service came to be as it is, in sentences. Pure. */

struct why {
        char *happened; /* what it is, since when, how its last run ended */
        char *next;     /* what happens without anybody's doing */
        char *advice;   /* what to do; "" where nothing is to be done */
};

/* Made printable. false: out of memory; why_deinit() is due only after true. */
bool why_init(struct why *why, const struct facts *facts, int64_t now_usec, enum printable printable);
void why_deinit(struct why *why);

#endif
