/* SPDX-License-Identifier: ISC */
#include "client/talk/dry_run.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/label.h"
#include "client/say/member.h"
#include "client/say/show.h"
#include "client/talk/order.h"
#include "client/talk/session.h"
#include "client/talk/options.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/table.h"
#include "proto/name.h"

/* Returns what the order would do to one service, in a word that programs may read, too. */
static const char *deed_of(const struct order *order, const struct facts *facts)
{
        bool down = facts->state->kind == STATE_DOWN, up = facts->state->kind == STATE_UP;

        if (order->signal)
                return facts->pid >= 0 ? "signal" : "refuse";
        if (strcmp(order->method, "Start") == 0)
                return up && facts->want_up ? "keep" : "start";
        if (strcmp(order->method, "Stop") == 0)
                return down && !facts->want_up ? "keep" : "stop";
        if (strcmp(order->method, "Restart") == 0)
                return facts->pid >= 0 ? "restart" : "start";
        return "reset";
}

/* Returns the outcome that the order would have for the service, where that is known, and corrects *deed. */
static enum outcome outcome_of(const struct order *order, const struct facts *facts, const char **deed)
{
        if (order->not_served && facts->state->kind == STATE_SERVED) {
                *deed = "refuse";
                return OUTCOME_HELD;
        }
        return strcmp(*deed, "refuse") == 0 ? OUTCOME_NOT_RUNNING : OUTCOME_DONE;
}

static void add(struct json_object *would, const char *name, const char *deed, struct json_object *service)
{
        struct json_object *entry = json_object_new_object();

        json_object_object_add(entry, "name", json_object_new_string(name));
        json_object_object_add(entry, "action", json_object_new_string(deed));
        if (service)
                json_object_object_add(entry, "service", json_object_get(service));
        json_object_array_add(would, entry);
}

static bool is_of_all(const struct order *order, struct json_object *service, const struct facts *facts)
{
        if (!facts->gateway || (order->not_served && facts->state->kind == STATE_SERVED))
                return false;
        return !order->only_wanted || member_is(service, "want", "up");
}

static struct json_object *find(struct json_object *services, const char *name)
{
        for (size_t i = 0; i < json_object_array_length(services); i++)
                if (member_is(json_object_array_get_idx(services, i), "name", name))
                        return json_object_array_get_idx(services, i);
        return NULL;
}

/* A start of a profile that has no gateway makes one, if there is such a profile, which only the order
 * shows. */
static enum outcome look_at_absent(const struct order *order, struct json_object *would, const char *name)
{
        bool makes = strcmp(order->method, "Start") == 0 && name_profile_of(name);

        add(would, name, makes ? "register" : "refuse", NULL);
        if (makes)
                return OUTCOME_DONE;
        failure_print(name, "no service or profile is called that", "'svcctl list' shows what there is");
        return OUTCOME_NOT_REGISTERED;
}

static enum outcome look_at(const struct order *order, struct json_object *would, struct json_object *service)
{
        struct facts facts;
        const char *deed;
        enum outcome outcome;

        facts_read(service, &facts);
        deed = deed_of(order, &facts);
        outcome = outcome_of(order, &facts, &deed);
        add(would, facts.name, deed, service);
        return outcome;
}

static enum outcome look_at_all(const struct order *order, struct json_object *would,
                                struct json_object *services, struct json_object *names)
{
        enum outcome worst = OUTCOME_DONE;
        size_t count = json_object_array_length(names ? names : services);

        for (size_t i = 0; i < count; i++) {
                const char *name = names ? json_object_get_string(json_object_array_get_idx(names, i)) : NULL;
                struct json_object *service =
                        name ? find(services, name) : json_object_array_get_idx(services, i);
                struct facts facts;

                facts_read(service, &facts);
                if (!service)
                        worst = failure_worse(worst, look_at_absent(order, would, name));
                else if (name || is_of_all(order, service, &facts))
                        worst = failure_worse(worst, look_at(order, would, service));
        }
        return worst;
}

static void show(struct json_object *would)
{
        struct table table;
        struct look look;
        size_t longest = 0;

        look_init(&look);
        table_init(&table, 3, NULL);
        table.printable = look.printable;
        for (size_t i = 0; i < json_object_array_length(would); i++) {
                struct json_object *entry = json_object_array_get_idx(would, i);
                const char *name = member_string(entry, "name");
                const char *state = show_state(member_object(entry, "service"));
                char deed[32], now[32];

                snprintf(deed, sizeof(deed), "would %s", member_string(entry, "action"));
                snprintf(now, sizeof(now), "now %s", state ? state : "not registered");
                longest = strlen(name) > longest ? strlen(name) : longest;
                table_add(&table, (const struct cell[]){{.text = name, .prefix = label_prefix(name)},
                                                        {.text = deed, .tint = TINT_BUSY},
                                                        {.text = now}});
        }
        show_fit_names(&table, longest, &look);
        table_print(&table, stdout, look.colour);
        table_deinit(&table);
}

enum outcome dry_run(struct session *session, const struct order *order, struct json_object *names)
{
        struct json_object *document, *would, *services;
        struct answer answer;
        enum outcome outcome = session_gather(session, "List", NULL, "services", order->word, &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = member_array(answer.parameters, "services");
        would = json_object_new_array();
        document = json_object_new_object();
        json_object_object_add(document, "would", would);
        if (services)
                outcome = look_at_all(order, would, services, names);
        if (session->options->json)
                document_write(document);
        else
                show(would);
        json_object_put(document);
        answer_deinit(&answer);
        return outcome;
}
