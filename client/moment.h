#ifndef CLIENT_MOMENT_H
#define CLIENT_MOMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Points in time as people write them. */

/*
 * Reads "10m" or "1h30m" (that long ago), "14:30" or "14:30:15" (today, or yesterday if that is still to
 * come), "2026-11-22", "2026-11-22 14:30" and "2026-11-22T14:30:15", in local time; a Z at the end of the
 * last two says that it is UTC. false: none of these, or no such date.
 */
bool moment_parse(const char *text, time_t now, int64_t *moment_usec);

#endif
