/* SPDX-License-Identifier: ISC */
#include "client/talk/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/talk/options.h"
#include "client/terminal/output.h"
#include "client/text/document.h"
#include "proto/interface.h"

/* How long an answer is waited for. No healthy broker takes nearly as long. */
#define PATIENCE_MSEC 30000

int session_patience(const struct session *session)
{
        const struct options *options = session->options;

        if (options->timeout_msec == OPTIONS_NO_TIMEOUT || options->broker_waits)
                return PATIENCE_MSEC;
        return options->timeout_msec;
}

/* Whether a file is no socket: connecting to one is refused like connecting to a socket that nobody listens
 * on. */
static bool is_no_socket(const char *path)
{
        struct stat info;

        return stat(path, &info) == 0 && !S_ISSOCK(info.st_mode);
}

/* What a failed connection means to a person. The last row is for every other error. */
static const struct broken_row {
        int error;
        enum outcome outcome;
        const char *what; /* NULL: what svcbroker_strerror() says */
        const char *next;
} broken_rows[] = {
        {EACCES, OUTCOME_DENIED, "permission denied", "run it as root or as the user that svcbrokerd serves"},
        {EPERM, OUTCOME_DENIED, "permission denied", "run it as root or as the user that svcbrokerd serves"},
        {ENOENT, OUTCOME_UNREACHABLE, "no broker there",
         "see that svcbrokerd runs, or name its socket with --socket; a running broker makes a lost socket "
         "anew "
         "within seconds"},
        {ENOTSOCK, OUTCOME_UNREACHABLE, "is no socket",
         "remove it if nobody needs it, and svcbrokerd makes its socket anew; or name its socket with "
         "--socket"},
        {ECONNREFUSED, OUTCOME_UNREACHABLE, "no broker listens there",
         "see that svcbrokerd runs; if it does not, its log says why"},
        {ETIMEDOUT, OUTCOME_UNREACHABLE, "the broker did not answer in time",
         "try again; if that does not help, restart svcbrokerd (gateways keep running)"},
        {ECONNRESET, OUTCOME_UNREACHABLE, "the broker closed the connection without an answer",
         "try again; if that does not help, svcbrokerd's log says why"},
        {EPROTO, OUTCOME_FAILED, NULL, "see that --socket names svcbrokerd's socket"},
        {EMSGSIZE, OUTCOME_FAILED, NULL, "see that --socket names svcbrokerd's socket"},
        {0, OUTCOME_UNREACHABLE, NULL, "see that svcbrokerd runs, and --socket names its socket"},
};

static const struct broken_row *broken_row(const char *path, int result)
{
        const struct broken_row *row = broken_rows;
        int error = -result;

        if (error == ECONNREFUSED && is_no_socket(path))
                error = ENOTSOCK;
        while (row->error != 0 && row->error != error)
                row++;
        return row;
}

static enum outcome tell_broken(const char *path, int result)
{
        const struct broken_row *row = broken_row(path, result);

        if (result == -ENOMEM) {
                failure_memory();
                return OUTCOME_FAILED;
        }
        failure_print(path, row->what ? row->what : svcbroker_strerror(result), row->next);
        return row->outcome;
}

char *session_broken_words(const struct session *session, int result, enum printable printable)
{
        const char *path = session->options->socket;
        const struct broken_row *row = broken_row(path, result);

        return failure_text(path, row->what ? row->what : svcbroker_strerror(result), row->next, printable);
}

enum outcome session_broken(const struct session *session, int result)
{
        enum outcome outcome;

        if (result == -EINVAL) {
                /* Only the arguments can be at fault: everything else was made by us. */
                failure_print("arguments", "are not UTF-8 text",
                              "names are plain ASCII; look for stray bytes");
                return OUTCOME_USAGE;
        }
        outcome = tell_broken(session->options->socket, result);
        if (session->options->json)
                document_write_error(outcome == OUTCOME_DENIED        ? "denied"
                                     : outcome == OUTCOME_UNREACHABLE ? "unreachable"
                                                                      : "failed",
                                     NULL);
        return outcome;
}

/* Observers may not connect to the socket itself; a socket of theirs is beside it. */
static int connect_observer(struct session *session, int timeout_msec)
{
        char *path;
        int result;

        if (asprintf(&path, "%s.observer", session->options->socket) < 0)
                return -ENOMEM;
        result = svcbroker_connect(path, timeout_msec, &session->connection);
        free(path);
        return result;
}

static int connect_broker(struct session *session, int timeout_msec)
{
        const char *path = session->options->socket;
        int result = svcbroker_connect(path, timeout_msec, &session->connection);

        return result == -EACCES && connect_observer(session, timeout_msec) == 0 ? 0 : result;
}

enum outcome session_open(struct session *session, const struct options *options)
{
        int result;

        *session = (struct session){.options = options};
        result = connect_broker(session, session_patience(session));
        return result < 0 ? session_broken(session, result) : OUTCOME_DONE;
}

bool session_sees_processes(const struct session *session)
{
        struct ucred broker = {.pid = 0};
        socklen_t length = sizeof(broker);

        return session->connection &&
               getsockopt(svcbroker_fd(session->connection), SOL_SOCKET, SO_PEERCRED, &broker, &length) ==
                       0 &&
               broker.pid > 0;
}

