/* SPDX-License-Identifier: ISC */
#ifndef SESSION_ERRORS_H
#define SESSION_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/judge/fault.h"
#include "daemon/session/peer.h"
#include "proto/interface.h"
#include "proto/text.h"

/* Faults and refusals as the interface's errors. */

#define ERROR_LIMIT IO_SVCBROKER ".LimitExceeded"

/* Returns the fully qualified error name of a fault, appends the error's fields to text as a JSON object, and
 * counts the refusal. name: the service's, as it was asked for. service: may be NULL, but not for
 * WaitTimeout, Superseded and Failed, whose fields show it. */
const char *errors_of_fault(struct server *server, const struct fault *fault, const char *name,
                            struct service *service, struct text *text);

/* Appends the fields of ERROR_LIMIT as a JSON object. */
void errors_write_limit(struct text *text, const char *limit, int64_t value);

/* Each of these ends the peer's running call with an error. */
void errors_fault(struct peer *peer, const struct fault *fault, const char *name, struct service *service);
void errors_parameter(struct peer *peer, const char *parameter);
void errors_limit(struct peer *peer, const char *limit, int64_t value);
void errors_denied(struct peer *peer);
void errors_invalid_message(struct peer *peer, const char *reason, size_t offset);

/* Ends the call with an error that has up to two string fields; name1 or name2 is NULL where it has fewer. */
void errors_strings(struct peer *peer, const char *error, const char *name1, const char *value1,
                    const char *name2, const char *value2);

#endif
