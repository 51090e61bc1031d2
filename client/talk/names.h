#ifndef CLIENT_TALK_NAMES_H
#define CLIENT_TALK_NAMES_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct answer;
struct json_object;
struct session;

/*
 * The service that a user means: coder is the service of exactly that name, as dashboard is, or else the
 * gateway of that profile, gateway-coder. Only the broker knows, so it is asked. With --profile it is always
 * the gateway.
 */

/* Asks for a service as `status NAME` does: in one round trip. answer as in session_receive(). */
enum outcome names_ask_status(struct session *session, const char *name, struct answer *answer);

/* The answer to a Status says that there is none of that name. */
bool names_is_absent(const struct answer *answer);

/* The services that the options' words mean, each once, as a new JSON array. */
enum outcome names_resolve(struct session *session, struct json_object **services);

/* The answer says that there is none of that name: tells it in the user's word, and what may have been meant.
 */
enum outcome names_refuse_absent(struct session *session, const struct answer *answer, const char *word);

/* The same, without the document of --json. */
enum outcome names_report_absent(struct session *session, const char *error, struct json_object *parameters,
                                 const char *word);

#endif
