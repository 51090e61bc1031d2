/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_WHY_H
#define CLIENT_SAY_WHY_H

#include <stdint.h>

#include "client/say/facts.h"
#include "client/text/printable.h"

/* How a service came to be as it is, in sentences. Pure. */

struct why {
        char *happened; /* how the service is, since when, and how its last run ended */
        char *next;     /* what happens by itself */
        char *advice;   /* what to do; "" where nothing is to be done */
};

/* Makes the sentences, printable. Returns false when out of memory; why_deinit() is due only after true. */
bool why_init(struct why *why, const struct facts *facts, int64_t now_usec, enum printable printable);
void why_deinit(struct why *why);

#endif
