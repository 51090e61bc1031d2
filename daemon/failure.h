/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_FAILURE_H
#define DAEMON_FAILURE_H

#include <stdbool.h>

/*
 * Why there is no broker, to people and to s6. What a person must change is a configuration error (EX_CONFIG,
 * 78), which `finish` lets stay down. All else passes by itself, as a lack of processes, of memory, of
 * descriptors or of room does: EX_TEMPFAIL (75), and s6 tries again. The errno decides, whatever call it came
 * from.
 */
bool failure_passes(int error);

/*
 * One line on standard error: "svcbrokerd: FORMAT: what error means: remedy". Like the log, but not escaped:
 * nothing in it comes from a client. error: a positive errno, or 0 for what no errno says and a person must
 * change. remedy: what to do where it does not pass; NULL where the format says all of it. Returns the exit
 * code.
 */
__attribute__((format(printf, 3, 4))) int fail(int error, const char *remedy, const char *format, ...);

#endif
