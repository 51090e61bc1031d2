/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "wants.h"

/* By its descriptor: the world's own path may be too long for a socket's address. */
static void address_of_broker(struct sockaddr_un *address)
{
        *address = (struct sockaddr_un){.sun_family = AF_UNIX};
        snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", sim_directory,
                 SIM_SOCKET);
}

void client_connect(struct client *client)
{
        static uint64_t connections;
        struct sockaddr_un address;
        /* The kernel gives it a name of its own, by which the core knows who it is. */
        const struct sockaddr own = {.sa_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        address_of_broker(&address);
        if (fd < 0 || bind(fd, &own, sizeof(own.sa_family)) < 0 ||
            connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                if (fd >= 0)
                        close(fd);
                return;
        }
        client->fd = fd;
        client->before_usec = 0;
        client->connection = ((uint64_t)sim_life() << 32) + ++connections;
        client->slow = !client->asker && sim_fault(FAULT_CLIENTS, 100000);
        client->ended = client->fatal = client->partial = client->refused = client->watches = false;
        client->pid = 40000 + (pid_t)(connections % 20000);
        client->made_calls = 0;
        client->count = 0;
        client->sent = client->made = 0;
        client->out_at = client->out_length = client->in_length = 0;
        client->heard_usec = sim_now_usec();
        sim_trace("client %u: connected%s", client->number, client->slow ? ", and reads slowly" : "");
}

void client_close(struct client *client)
{
        if (client->fd < 0)
                return;
        close(client->fd);
        client->fd = -1;
        for (unsigned i = 0; i < client->count; i++)
                if (client->calls[i].whole)
                        wants_unanswered(client->calls[i].change);
        client->count = 0;
        client->watches = false;
}

struct call_sent *client_first(struct client *client)
{
        return client->count ? &client->calls[0] : NULL;
}

static void begin_to_wait(struct call_sent *call)
{
        call->whole_usec = sim_now_usec();
        call->whole_step = sim_step();
}

static void drop_first(struct client *client)
{
        memmove(&client->calls[0], &client->calls[1], sizeof(client->calls[0]) * (client->count - 1));
        client->count--;
}

/* Those that nobody answers: nobody knows when they are over. */
static void forget_oneway(struct client *client)
{
        while (client->count && client->calls[0].oneway && client->calls[0].whole &&
               client->uid != CLIENTS_NOBODY) {
                wants_unanswered(client->calls[0].change);
                client->before_usec += client->calls[0].wait_usec;
                drop_first(client);
        }
}

/* What is sent whole may be done from now on. */
static void note_whole(struct client *client)
{
        for (unsigned i = 0; i < client->count; i++) {
                struct call_sent *call = &client->calls[i];

                if (call->whole || call->end > client->sent)
                        continue;
                call->whole = true;
                call->sent_usec = sim_now_usec();
                begin_to_wait(call);
                if (!call->wrong && !call->fatal && client->uid != CLIENTS_NOBODY)
                        call->change = wants_begin(client, call);
        }
        forget_oneway(client);
}

void client_answered(struct client *client)
{
        wants_over(client->calls[0].change);
        client->before_usec = 0;
        drop_first(client);
        forget_oneway(client);
        if (client->count)
                begin_to_wait(&client->calls[0]);
}

void client_send(struct client *client, size_t most)
{
        size_t left = client->out_length - client->out_at;
        ssize_t sent;

        if (client->fd < 0 || !left || client->ended)
                return;
        sent = send(client->fd, client->out + client->out_at, left < most ? left : most, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
                return;
        if (sent < 0) {
                sim_trace("client %u: cannot send", client->number);
                client->out_at = client->out_length = 0; /* what the broker said before is read still */
                client->ended = true;
                return;
        }
        client->out_at += (size_t)sent;
        client->sent += (uint64_t)sent;
        client->heard_usec = sim_now_usec();
        note_whole(client);
        if (client->out_at == client->out_length)
                client->out_at = client->out_length = 0;
}

bool client_is_readable(const struct client *client)
{
        struct pollfd poll_of = {.fd = client->fd, .events = POLLIN};

        return client->fd >= 0 && poll(&poll_of, 1, 0) > 0;
}

/* Whole messages in what was read so far. */
static void take_messages(struct client *client)
{
        size_t at = 0;

        for (char *end; client->fd >= 0 && (end = memchr(client->in + at, 0, client->in_length - at));) {
                size_t length = (size_t)(end - client->in) - at;

                client_take_message(client, client->in + at, length);
                at += length + 1;
        }
        SIM_HOLDS(at || client->in_length < CLIENT_IN_BYTES, "reply-bytes",
                  "client %u: a reply of more than %d bytes", client->number, CLIENT_IN_BYTES);
        memmove(client->in, client->in + at, client->in_length - at);
        client->in_length -= at;
}

void client_receive(struct client *client, size_t most)
{
        size_t room = CLIENT_IN_BYTES - client->in_length;
        ssize_t length;

        if (client->fd < 0)
                return;
        length = recv(client->fd, client->in + client->in_length, room < most ? room : most, 0);
        if (length < 0 && errno == EAGAIN)
                return;
        if (length <= 0) {
                clients_lost(client);
                return;
        }
        client->in_length += (size_t)length;
        client->heard_usec = sim_now_usec();
        take_messages(client);
}
