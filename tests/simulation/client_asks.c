/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <string.h>

#include "daemon/session/server.h"
#include "wants.h"

/*
 * When all is quiet somebody of root's asks for everything there is to be asked: what it is told, through the socket, is
 * what the model holds. If that changes meanwhile, it asks again.
 */
static const struct {
        enum call_kind method;
        bool more;
} questions[] = {{METHOD_LIST, false},
                 {METHOD_LIST, true},
                 {METHOD_HEALTH, false},
                 {METHOD_HEALTH, true},
                 {METHOD_WATCH, true}};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

/* Of one life. */
static struct {
        unsigned next;     /* question */
        uint64_t revision; /* of the model, when the first was asked */
        unsigned listed;   /* services of the List that is being told */
        int64_t numbers[4];
} asks;

void client_asks_begin(void)
{
        memset(&asks, 0, sizeof(asks));
}

static bool is_quiet(void)
{
        const struct server *server = sim_server();
        const struct registry *registry = server ? server->registry : NULL;

        if (!registry || !sim_broker_is_ready() || registry->orders)
                return false;
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->operation != OPERATION_NONE)
                        return false;
        return true;
}

bool client_asks_are_over(void)
{
        return is_quiet() && asks.next == QUESTIONS && asks.revision == sim_server()->registry->revision;
}

void client_ask(struct client *client)
{
        bool watches = client->count && client->calls[0].method == METHOD_WATCH;

        if (client->fd < 0 || !is_quiet() || (client->count && !watches))
                return;
        if (asks.next == QUESTIONS && asks.revision != sim_server()->registry->revision) {
                client->next_usec = sim_now_usec() + 2000000;
                asks.next = 0;
                if (watches)
                        client_close(client);
                return;
        }
        if (watches || asks.next == QUESTIONS)
                return;
        if (asks.next == 0)
                asks.revision = sim_server()->registry->revision;
        asks.listed = 0;
        client_make_query(client, questions[asks.next].method, questions[asks.next].more, NULL);
        asks.next++;
}

static int64_t int_of(struct json_object *object, const char *name)
{
        struct json_object *member = NULL;

        return json_object_object_get_ex(object, name, &member) ? json_object_get_int64(member) : -1;
}

/* What List says of a service is what is shown of it. */
static void check_listed(const struct client *client, const struct service *service,
                         struct json_object *listed)
{
        const struct view *shown = &service->shown;
        struct json_object *state = NULL;
        int64_t pid = int_of(listed, "pid"), restarts = int_of(listed, "restarts");

        json_object_object_get_ex(listed, "state", &state);
        SIM_HOLDS(strcmp(json_object_get_string(state), service_state_name(shown->state)) == 0 &&
                          pid == (shown->pid ? shown->pid : -1) && restarts == shown->restarts,
                  "list-is-so", "client %u: of %s, which is %s with pid %d, List says %s", client->number,
                  service->name, service_state_name(shown->state), (int)shown->pid,
                  json_object_to_json_string(listed));
}

static void take_list(const struct client *client, struct json_object *services, bool continues)
{
        const struct registry *registry = sim_server()->registry;

        if (asks.revision != registry->revision)
                return;
        for (size_t i = 0; i < json_object_array_length(services); i++, asks.listed++) {
                struct json_object *name = NULL, *listed = json_object_array_get_idx(services, i);

                json_object_object_get_ex(listed, "name", &name);
                SIM_HOLDS(asks.listed < registry->count && strcmp(json_object_get_string(name),
                                                                  registry->services[asks.listed]->name) == 0,
                          "list-is-whole", "client %u: List has %s as number %u", client->number,
                          json_object_get_string(name), asks.listed);
                check_listed(client, registry->services[asks.listed], listed);
        }
        SIM_HOLDS(continues || asks.listed == registry->count, "list-is-whole",
                  "client %u: List has %u of %zu services", client->number, asks.listed, registry->count);
}

static void take_health(const struct client *client, struct json_object *health, bool continues)
{
        const struct registry *registry = sim_server()->registry;
        struct json_object *problems = NULL;
        int64_t wanted = 0, up = 0;

        if (asks.revision != registry->revision || continues)
                return;
        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                wanted += service->profile ? service->record.want_up : service->own.status.want_up;
                up += service->shown.state == STATE_UP;
        }
        json_object_object_get_ex(health, "problems", &problems);
        SIM_HOLDS(int_of(health, "services") == (int64_t)registry->count && int_of(health, "up") == up &&
                          int_of(health, "wanted") == wanted,
                  "health-is-so", "client %u: of %zu services %lld wanted, %lld up, Health says %s",
                  client->number, registry->count, (long long)wanted, (long long)up,
                  json_object_to_json_string(health));
}

void client_take_answer(struct client *client, const struct call_sent *call, struct json_object *parameters,
                        bool continues)
{
        struct json_object *services = NULL;

        if (call->method == METHOD_LIST && json_object_object_get_ex(parameters, "services", &services))
                take_list(client, services, continues);
        else if (call->method == METHOD_HEALTH)
                take_health(client, parameters, continues);
}
