#include "client/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/options.h"
#include "client/session.h"
#include "proto/name.h"

static bool is_gateway(const char *name)
{
        return strncmp(name, GATEWAY_PREFIX, strlen(GATEWAY_PREFIX)) == 0;
}

/* NULL when out of memory. */
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

bool names_is_absent(const struct answer *answer)
{
        return answer->error && (strcmp(answer->error, ERROR_NO_SUCH_SERVICE) == 0 ||
                                 strcmp(answer->error, ERROR_NOT_REGISTERED) == 0);
}

enum outcome names_ask_status(struct session *session, const char *name, struct answer *answer)
{
        int patience_msec = session_patience(session);
        bool both = !is_gateway(name);
        enum outcome outcome = queue_status(session, name);

        if (outcome == OUTCOME_DONE && both) {
                char *gateway = gateway_of(name);

                outcome = gateway ? queue_status(session, gateway) : session_broken(session, -ENOMEM);
                free(gateway);
        }
        if (outcome == OUTCOME_DONE)
                outcome = session_receive(session, patience_msec, answer);
        if (outcome == OUTCOME_DONE && both && names_is_absent(answer)) {
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

/* The next reply says what `name` is. An error other than its absence is left for the order itself to meet.
 */
static enum outcome receive_name(struct session *session, const char *name, struct json_object *services)
{
        struct answer answer;
        enum outcome outcome = session_receive(session, session_patience(session), &answer);
        char *gateway;

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error && !names_is_absent(&answer) && strcmp(answer.error, ERROR_INVALID_NAME) != 0) {
                /* Some of these close the connection, so an order behind them would tell nothing. */
                outcome = session_refused(session, &answer, name);
                answer_deinit(&answer);
                return outcome;
        }
        gateway = names_is_absent(&answer) ? gateway_of(name) : strdup(name);
        answer_deinit(&answer);
        if (!gateway)
                return session_broken(session, -ENOMEM);
        add_once(services, gateway);
        free(gateway);
        return OUTCOME_DONE;
}

enum outcome names_resolve(struct session *session, struct json_object **services)
{
        const struct options *options = session->options;
        struct json_object *made = json_object_new_array();
        enum outcome outcome = OUTCOME_DONE;

        for (size_t i = 0; i < options->words_count && outcome == OUTCOME_DONE; i++) {
                if (!is_gateway(options->words[i]))
                        outcome = queue_status(session, options->words[i]);
        }
        for (size_t i = 0; i < options->words_count && outcome == OUTCOME_DONE; i++) {
                if (is_gateway(options->words[i]))
                        add_once(made, options->words[i]);
                else
                        outcome = receive_name(session, options->words[i], made);
        }
        if (outcome == OUTCOME_DONE)
                *services = made;
        else
                json_object_put(made);
        return outcome;
}
