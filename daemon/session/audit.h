#ifndef SESSION_AUDIT_H
#define SESSION_AUDIT_H

#include <stddef.h>

#include "daemon/session/peer.h"

/*
 * One line for each request that changes something, when it is accepted: who, and what of. Names that no
 * service has are counted, and only names of services are written, as many as the line takes.
 */
void audit_names(const struct peer *peer, const char *method, const char *const *names, size_t count);
void audit_profile(const struct peer *peer, const char *method, const char *profile);
void audit_call(const struct peer *peer, const char *method);

#endif
