/* SPDX-License-Identifier: ISC */
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "daemon/bounds.h"
#include "daemon/session/server.h"
#include "wants.h"

/* All clients, as one actor: whom of them the seed chooses does one thing. */

#define CLIENTS_MOST 40
/* By when what does not wait is answered, beside what the volume and the others under way may take. */
#define ROOT_STEPS 600
#define ANSWER_MOST_USEC (120 * (int64_t)1000000)

struct clients {
        unsigned count;
        unsigned chosen;
        uint64_t log_lines;
        uint64_t why_lines;                /* that say why a connection was closed, or refused */
        uint64_t held_lines;               /* or that some were held back */
        uint64_t why_before[CLIENTS_MOST]; /* when each connected */
        struct client *at[CLIENTS_MOST];
};

static struct clients *clients;

static void clients_init(void)
{
        clients = sim_alloc(sizeof(*clients));
        clients->count =
                1 + (sim_settings->clients < CLIENTS_MOST - 1 ? sim_settings->clients : CLIENTS_MOST - 1);
        for (unsigned i = 0; i < clients->count; i++) {
                clients->at[i] = sim_alloc(sizeof(struct client));
                clients->at[i]->number = i;
                clients->at[i]->uid = habit_uid(i);
                clients->at[i]->asker = i == 0;
                clients->at[i]->fd = -1;
        }
}

static bool clients_identity(int fd, struct ucred *credentials)
{
        char peer[128], own[128];
        socklen_t length = sizeof(peer), own_length;

        if (getpeername(fd, (struct sockaddr *)peer, &length) < 0)
                return false;
        for (unsigned i = 0; i < clients->count; i++) {
                own_length = sizeof(own);
                if (clients->at[i]->fd < 0 ||
                    getsockname(clients->at[i]->fd, (struct sockaddr *)own, &own_length) < 0 ||
                    own_length != length || memcmp(own, peer, length) != 0)
                        continue;
                credentials->uid = credentials->gid = clients->at[i]->uid;
                credentials->pid = clients->at[i]->pid;
                return true;
        }
        /* It went before it was accepted. */
        *credentials = (struct ucred){.pid = 40999, .uid = CLIENTS_NOBODY, .gid = CLIENTS_NOBODY};
        return true;
}

/* The order in which the broker took them up, whenever they were sent. */
static void take_audit(const char *line)
{
        const char *pid = strstr(line, " pid="), *call = strstr(line, " call=");

        for (unsigned i = 0; pid && call && i < clients->count; i++) {
                const struct client *client = clients->at[i];

                for (unsigned j = 0; client->fd >= 0 && client->pid == atoi(pid + 5) && j < client->count;
                     j++)
                        if (client->calls[j].ordinal == (unsigned)atoi(call + 6))
                                wants_taken_up(client->calls[j].change);
        }
}

#define BEGUN "register: begun service="
#define STOPPED "service: stopped by its own means: service="

static void clients_on_log(const char *line)
{
        if (!clients)
                return;
        clients->log_lines++;
        clients->why_lines += strstr(line, "peer: ") != NULL || strstr(line, "refused: ") != NULL;
        if (strncmp(line, "audit: ", 7) == 0)
                take_audit(line);
        if (strncmp(line, BEGUN, strlen(BEGUN)) == 0) {
                char name[CLIENT_NAME_BYTES];

                snprintf(name, sizeof(name), "%s", line + strlen(BEGUN));
                name[strcspn(name, " ")] = '\0';
                wants_begun(name);
        }
        if (strncmp(line, STOPPED, strlen(STOPPED)) == 0)
                wants_stopped(line + strlen(STOPPED));
        clients->held_lines += strstr(line, "held") != NULL || strstr(line, "lines") != NULL;
}

static void clients_on_path(const char *path)
{
        SIM_HOLDS(!path || !strstr(path, "evil"), "names-are-checked", "what is no name became a path: %s",
                  path);
}

/* Does the client know by itself why its connection ended? */
static bool is_explained(const struct client *client)
{
        int64_t silent_usec = sim_now_usec() - client->heard_usec;

        if (client->refused || client->fatal || client->ended || client->asker || sim_server()->draining)
                return true;
        if (client->uid == CLIENTS_NOBODY || sim_settings->faults & (FAULT_MEMORY | FAULT_DESCRIPTORS))
                return true;
        if (client->count == 0 || !client->calls[0].whole) /* idle, or a call that is not whole */
                return silent_usec >= LIMIT_FRAME_MSEC * (int64_t)1000 || client->partial;
        return false;
}

