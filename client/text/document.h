#ifndef CLIENT_TEXT_DOCUMENT_H
#define CLIENT_TEXT_DOCUMENT_H

#include <poll.h>
#include <stdbool.h>

struct json_object;

/* What --json puts on stdout: one line of ASCII JSON. */
void document_write(struct json_object *document);

/* {"error": ..., "parameters": ...}. parameters may be NULL, for {}. */
void document_write_error(const char *error, struct json_object *parameters);

/* For people: over several lines. */
void document_write_pretty(struct json_object *document);

/* Nobody reads stdout any more; of poll(2), what says so. */
#define DOCUMENT_UNREAD (POLLERR | POLLHUP)
bool document_unread(void);

/*
 * Everything on stdout is out. false: it could not be written (a full disk); a reader that went away (`svcctl
 * list | head`) is fine.
 */
bool document_flush(void);

#endif
