/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_FAILURE_H
#define DAEMON_FAILURE_H

#include <stdbool.h>

/*
 * Does what keeps the broker from starting pass by itself? What a person must change does not, and is a
 * configuration error (EX_CONFIG, 78), after which `finish` lets the service stay down. All else does, as a
 * lack of processes, of memory, of descriptors or of room: EX_TEMPFAIL (75), and s6 tries again. The errno
 * decides, whatever call it came from.
 */
bool failure_passes(int error);

/*
 * Writes one line on standard error: "svcbrokerd: FORMAT: what error means: remedy". Like the log, but not
 * escaped: nothing in it comes from a client. error: a positive errno, or 0 where no errno says what a person
 * must change. remedy: what to do where the failure does not pass by itself; NULL where the format says all.
 * Returns the exit code.
 */
__attribute__((format(printf, 3, 4))) int fail(int error, const char *remedy, const char *format, ...);

#endif