void clients_lost(struct client *client)
{
        bool said = clients->why_lines + clients->held_lines > clients->why_before[client->number];

        sim_trace("client %u: disconnected, %u calls open", client->number, client->count);
        if (clients->log_lines && !said && sim_broker_is_ready())
                SIM_HOLDS(client->count == 0 || is_explained(client), "closed-with-a-reason",
                          "client %u: closed with %u calls open, and nobody says why", client->number,
                          client->count);
        client_close(client);
}

static void connect_client(struct client *client)
{
        client_connect(client);
        if (client->fd < 0) /* nobody serves */
                client->next_usec = sim_now_usec() + sim_between(20000, 2000000);
        clients->why_before[client->number] = clients->why_lines + clients->held_lines;
}

static void part(struct client *client)
{
        if (sim_chance(500000)) {
                sim_trace("client %u: closes", client->number);
                client_close(client);
        } else if (!client->ended) {
                sim_trace("client %u: sends no more", client->number);
                shutdown(client->fd, SHUT_WR);
                client->ended = true;
                client->out_at = client->out_length = 0;
        }
}

/* Sends all, a piece, or a piece and nothing more of it for long. */
static void send_some(struct client *client)
{
        if (!sim_fault(FAULT_CLIENTS, 150000)) {
                client_send(client, CLIENT_OUT_BYTES);
                return;
        }
        client_send(client, 1 + sim_below(200));
        if (client->out_length > client->out_at && sim_chance(100000)) {
                client->partial = true;
                client->next_usec = sim_now_usec() + sim_between(1000000, 9000000);
        }
}

static void act(struct client *client)
{
        unsigned kind = sim_below(1000);

        if (client->watches && kind > 20) /* nothing follows it */
                return;
        if (kind < 12 || (client->uid == CLIENTS_NOBODY && kind < 300))
                part(client);
        else if (kind < 20 && sim_fault(FAULT_CLIENTS, 500000))
                client_make_nonsense(client);
        else
                for (unsigned i = sim_chance(200000) ? 1 + sim_below(6) : 1; i; i--)
                        client_make_call(client);
        if (client->fd >= 0)
                send_some(client);
}

/* A client in its noisy time. */
static void live(struct client *client)
{
        client->next_usec = sim_now_usec() + habit_pause_usec(client);
        if (client->fd < 0)
                connect_client(client);
        else if (client->slow && sim_chance(700000))
                client_receive(client, 1 + sim_below(4000));
        else if (client->out_length > client->out_at)
                send_some(client);
        else if (!client->ended)
                act(client);
        else if (sim_chance(100000))
                client_close(client);
}

/* No more orders: what is sent in part is given up, what was ended is closed. */
static void calm_down(struct client *client)
{
        client->next_usec = sim_now_usec() + 1000000;
        client->slow = client->partial = false;
        if (client->asker) {
                if (client->fd < 0)
                        connect_client(client);
                client->next_usec = sim_now_usec() + 200000;
                client_ask(client);
                client_send(client, CLIENT_OUT_BYTES);
        } else if (client->fd >= 0 && (client->out_length > client->out_at || client->count == 0)) {
                client_close(client);
        }
}

static bool reads_now(const struct client *client)
{
        return client->fd >= 0 && !client->slow && client_is_readable(client);
}

static bool has_business(const struct client *client)
{
        if (sim_faults_ceased() && client->asker)
                return sim_broker_is_ready() && !client_asks_are_over();
        if (sim_faults_ceased())
                return client->fd >= 0 && (client->out_length > client->out_at || client->count == 0 ||
                                           client->slow || client->partial);
        return !client->asker;
}

static int64_t due_of(const struct client *client)
{
        if (reads_now(client))
                return sim_now_usec();
        return has_business(client) ? client->next_usec : SIM_NEVER;
}

static int64_t clients_due_usec(void)
{
        int64_t due_usec = SIM_NEVER;

        for (unsigned i = 0; i < clients->count; i++) {
                int64_t its_usec = due_of(clients->at[i]);

                if (its_usec < due_usec)
                        due_usec = its_usec;
        }
        return due_usec;
}

static void clients_step(void)
{
        struct client *due[CLIENTS_MOST];
        unsigned count = 0;
        struct client *client;

        for (unsigned i = 0; i < clients->count; i++)
                if (due_of(clients->at[i]) <= sim_now_usec())
                        due[count++] = clients->at[i];
        if (!count)
                return;
        client = due[sim_below(count)];
        if (reads_now(client))
                client_receive(client, CLIENT_IN_BYTES);
        else if (sim_faults_ceased())
                calm_down(client);
        else
                live(client);
}

