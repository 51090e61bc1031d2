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

/* The fully qualified error name of a fault, and its fields as a JSON object. `name`: the service's, as it
 * was asked for. */
const char *errors_of_fault(struct server *server, const struct fault *fault, const char *name,
                            struct service *service, struct text *text);

/* The fields of ERROR_LIMIT. */
void errors_write_limit(struct text *text, const char *limit, int64_t value);

/* Each of these ends the running call of the peer with an error. */
void errors_fault(struct peer *peer, const struct fault *fault, const char *name, struct service *service);
void errors_parameter(struct peer *peer, const char *parameter);
void errors_limit(struct peer *peer, const char *limit, int64_t value);
void errors_denied(struct peer *peer);
void errors_invalid_message(struct peer *peer, const char *reason, size_t offset);

/* An error with up to two string fields; names NULL where there are fewer. */
void errors_strings(struct peer *peer, const char *error, const char *name1, const char *value1,
                    const char *name2, const char *value2);

#endif
