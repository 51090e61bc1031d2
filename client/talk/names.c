/* SPDX-License-Identifier: ISC */
#include "client/talk/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/talk/options.h"
#include "client/talk/select.h"
#include "client/talk/session.h"
#include "client/text/document.h"
#include "client/text/suggest.h"
#include "proto/name.h"

static bool is_gateway(const char *name)
{
        return strncmp(name, GATEWAY_PREFIX, strlen(GATEWAY_PREFIX)) == 0;
}

/* Returns the name of a profile's gateway: free() it. NULL when out of memory. */
static char *gateway_of(const char *name)
{
        char *gateway;

        return asprintf(&gateway, "%s%s", GATEWAY_PREFIX, name) < 0 ? NULL : gateway;
}

static enum outcome queue_status(struct session *session, const char *name)
{
        struct json_object *parameters = json_object_new_object();

        json_object_object_add(parameters, "name", json_object_new_string(name));
        return session_queue(session, "Status", parameters, 0);
}

bool names_is_absence(const char *error)
{
        return strcmp(error, ERROR_NO_SUCH_SERVICE) == 0 || strcmp(error, ERROR_NOT_REGISTERED) == 0;
}

bool names_is_absent(const struct answer *answer)
{
        return answer->error && names_is_absence(answer->error);
}

/* Asks for both services that a word may mean in one round trip; the answer may be an error. */
static enum outcome ask_status(struct session *session, const char *name, struct answer *answer)
{
        int patience_msec = session_patience(session);
        bool exact = !session->options->profile;
        enum outcome outcome = exact ? queue_status(session, name) : OUTCOME_DONE;
        char *gateway = gateway_of(name);

        if (!gateway)
                return session_broken(session, -ENOMEM);
        if (outcome == OUTCOME_DONE)
                outcome = queue_status(session, gateway);
        free(gateway);
        if (outcome == OUTCOME_DONE)
                outcome = session_receive(session, patience_msec, answer);
        if (outcome == OUTCOME_DONE && exact && names_is_absent(answer)) {
                answer_deinit(answer);
                outcome = session_receive(session, patience_msec, answer);
        }
        return outcome;
}

static void add_once(struct json_object *services, const char *service)
{
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                if (strcmp(json_object_get_string(json_object_array_get_idx(services, i)), service) == 0)
                        return;
        }
        json_object_array_add(services, json_object_new_string(service));
}

/* Takes the next reply, which says whether a service is there. InvalidName counts as present, and is left for
 * the order itself to meet; any other error but absence is told, and ends it all. */
static enum outcome receive_presence(struct session *session, const char *name, bool *present)
{
        struct answer answer;
        enum outcome outcome = session_receive(session, session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        *present = !names_is_absent(&answer);
        /* Some of these errors close the connection, so an order sent after them would tell nothing. */
        if (*present && answer.error && strcmp(answer.error, ERROR_INVALID_NAME) != 0)
                outcome = session_refused(session, &answer, name);
        answer_deinit(&answer);
        return outcome;
}

/* Takes both replies that are due for a word. The word means the service of that name, else the gateway of
 * that profile, else whichever of the two it looks like. */
static enum outcome receive_name(struct session *session, const char *name, const char *gateway,
                                 struct json_object *services)
{
        bool exact, profile;
        enum outcome outcome = receive_presence(session, name, &exact);

        if (outcome == OUTCOME_DONE)
                outcome = receive_presence(session, name, &profile);
        if (outcome == OUTCOME_DONE)
                add_once(services, exact || (!profile && is_gateway(name)) ? name : gateway);
        return outcome;
}

static void free_names(char **names)
{
        for (size_t i = 0; names && names[i]; i++)
                free(names[i]);
        free(names);
}

/* Returns the gateways' names of all words, ended by NULL. NULL when out of memory. */
static char **gateways_of(const struct options *options)
{
        char **gateways = calloc(options->words_count + 1, sizeof(*gateways));

        for (size_t i = 0; gateways && i < options->words_count; i++) {
                gateways[i] = gateway_of(options->words[i]);
                if (!gateways[i]) {
                        free_names(gateways);
                        return NULL;
                }
        }
        return gateways;
}

enum outcome names_resolve(struct session *session, struct json_object **services)
{
        const struct options *options = session->options;
        char **gateways;
        struct json_object *made;
        enum outcome outcome = OUTCOME_DONE;

        *services = NULL;
        if (select_is_asked(options))
                return select_names(session, services);
        gateways = gateways_of(options);
        if (!gateways)
                return session_broken(session, -ENOMEM);
        made = json_object_new_array();
        for (size_t i = 0; !options->profile && i < options->words_count && outcome == OUTCOME_DONE; i++) {
                outcome = queue_status(session, options->words[i]);
                if (outcome == OUTCOME_DONE)
                        outcome = queue_status(session, gateways[i]);
        }
        for (size_t i = 0; i < options->words_count && outcome == OUTCOME_DONE; i++) {
                if (options->profile)
                        add_once(made, gateways[i]);
                else
                        outcome = receive_name(session, options->words[i], gateways[i], made);
        }
        free_names(gateways);
        if (outcome == OUTCOME_DONE)
                *services = made;
        else
                json_object_put(made);
        return outcome;
}

/* Returns the name or profile in `services` that is nearest to `word`; it points into services. NULL: none is
 * near. */
static const char *guess(struct json_object *services, const char *word, bool profiles)
{
        const char *rest = profiles && is_gateway(word) ? word + strlen(GATEWAY_PREFIX) : NULL;
        struct suggestion suggestion;

        suggest_init(&suggestion, word);
        for (size_t i = 0; services && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                const char *profile = member_string(service, "profile");
                const char *name = member_string(service, "name");

                /* The word was the gateway's name in place of the profile's. */
                if (profile && rest && strcmp(profile, rest) == 0)
                        return profile;
                if (profile)
                        suggest_offer(&suggestion, profile);
                if (name && !profiles)
                        suggest_offer(&suggestion, name);
        }
        return suggestion.nearest;
}

enum outcome names_report_absent(struct session *session, const char *error, struct json_object *parameters,
                                 const char *word)
{
        struct answer answer = {0};
        const char *nearest = NULL;
        char *next = NULL;

        /* The absence is known already, so a broker that has gone away meanwhile is no news. */
        if (session_try(session, "List", NULL, "services", session_patience(session), &answer))
                nearest = guess(member_array(answer.parameters, "services"), word, session->options->profile);
        if (nearest && asprintf(&next, "did you mean %s?", nearest) < 0)
                next = NULL;
        if (next)
                failure_print(word, "no service or profile is called that", next);
        else
                failure_report(error, parameters, word);
        free(next);
        answer_deinit(&answer);
        return OUTCOME_NOT_REGISTERED;
}

enum outcome names_refuse_absent(struct session *session, const struct answer *answer, const char *word)
{
        char *error = strdup(answer->error); /* the next reply would take it away */
        enum outcome outcome = OUTCOME_NOT_REGISTERED;

        if (!error)
                return session_broken(session, -ENOMEM);
        if (session->options->json)
                document_write_error(error, answer->parameters);
        outcome = names_report_absent(session, error, answer->parameters, word);
        free(error);
        return outcome;
}

enum outcome names_ask(struct session *session, const char *word, struct answer *answer)
{
        enum outcome outcome = ask_status(session, word, answer);

        if (outcome != OUTCOME_DONE || !answer->error)
                return outcome;
        if (names_is_absent(answer))
                outcome = names_refuse_absent(session, answer, word);
        else
                outcome = session_refused(session, answer, word);
        answer_deinit(answer);
        return outcome;
}
