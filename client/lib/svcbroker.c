/* SPDX-License-Identifier: ISC */
#include "client/lib/svcbroker.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "proto/call.h"
#include "proto/frame.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/sysname.h"
#include "proto/text.h"

#define API __attribute__((visibility("default")))

/* Parameters are only checked to be one JSON object, so that nothing can slip into the message around it; the
 * server says whether they are too much. */
#define PARAMETERS_DEPTH 64

struct svcbroker {
        int fd;
        struct text output; /* queued calls */
        size_t sent;        /* bytes of `output` that were sent */
        struct frame_buffer input;
        struct reply reply; /* the last reply that was handed out */
        bool reply_held;
        bool send_closed; /* the server takes nothing more, but may have answered before */
        bool ended;       /* nothing more will come */
        uint64_t due;     /* calls whose last reply has not been received yet */
};

/* When the timeout ends, by clock_now_msec(); INT64_MAX stands for never. */
static int64_t deadline_of(int timeout_msec)
{
        return timeout_msec < 0 ? INT64_MAX : clock_now_msec() + timeout_msec;
}

static int connect_socket(int fd, const struct sockaddr_un *address, int timeout_msec)
{
        /*
         * On AF_UNIX a non-blocking connect() does not wait for room in the listener's backlog (it fails with
         * EAGAIN, and there is nothing to poll for); a blocking one does, as long as the send timeout says.
         * So the socket blocks, and all later calls on it say MSG_DONTWAIT.
         */
        if (timeout_msec >= 0) {
                struct timeval timeout = {.tv_sec = timeout_msec / 1000,
                                          .tv_usec = timeout_msec % 1000 * 1000};

                if (timeout_msec == 0)
                        timeout.tv_usec = 1; /* zero would mean for ever */
                if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
                        return -errno;
        }
        for (;;) {
                if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
                        return 0;
                if (errno == EAGAIN)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

/* The path to connect to when the caller gives none. An empty variable is as good as none. */
static const char *default_path(void)
{
        const char *path = secure_getenv("SVCBROKER_SOCKET");

        return path && *path ? path : SVCBROKER_SOCKET_PATH;
}

API int svcbroker_connect(const char *path, int timeout_msec, struct svcbroker **connection)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct svcbroker *made;
        size_t length;
        int result;

        if (!path)
                path = default_path();
        length = strlen(path);
        if (length == 0)
                return -EINVAL;
        if (length >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, length + 1);

        made = calloc(1, sizeof(*made));
        if (!made)
                return -ENOMEM;
        text_init(&made->output);
        frame_buffer_init(&made->input, LIMIT_REPLY_BYTES);
        made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = made->fd < 0 ? -errno : connect_socket(made->fd, &address, timeout_msec);
        if (result < 0) {
                svcbroker_close(made);
                return result;
        }
        *connection = made;
        return 0;
}

static void drop_reply(struct svcbroker *connection)
{
        if (connection->reply_held)
                reply_deinit(&connection->reply);
        connection->reply_held = false;
}

API void svcbroker_close(struct svcbroker *connection)
{
        if (!connection)
                return;
        drop_reply(connection);
        frame_buffer_deinit(&connection->input);
        text_deinit(&connection->output);
        if (connection->fd >= 0)
                close(connection->fd);
        free(connection);
}

static int check_parameters(const char *parameters)
{
        struct json_bounds bounds = {.depth = PARAMETERS_DEPTH, .string_bytes = LIMIT_REPLY_BYTES};
        struct json_object *value;
        enum json_result result;
        bool object;

        result = json_strict_parse(parameters, strlen(parameters), bounds, &value, NULL);
        if (result == JSON_MEMORY)
                return -ENOMEM;
        if (result != JSON_OK)
                return -EINVAL;
        object = json_object_is_type(value, json_type_object);
        json_object_put(value);
        return object ? 0 : -EINVAL;
}

/* Whether the method has only characters of a fully qualified name, none of which needs an escape in JSON. */
static bool method_is_name(const char *method)
{
        return *method &&
               method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")] ==
                       '\0';
}

API int svcbroker_queue(struct svcbroker *connection, const char *method, const char *parameters,
                        unsigned flags)
{
        struct text message;
        int result;

        if (!method || !method_is_name(method) || (flags & ~(SVCBROKER_MORE | SVCBROKER_ONEWAY)))
                return -EINVAL;
        result = parameters ? check_parameters(parameters) : 0;
        if (result < 0)
                return result;

        /* The message is put together apart, so that running out of memory half-way leaves the calls queued
         * before as they were. */
        text_init(&message);
        call_write(&message, method, parameters, flags & SVCBROKER_MORE, flags & SVCBROKER_ONEWAY);
        if (!message.failed)
                text_append(&connection->output, message.bytes, message.length);
        if (message.failed || connection->output.failed)
                result = -ENOMEM;
        else if (!(flags & SVCBROKER_ONEWAY))
                connection->due++;
        connection->output.failed = false; /* only this call is lost */
        text_deinit(&message);
        return result;
}

/* Waits for one of the events: 0, -ETIMEDOUT, or another negative errno. */
static int wait_for(struct svcbroker *connection, short events, int64_t deadline_msec)
{
        struct pollfd poll_fd = {.fd = connection->fd, .events = events};

        for (;;) {
                int ready =
                        poll(&poll_fd, 1, deadline_msec == INT64_MAX ? -1 : clock_left_msec(deadline_msec));

                if (ready > 0)
                        return 0;
                if (ready == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

/* Receives what is there now: 1 if bytes came, 0 if there are none or the buffer is full, or a negative
 * errno. */
static int fill(struct svcbroker *connection)
{
        size_t room;
        char *place = frame_buffer_reserve(&connection->input, &room);
        ssize_t length;

        if (connection->ended)
                return 0;
        if (!place)
                return room == 0 ? 0 : -ENOMEM;
        do {
                length = recv(connection->fd, place, room, MSG_DONTWAIT);
        } while (length < 0 && errno == EINTR);
        if (length > 0) {
                frame_buffer_commit(&connection->input, (size_t)length);
                return 1;
        }
        if (length < 0 && errno == EAGAIN)
                return 0;
        if (length < 0 && errno != ECONNRESET)
                return -errno;
        connection->ended = true;
        return 0;
}

static void forget_output(struct svcbroker *connection)
{
        text_clear(&connection->output);
        connection->sent = 0;
}

/*
 * Sends until nothing is left or the server takes no more. Replies are received in between, or else each side
 * could wait for the other to read.
 */
static int flush_until(struct svcbroker *connection, int64_t deadline_msec)
{
        while (!connection->send_closed && connection->sent < connection->output.length) {
                ssize_t length =
                        send(connection->fd, connection->output.bytes + connection->sent,
                             connection->output.length - connection->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
                bool full;
                int result;

                if (length >= 0) {
                        connection->sent += (size_t)length;
                        continue;
                }
                if (errno == EINTR)
                        continue;
                if (errno == EPIPE || errno == ECONNRESET) {
                        connection->send_closed = true; /* the server may have said why: read on */
                        break;
                }
                if (errno != EAGAIN)
                        return -errno;
                result = fill(connection);
                if (result != 0) {
                        if (result < 0)
                                return result;
                        continue;
                }
                full = frame_buffer_pending(&connection->input) > LIMIT_REPLY_BYTES;
                result = wait_for(connection, full || connection->ended ? POLLOUT : POLLIN | POLLOUT,
                                  deadline_msec);
                if (result < 0)
                        return result;
        }
        forget_output(connection);
        return 0;
}

API int svcbroker_flush(struct svcbroker *connection, int timeout_msec)
{
        return flush_until(connection, deadline_of(timeout_msec));
}

/* Takes the reply that a message is. -ENOMEM: it is not taken, and no call has been answered by it. */
static int take_reply(struct svcbroker *connection, char *message, size_t length,
                      struct svcbroker_reply *reply)
{
        struct call_problem problem;
        enum call_result result = reply_parse(message, length, &connection->reply, &problem);
        const char *parameters = "{}";

        if (result != CALL_OK)
                return result == CALL_MEMORY ? -ENOMEM : -EPROTO;
        connection->reply_held = true;
        if (connection->reply.parameters)
                parameters = json_object_to_json_string_ext(connection->reply.parameters,
                                                            JSON_C_TO_STRING_PLAIN |
                                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
        if (!parameters) {
                drop_reply(connection);
                return -ENOMEM;
        }
        if (!connection->reply.continues)
                connection->due--;
        reply->error = connection->reply.error;
        reply->parameters = parameters;
        reply->continues = connection->reply.continues;
        return 0;
}

API int svcbroker_receive(struct svcbroker *connection, int timeout_msec, struct svcbroker_reply *reply)
{
        int64_t deadline_msec = deadline_of(timeout_msec);
        int result;

        if (connection->due == 0)
                return -ENODATA;
        drop_reply(connection);
        result = flush_until(connection, deadline_msec);
        if (result < 0)
                return result;
        for (;;) {
                char *message;
                size_t length;

                switch (frame_buffer_next(&connection->input, &message, &length)) {
                case FRAME_READY:
                        result = take_reply(connection, message, length, reply);
                        if (result == -ENOMEM)
                                frame_buffer_put_back(&connection->input, length);
                        return result;
                case FRAME_TOO_LARGE:
                        return -EMSGSIZE;
                case FRAME_PARTIAL:
                        break;
                }
                result = fill(connection);
                if (result < 0)
                        return result;
                if (result > 0)
                        continue;
                if (connection->ended)
                        return -ECONNRESET;
                result = wait_for(connection, POLLIN, deadline_msec);
                if (result < 0)
                        return result;
        }
}

API int svcbroker_call(struct svcbroker *connection, const char *method, const char *parameters,
                       int timeout_msec, struct svcbroker_reply *reply)
{
        int result;

        if (connection->due > 0)
                return -EINVAL;
        result = svcbroker_queue(connection, method, parameters, 0);
        return result < 0 ? result : svcbroker_receive(connection, timeout_msec, reply);
}

API int svcbroker_fd(const struct svcbroker *connection)
{
        return connection->fd;
}

API short svcbroker_events(const struct svcbroker *connection)
{
        bool unsent = !connection->send_closed && connection->sent < connection->output.length;

        return (short)((connection->due > 0 ? POLLIN : 0) | (unsent ? POLLOUT : 0));
}

API const char *svcbroker_strerror(int result)
{
        switch (-result) {
        case ETIMEDOUT:
                return "no answer in time";
        case ECONNRESET:
                return "the server closed the connection without an answer";
        case EPROTO:
                return "the answer is no Varlink reply";
        case EMSGSIZE:
                return "the answer is too large";
        case ENODATA:
                return "no answer is due";
        default:
                return sysname_error_words(-result);
        }
}

API const char *svcbroker_version(void)
{
        return SVCBROKER_VERSION;
}
