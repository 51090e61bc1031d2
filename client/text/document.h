/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_DOCUMENT_H
#define CLIENT_TEXT_DOCUMENT_H

struct json_object;

/* Prints what --json puts on stdout: one line of ASCII JSON. */
void document_write(struct json_object *document);

/* Prints {"error": ..., "parameters": ...}. parameters may be NULL, for {}. */
void document_write_error(const char *error, struct json_object *parameters);

/* Prints the document over several lines, for people. */
void document_write_pretty(struct json_object *document);

#endif
