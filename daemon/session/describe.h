/* SPDX-License-Identifier: ISC */
#ifndef SESSION_DESCRIBE_H
#define SESSION_DESCRIBE_H

#include "daemon/session/server.h"
#include "proto/text.h"

/* Appends a service as the interface's Service. The JSON is made once after each change, and kept. */
void describe_service(struct server *server, struct service *service, struct text *text);

/* Appends the same with a comma behind it; describe_end_list() removes the comma behind the last service. */
void describe_in_list(struct server *server, struct service *service, struct text *text);
void describe_end_list(struct text *text);

/* Forgets the JSON that was kept of a service: the service has changed since. */
void describe_forget(struct service *service);

/* Appends ,"persisted":... and, where there is a problem, ,"persist_error":... */
void describe_persisted(bool persisted, const char *problem, struct text *text);

#endif
