/* SPDX-License-Identifier: ISC */
#include "client/top/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/member.h"
#include "client/say/show.h"
#include "client/terminal/look.h"
#include "proto/limits.h"

/* How much longer than the wait that it was asked for the broker may take. */
#define ANSWER_SLACK_MSEC 10000

#define NOTE_BYTES (4 * LIMIT_SERVICE_NAME_BYTES + 80)

static const struct key_order key_orders[] = {
        {'s', "start", "Start", "up", NULL},
        {'t', "stop", "Stop", "down", NULL},
        {'r', "restart", "Restart", "up", NULL},
        {'k', "kill", "Signal", NULL, "KILL"},
};

const struct key_order *orders_by_key(char key)
{
        for (size_t i = 0; i < sizeof(key_orders) / sizeof(key_orders[0]); i++)
                if (key_orders[i].key == key)
                        return &key_orders[i];
        return NULL;
}

static struct json_object *make_parameters(const struct key_order *order, const char *name)
{
        struct json_object *parameters = json_object_new_object(), *names = json_object_new_array();

        json_object_array_add(names, json_object_new_string(name));
        json_object_object_add(parameters, "names", names);
        if (order->signal)
                json_object_object_add(parameters, "signal", json_object_new_string(order->signal));
        if (order->goal) {
                json_object_object_add(parameters, "wait", json_object_new_string(order->goal));
                json_object_object_add(parameters, "timeout_msec", json_object_new_int(DEFAULT_WAIT_MSEC));
        }
        return parameters;
}

void orders_give(struct orders *orders, const struct options *options, const struct key_order *order,
                 const char *name, struct messages *messages)
{
        struct given *given = &orders->given[orders->count];
        char *printable = printable_text(name, look_printable());
        char note[NOTE_BYTES];
        int64_t deadline_msec = clock_now_msec() + DEFAULT_WAIT_MSEC + ANSWER_SLACK_MSEC;

        if (orders->count == ORDERS_MOST) {
                snprintf(note, sizeof(note),
                         "not ordered: %d orders are under way; try again when one is done", ORDERS_MOST);
                messages_answer(messages, note);
                free(printable);
                return;
        }
        orders->count++;
        given->order = order;
        snprintf(given->name, sizeof(given->name), "%s", name);
        errand_begin(&given->errand, options, order->method, make_parameters(order, name), 0, deadline_msec);
        given->errand.repeated = order->goal;
        snprintf(note, sizeof(note), "%s: %s ordered", printable ? printable : order->word, order->word);
        messages_answer(messages, note);
        free(printable);
}

/* Tells of an order that could not be recorded, in svcctl's own words. */
static void tell_unrecorded(struct json_object *outcome, const char *name, struct messages *messages)
{
        const char *persist_error = member_string(outcome, "persist_error");

        messages_tell(messages,
                      failure_text(name, persist_error ? persist_error : "the order could not be recorded",
                                   "the order holds; it is recorded when that is mended", look_printable()),
                      true);
}

static void tell_error(const char *error, struct json_object *parameters, const char *name,
                       struct messages *messages)
{
        enum outcome outcome;

        messages_tell(messages, failure_words(error, parameters, name, look_printable(), &outcome), true);
}

static void tell_outcome(const struct given *given, struct json_object *outcome, struct messages *messages)
{
        const char *error = member_string(outcome, "error");

        if (error) {
                tell_error(error, member_object(outcome, "error_parameters"), given->name, messages);
                return;
        }
        messages_tell(messages, show_outcome_words(outcome, given->order->signal, look_printable()), false);
        if (!member_true(outcome, "persisted"))
                tell_unrecorded(outcome, given->name, messages);
}

static void tell_answer(const struct given *given, const struct answer *answer, struct messages *messages)
{
        struct json_object *outcomes = member_array(answer->parameters, "outcomes");

        if (answer->error)
                tell_error(answer->error, answer->parameters, given->name, messages);
        for (size_t i = 0; !answer->error && outcomes && i < json_object_array_length(outcomes); i++)
                tell_outcome(given, json_object_array_get_idx(outcomes, i), messages);
}

/* Goes on with an order. Returns true if it is done. */
static bool turn(struct given *given, struct messages *messages)
{
        struct session session = given->errand.session;
        struct answer answer;
        bool continues;
        int result;

        for (;;) {
                switch (errand_turn(&given->errand, &answer, &result)) {
                case ERRAND_NOTHING:
                        return false;
                case ERRAND_BROKEN:
                        session.connection = NULL;
                        messages_tell(messages, session_broken_words(&session, result, look_printable()),
                                      true);
                        return true;
                case ERRAND_ANSWER:
                        tell_answer(given, &answer, messages);
                        continues = answer.continues;
                        answer_deinit(&answer);
                        if (!continues)
                                return true;
                }
        }
}

void orders_turn(struct orders *orders, struct messages *messages)
{
        for (size_t i = 0; i < orders->count;) {
                if (!turn(&orders->given[i], messages)) {
                        i++;
                        continue;
                }
                errand_end(&orders->given[i].errand);
                orders->count--;
                memmove(orders->given + i, orders->given + i + 1,
                        (orders->count - i) * sizeof(*orders->given));
        }
}

void orders_deinit(struct orders *orders)
{
        while (orders->count > 0)
                errand_end(&orders->given[--orders->count].errand);
}