/* Connections are the life's. */
static void clients_begin(void)
{
        for (unsigned i = 0; i < clients->count; i++) {
                clients->at[i]->fd = -1;
                clients->at[i]->count = 0;
                clients->at[i]->watches = false;
                clients->at[i]->next_usec = sim_now_usec() + (i ? sim_between(0, 2000000) : 0);
        }
        client_asks_begin();
}

/* What the broker had said before it died is read all the same. */
static void clients_save(void)
{
        for (unsigned i = 0; i < clients->count; i++) {
                struct client *client = clients->at[i];

                while (client->fd >= 0 && client_is_readable(client))
                        client_receive(client, CLIENT_IN_BYTES);
                client_close(client);
        }
}

static bool clients_at_rest(void)
{
        for (unsigned i = 0; i < clients->count; i++) {
                const struct client *client = clients->at[i];

                bool watches =
                        client->count && client->calls[0].whole && client->calls[0].method == METHOD_WATCH;

                if (client->fd >= 0 && (client->out_length > client->out_at || (client->count && !watches) ||
                                        client_is_readable(client)))
                        return false;
        }
        return client_asks_are_over();
}

/* What root asks of memory is answered soon, whatever the others do: in so many steps of everybody. */
static void check_root_is_served(const struct client *client)
{
        const struct call_sent *call = &client->calls[0];
        bool asks =
                call->method == METHOD_STATUS || call->method == METHOD_LIST || call->method == METHOD_HEALTH;

        if (client->uid == 0 && client->fd >= 0 && client->count && call->whole && asks && !call->more &&
            !client->slow && sim_broker_is_ready() && !sim_server()->draining && !client_is_readable(client))
                SIM_HOLDS(sim_step() - call->whole_step < ROOT_STEPS, "root-is-served",
                          "client %u: root's call (method %d) waits since %llu steps", client->number,
                          (int)call->method, (unsigned long long)(sim_step() - call->whole_step));
}

/* Nobody waits for longer than it said, and what the volume and s6 may take. */
static void clients_check(void)
{
        for (unsigned i = 0; i < clients->count; i++) {
                const struct client *client = clients->at[i];
                const struct call_sent *call = &client->calls[0];
                int64_t waited_usec = sim_now_usec() - call->whole_usec;

                check_root_is_served(client);
                if (client->fd < 0 || !client->count || !call->whole || call->method == METHOD_WATCH ||
                    call->oneway || client->slow || client->ended || client->partial)
                        continue;
                SIM_HOLDS(waited_usec < client->before_usec + call->wait_usec + ANSWER_MOST_USEC ||
                                  client_is_readable(client),
                          "answered-in-time", "client %u: not answered for %lld s (method %d)",
                          client->number, (long long)waited_usec / 1000000, (int)call->method);
        }
}

/* When the broker sleeps a Watcher that reads has been told of everything. */
static void clients_check_when_idle(void)
{
        static uint64_t looked[CLIENTS_MOST]; /* at, of the model's revisions */

        for (unsigned i = 0; sim_server() && !sim_server()->draining && i < clients->count; i++) {
                const struct client *client = clients->at[i];
                uint64_t revision = sim_server()->registry->revision;

                if (client->fd < 0 || !client->watches || client->slow || client->partial || client->ended ||
                    looked[i] == revision || sim_settings->faults & FAULT_MEMORY ||
                    client_is_readable(client))
                        continue;
                looked[i] = revision;
                client_check_picture(client);
        }
}

static void clients_check_at_rest(void)
{
        for (unsigned i = 0; i < clients->count; i++) {
                const struct client *client = clients->at[i];

                if (client->fd < 0)
                        continue;
                if (client->count && client->calls[0].method == METHOD_WATCH)
                        client_check_picture(client);
        }
}

const struct actor actor_clients = {
        .name = "clients",
        .init = clients_init,
        .begin = clients_begin,
        .save = clients_save,
        .due_usec = clients_due_usec,
        .step = clients_step,
        .at_rest = clients_at_rest,
        .check = clients_check,
        .check_when_idle = clients_check_when_idle,
        .check_at_rest = clients_check_at_rest,
};

static const struct actor *const actors[] = {&actor_s6,    &actor_clients,  &actor_faults,
                                             &actor_wants, &actor_profiles, NULL};

const struct company company_of_clients = {
        .actors = actors, .identity = clients_identity, .on_log = clients_on_log, .on_path = clients_on_path};
