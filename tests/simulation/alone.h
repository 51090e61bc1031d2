/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_ALONE_H
#define SIMULATION_ALONE_H

#include "sim.h"

#include "daemon/edge/s6_status.h"

/* A core that is only a clock and a seed: for tests of the world of s6 without a broker. */
extern int64_t now_usec;

void world(enum s6_flavour flavour);
void end(void);
void pass(int64_t usec); /* so much time */

void slot(const char *profile, bool down, bool log);
void link_slot(const char *profile);
void unlink_slot(const char *profile);
void scan(const char *letters);                   /* to s6-svscan */
void tell(const char *name, const char *letters); /* to an s6-supervise: "scan/gateway-p1" */
struct s6_status status(const char *name);

#endif
