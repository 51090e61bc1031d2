/* SPDX-License-Identifier: ISC */
#ifndef SESSION_AUDIT_H
#define SESSION_AUDIT_H

#include <stddef.h>

#include "daemon/session/peer.h"

/* Every line of the log that says what somebody did at the socket; audit.c alone knows what they look
 * like. */

/*
 * These write one line for each request that changes something, when it is accepted: who asked, and for what.
 * Only names of services are written, as many as the line takes; names that no service has are just counted.
 */
void audit_names(const struct peer *peer, const char *method, const char *const *names, size_t count);
void audit_signal(const struct peer *peer, const char *signal, const char *const *names, size_t count);
void audit_profile(const struct peer *peer, const char *method, const char *profile);
void audit_call(const struct peer *peer, const char *method);

/* These write what was refused, and to whom. */
void audit_limit(enum access access, const struct identity *identity, const char *limit, long long value);
void audit_denied(const struct peer *peer);
void audit_invalid(const struct peer *peer);

/* Writes that the broker ends the peer's connection, and why. */
void audit_closed(const struct peer *peer, const char *why);

/* Writes that so many calls of a client that is gone will not be done. */
void audit_dropped(const struct peer *peer, unsigned calls);

#endif
