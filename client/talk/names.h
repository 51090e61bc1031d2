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
 * gateway of that profile, gateway-coder. Only the broker knows which, so it is asked. With --profile a word
 * always means the gateway.
 */

/* Asks for the service that a word means, and tells what goes wrong. answer_deinit() is due only after
 * OUTCOME_DONE. */
enum outcome names_ask(struct session *session, const char *word, struct answer *answer);

/* Whether an error, or an answer, says that there is no service of that name. */
bool names_is_absence(const char *error);
bool names_is_absent(const struct answer *answer);

/* Finds the services that the options' words mean: *services is a new JSON array of their names, each once,
 * or NULL where the outcome is not OUTCOME_DONE. Where words are patterns, or filters were given (select.h),
 * there may be an array beside OUTCOME_NOT_REGISTERED: some words mean nothing, which was told. */
enum outcome names_resolve(struct session *session, struct json_object **services);

/* Tells, with the user's word, that there is no such service, as the answer says, and what may have been
 * meant. */
enum outcome names_refuse_absent(struct session *session, const struct answer *answer, const char *word);

/* Tells the same of an error, without the document of --json. */
enum outcome names_report_absent(struct session *session, const char *error, struct json_object *parameters,
                                 const char *word);

#endif
