/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_FAILURE_H
#define DAEMON_FAILURE_H

#include <stdbool.h>

/*
 * Tells people and s6 why the broker does not start. What a person must change is a configuration error
 * (EX_CONFIG, 78), after which `finish` lets the service stay down. All else passes by itself, as a lack of
 * processes, of memory, of descriptors or of room does: EX_TEMPFAIL (75), and s6 tries again. The errno
 * decides, whatever call it came from.
 */
bool failure_passes(int error);

/*
 * One line on standard error: "svcbrokerd: FORMAT: what error means: remedy". Like the log, but not escaped:
 * nothing in it comes from a client. error: a positive errno, or 0 where no errno says what a person must
 * change. remedy: what to do where the failure does not pass by itself; NULL where the format says all.
 * Returns the exit code.
 */
__attribute__((format(printf, 3, 4))) int fail(int error, const char *remedy, const char *format, ...);

#endif
