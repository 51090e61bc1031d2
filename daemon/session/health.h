#ifndef SESSION_HEALTH_H
#define SESSION_HEALTH_H

#include "daemon/session/server.h"
#include "proto/text.h"

/* Appends the reply of Health, from memory. */
void health_write(struct server *server, struct text *text);

#endif
