/* SPDX-License-Identifier: ISC */
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

/* Asks for the service that a word means, and tells what goes wrong. answer_deinit() is due only after
 * OUTCOME_DONE. */
enum outcome names_ask(struct session *session, const char *word, struct answer *answer);

/* An error, or an answer, says that there is no service of that name. */
bool names_is_absence(const char *error);
bool names_is_absent(const struct answer *answer);

/* The services that the options' words mean, each once, as a new JSON array: OUTCOME_DONE, or *services is not set. Where
 * the words are patterns, or filters were given (select.h), it is also set where some words mean nothing, which was told;
 * or else NULL. */
enum outcome names_resolve(struct session *session, struct json_object **services);

/* The answer says that there is none of that name: tells it in the user's word, and what may have been meant.
 */
enum outcome names_refuse_absent(struct session *session, const struct answer *answer, const char *word);

/* Tells the same without the document of --json. */
enum outcome names_report_absent(struct session *session, const char *error, struct json_object *parameters,
                                 const char *word);

#endif
