/* SPDX-License-Identifier: ISC */
/*
 * minimal_server SOCKET METHOD REPLY [NAME]: the least that a server made of libuv and json-c does for a
 * call: it parses the request, looks at its method and at the parameter `name` (where NAME is given), and
 * answers with the bytes of the file REPLY. The floor for svcbrokerd; no server for anything else.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <uv.h>

#include "bench.h"

struct minimal {
        const char *method;
        const char *name;
        char *reply;
        size_t reply_length;
        struct json_tokener *tokener;
};

struct connection {
        uv_pipe_t pipe;
        struct minimal *minimal;
        size_t used;
        char bytes[65536];
};

static void freed(uv_handle_t *handle)
{
        free(handle->data);
}

static void written(uv_write_t *request, int status)
{
        (void)status;
        free(request);
}

/* What did not fit into the socket at once is written when it does. */
static void answer(struct connection *connection, char *reply, size_t length)
{
        uv_stream_t *stream = (uv_stream_t *)&connection->pipe;
        uv_buf_t buffer = uv_buf_init(reply, (unsigned)length);
        int sent = uv_try_write(stream, &buffer, 1);
        uv_write_t *request;

        if (sent == (int)length)
                return;
        if (sent < 0)
                sent = 0;
        buffer = uv_buf_init(reply + sent, (unsigned)length - (unsigned)sent);
        request = calloc(1, sizeof(*request));
        if (!request || uv_write(request, stream, &buffer, 1, written) < 0)
                bench_fail("a reply was not sent");
}

static bool is_what_we_serve(const struct minimal *minimal, struct json_object *call)
{
        struct json_object *method = json_object_object_get(call, "method");
        struct json_object *name;

        if (!json_object_is_type(method, json_type_string) ||
            strcmp(json_object_get_string(method), minimal->method) != 0)
                return false;
        if (!minimal->name)
                return true;
        name = json_object_object_get(json_object_object_get(call, "parameters"), "name");
        return json_object_is_type(name, json_type_string) &&
               strcmp(json_object_get_string(name), minimal->name) == 0;
}

static void serve(struct connection *connection, const char *message, size_t length)
{
        static char refusal[] = "{\"error\":\"minimal.NotServed\"}";
        struct minimal *minimal = connection->minimal;
        struct json_object *call;

        json_tokener_reset(minimal->tokener);
        call = json_tokener_parse_ex(minimal->tokener, message, (int)length);
        if (is_what_we_serve(minimal, call))
                answer(connection, minimal->reply, minimal->reply_length);
        else
                answer(connection, refusal, sizeof(refusal));
        json_object_put(call);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
        struct connection *connection = handle->data;

        (void)suggested;
        *buffer = uv_buf_init(connection->bytes + connection->used,
                              (unsigned)(sizeof(connection->bytes) - connection->used));
}

static void received(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
        struct connection *connection = stream->data;
        char *from = connection->bytes;
        char *end;

        (void)buffer;
        if (length < 0) {
                uv_close((uv_handle_t *)stream, freed);
                return;
        }
        connection->used += (size_t)length;
        while ((end = memchr(from, 0, connection->used))) {
                serve(connection, from, (size_t)(end - from));
                connection->used -= (size_t)(end + 1 - from);
                from = end + 1;
        }
        if (connection->used)
                memmove(connection->bytes, from, connection->used);
}

static void accepted(uv_stream_t *listener, int status)
{
        struct connection *connection = calloc(1, sizeof(*connection));

        if (status < 0 || !connection)
                bench_fail("a connection was not accepted");
        connection->minimal = listener->data;
        uv_pipe_init(listener->loop, &connection->pipe, 0);
        connection->pipe.data = connection;
        if (uv_accept(listener, (uv_stream_t *)&connection->pipe) < 0)
                bench_fail("a connection was not accepted");
        uv_read_start((uv_stream_t *)&connection->pipe, allocate, received);
}

static void read_reply(const char *path, struct minimal *minimal)
{
        FILE *file = fopen(path, "r");
        FILE *memory = open_memstream(&minimal->reply, &minimal->reply_length);
        int byte;

        if (!file || !memory)
                bench_fail("%s: cannot be read", path);
        while ((byte = getc(file)) != EOF)
                putc(byte, memory);
        fclose(file);
        fclose(memory);
}

int main(int argc, char **argv)
{
        struct minimal minimal = {.tokener = json_tokener_new()};
        uv_loop_t *loop = uv_default_loop();
        uv_pipe_t listener;

        if (argc < 4 || argc > 5)
                bench_fail("usage: minimal_server SOCKET METHOD REPLY [NAME]");
        minimal.method = argv[2];
        minimal.name = argv[4];
        read_reply(argv[3], &minimal);
        unlink(argv[1]);
        uv_pipe_init(loop, &listener, 0);
        listener.data = &minimal;
        if (uv_pipe_bind(&listener, argv[1]) < 0 || uv_listen((uv_stream_t *)&listener, 128, accepted) < 0)
                bench_fail("%s: cannot be served", argv[1]);
        return uv_run(loop, UV_RUN_DEFAULT);
}