int session_reconnect(struct session *session, int timeout_msec)
{
        session_close(session);
        return connect_broker(session, timeout_msec);
}

void session_close(struct session *session)
{
        svcbroker_close(session->connection);
        session->connection = NULL;
}

int session_queue_text(struct session *session, const char *method, const char *parameters, unsigned flags)
{
        char *full = NULL;
        int result;

        if (!strchr(method, '.') && asprintf(&full, "%s.%s", IO_SVCBROKER, method) < 0)
                return -ENOMEM;
        result = svcbroker_queue(session->connection, full ? full : method, parameters, flags);
        free(full);
        return result;
}

/* Queues a call, silently. parameters: taken over. Returns 0 or negative errno. */
static int queue(struct session *session, const char *method, struct json_object *parameters, unsigned flags)
{
        const char *text =
                parameters ? json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_PLAIN) : NULL;
        int result = parameters && !text ? -ENOMEM : session_queue_text(session, method, text, flags);

        json_object_put(parameters);
        return result;
}

enum outcome session_queue(struct session *session, const char *method, struct json_object *parameters,
                           unsigned flags)
{
        int result = queue(session, method, parameters, flags);

        return result < 0 ? session_broken(session, result) : OUTCOME_DONE;
}

int session_take(struct session *session, int timeout_msec, struct answer *answer)
{
        struct svcbroker_reply reply;
        struct json_object *parameters;
        int result = svcbroker_receive(session->connection, timeout_msec, &reply);

        if (result < 0)
                return result;
        /* The library parsed the reply strictly before; this text is the library's own output. */
        parameters = json_tokener_parse(reply.parameters);
        if (!parameters)
                return -ENOMEM;
        *answer =
                (struct answer){.error = reply.error, .parameters = parameters, .continues = reply.continues};
        return 0;
}

enum outcome session_receive(struct session *session, int timeout_msec, struct answer *answer)
{
        int result = session_take(session, timeout_msec, answer);

        return result < 0 ? session_broken(session, result) : OUTCOME_DONE;
}

int session_pause(const struct session *session, int timeout_msec)
{
        struct pollfd poll_fds[] = {
                {.fd = svcbroker_fd(session->connection), .events = POLLIN},
                {.fd = STDOUT_FILENO, .events = 0},
        };
        int ready = poll(poll_fds, 2, timeout_msec);

        if (ready > 0 && (poll_fds[1].revents & OUTPUT_UNREAD))
                return -EPIPE;
        return ready == 0 ? -ETIMEDOUT : 0;
}

void answer_deinit(struct answer *answer)
{
        json_object_put(answer->parameters);
        answer->parameters = NULL;
}

/* Adds the array of a later piece to that of the first. */
static void join_piece(struct answer *answer, const struct answer *piece, const char *array)
{
        struct json_object *to = member_array(answer->parameters, array);
        struct json_object *from = member_array(piece->parameters, array);

        for (size_t i = 0; to && from && i < json_object_array_length(from); i++)
                json_object_array_add(to, json_object_get(json_object_array_get_idx(from, i)));
}

static int take_pieces(struct session *session, const char *array, int timeout_msec, struct answer *answer)
{
        int result = session_take(session, timeout_msec, answer);

        while (result == 0 && answer->continues) {
                struct answer piece;

                result = session_take(session, timeout_msec, &piece);
                if (result < 0) {
                        answer_deinit(answer);
                } else if (piece.error) {
                        answer_deinit(answer);
                        *answer = piece;
                } else {
                        join_piece(answer, &piece, array);
                        answer->continues = piece.continues;
                        answer_deinit(&piece);
                }
        }
        return result;
}

/* Tells what went wrong with a call, if anything did. subject: what an error in the answer is about. */
static enum outcome conclude(struct session *session, int result, const char *subject, struct answer *answer)
{
        enum outcome outcome = OUTCOME_DONE;

        if (result < 0)
                return session_broken(session, result);
        if (answer->error) {
                outcome = session_refused(session, answer, subject);
                answer_deinit(answer);
        }
        return outcome;
}

enum outcome session_ask(struct session *session, const char *method, struct json_object *parameters,
                         const char *subject, struct answer *answer)
{
        int result = queue(session, method, parameters, 0);

        if (result == 0)
                result = session_take(session, session_patience(session), answer);
        return conclude(session, result, subject, answer);
}

enum outcome session_gather(struct session *session, const char *method, struct json_object *parameters,
                            const char *array, const char *subject, struct answer *answer)
{
        int result = queue(session, method, parameters, SVCBROKER_MORE);

        if (result == 0)
                result = take_pieces(session, array, session_patience(session), answer);
        return conclude(session, result, subject, answer);
}

bool session_try(struct session *session, const char *method, struct json_object *parameters,
                 const char *array, int timeout_msec, struct answer *answer)
{
        if (queue(session, method, parameters, SVCBROKER_MORE) < 0 ||
            take_pieces(session, array, timeout_msec, answer) < 0)
                return false;
        if (!answer->error)
                return true;
        answer_deinit(answer);
        return false;
}

enum outcome session_refused(const struct session *session, const struct answer *answer, const char *subject)
{
        if (session->options->json)
                document_write_error(answer->error, answer->parameters);
        return failure_report(answer->error, answer->parameters, subject);
}
