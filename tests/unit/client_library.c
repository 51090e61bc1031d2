/* SPDX-License-Identifier: ISC */
#include "client/lib/svcbroker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>
#include <json-c/json.h>

#include "unit.h"

#define TIMEOUT_MSEC 5000

/* A server of one connection, in a process of its own. */
static struct {
        char directory[64];
        char path[96];
        pid_t pid;
        struct svcbroker *connection;
} fixture;

static void send_all(int fd, const char *bytes, size_t length)
{
        while (length > 0) {
                ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

                if (sent < 0)
                        _exit(1);
                bytes += sent;
                length -= (size_t)sent;
        }
}

/* Reads `count` requests. */
static void read_requests(int fd, int count)
{
        char bytes[4096];

        while (count > 0) {
                ssize_t length = recv(fd, bytes, sizeof(bytes), 0);

                if (length <= 0)
                        _exit(1);
                for (ssize_t i = 0; i < length; i++)
                        count -= bytes[i] == '\0';
        }
}

static void serve(void (*run)(int fd))
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        strcpy(fixture.directory, "/tmp/svcbroker-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(fixture.directory));
        snprintf(fixture.path, sizeof(fixture.path), "%s/socket", fixture.directory);
        strcpy(address.sun_path, fixture.path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 1), 0);
        fixture.pid = fork();
        if (fixture.pid == 0) {
                int peer = accept(fd, NULL, NULL);

                run(peer);
                close(peer);
                _exit(0);
        }
        close(fd);
        ck_assert_int_eq(svcbroker_connect(fixture.path, TIMEOUT_MSEC, &fixture.connection), 0);
}

/* The server must have got what it waited for. */
static void end(void)
{
        int status;

        svcbroker_close(fixture.connection);
        ck_assert_int_eq(waitpid(fixture.pid, &status, 0), fixture.pid);
        ck_assert_int_eq(status, 0);
        unlink(fixture.path);
        rmdir(fixture.directory);
}

static int queue(const char *method, const char *parameters, unsigned flags)
{
        return svcbroker_queue(fixture.connection, method, parameters, flags);
}

static int receive(struct svcbroker_reply *reply)
{
        return svcbroker_receive(fixture.connection, TIMEOUT_MSEC, reply);
}

#define SEND(fd, text) send_all(fd, text, sizeof(text)) /* the NUL included */

static void serve_two(int fd)
{
        char bytes[256];
        size_t length = 0;

        /* Both in one piece: that is what queueing is for. */
        length = (size_t)recv(fd, bytes, sizeof(bytes), 0);
        if (length < 2 || !memchr(bytes, '\0', length - 1) || bytes[length - 1] != '\0')
                _exit(1);
        SEND(fd, "{\"parameters\":{\"a\":\"/\",\"n\":null}}\0{\"error\":\"x.y.Z\"}");
        if (recv(fd, bytes, sizeof(bytes), 0) != 0)
                _exit(1);
}

START_TEST(queued_calls_go_together_and_are_answered_in_order)
{
        struct svcbroker_reply reply;

        serve(serve_two);
        ck_assert_int_eq(queue("x.y.A", "{\"k\":[1,\"\\u00e9\"]}", 0), 0);
        ck_assert_int_eq(queue("x.y.B", NULL, 0), 0);
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_ptr_null(reply.error);
        ck_assert_str_eq(reply.parameters, "{\"a\":\"/\",\"n\":null}");
        ck_assert(!reply.continues);
        ck_assert_int_eq(svcbroker_call(fixture.connection, "x.y.C", NULL, 0, &reply), -EINVAL);
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_str_eq(reply.error, "x.y.Z");
        ck_assert_str_eq(reply.parameters, "{}");
        ck_assert_int_eq(receive(&reply), -ENODATA);
        end();
}
END_TEST

static void serve_refusal(int fd)
{
        char byte;

        SEND(fd, "{\"error\":\"io.svcbroker.LimitExceeded\",\"parameters\":{\"limit\":\"request_bytes\"}}");
        /* Until some of the request is there, so that it is closed with unread bytes: that resets the other
         * end. */
        recv(fd, &byte, 1, MSG_PEEK);
}

START_TEST(an_answer_before_the_request_was_read_is_not_lost)
{
        size_t size = 4 * 1024 * 1024;
        char *parameters = malloc(size);
        struct svcbroker_reply reply;

        ck_assert_ptr_nonnull(parameters);
        memset(parameters, 'x', size);
        memcpy(parameters, "{\"a\":\"", 6);
        memcpy(parameters + size - 3, "\"}", 3);
        serve(serve_refusal);
        ck_assert_int_eq(queue("x.y.A", parameters, 0), 0);
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_str_eq(reply.error, "io.svcbroker.LimitExceeded");
        ck_assert_int_eq(queue("x.y.A", NULL, 0), 0);
        ck_assert_int_eq(receive(&reply), -ECONNRESET);
        free(parameters);
        end();
}
END_TEST

static void serve_flood(int fd)
{
        size_t size = 1024 * 1024;
        char *reply = malloc(size);

        /* Reads nothing before its reply is out: who only writes would wait for ever. */
        memset(reply, ' ', size);
        memcpy(reply, "{\"parameters\":{}", 16);
        memcpy(reply + size - 2, "}", 2);
        send_all(fd, reply, size);
        read_requests(fd, 1);
}

START_TEST(sending_and_receiving_do_not_wait_for_each_other)
{
        size_t size = 2 * 1024 * 1024;
        char *parameters = malloc(size);
        struct svcbroker_reply reply;

        ck_assert_ptr_nonnull(parameters);
        memset(parameters, ' ', size);
        memcpy(parameters, "{", 1);
        memcpy(parameters + size - 2, "}", 2);
        serve(serve_flood);
        ck_assert_int_eq(queue("x.y.A", parameters, 0), 0);
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_ptr_null(reply.error);
        free(parameters);
        end();
}
END_TEST

static void serve_slowly(int fd)
{
        static const char reply[] =
                "{\"parameters\":{\"a\":1},\"continues\":true}\0{\"parameters\":{\"a\":2}}";

        read_requests(fd, 1);
        usleep(200 * 1000);
        for (size_t i = 0; i < sizeof(reply); i++) {
                send_all(fd, reply + i, 1);
                usleep(100);
        }
}

START_TEST(a_timeout_breaks_nothing)
{
        struct svcbroker_reply reply;

        serve(serve_slowly);
        ck_assert_int_eq(queue("x.y.A", NULL, SVCBROKER_MORE), 0);
        ck_assert_int_eq(svcbroker_receive(fixture.connection, 0, &reply), -ETIMEDOUT);
        ck_assert_int_eq(svcbroker_receive(fixture.connection, 20, &reply), -ETIMEDOUT);
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert(reply.continues);
        ck_assert_str_eq(reply.parameters, "{\"a\":1}");
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert(!reply.continues);
        ck_assert_str_eq(reply.parameters, "{\"a\":2}");
        ck_assert_int_eq(receive(&reply), -ENODATA);
        end();
}
END_TEST

/* Whether json-c finds no memory for a text. */
static bool memory_is_short;

/* This stands in front of json-c's. */
const char *json_object_to_json_string_ext(struct json_object *object, int flags)
{
        return memory_is_short ? NULL : json_object_to_json_string_length(object, flags, NULL);
}

START_TEST(out_of_memory_loses_no_reply)
{
        struct svcbroker_reply reply;

        serve(serve_two);
        ck_assert_int_eq(queue("x.y.A", NULL, 0), 0);
        ck_assert_int_eq(queue("x.y.B", NULL, 0), 0);
        memory_is_short = true;
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(receive(&reply), -ENOMEM);
        memory_is_short = false;
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_ptr_null(reply.error);
        ck_assert_str_eq(reply.parameters, "{\"a\":\"/\",\"n\":null}");
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_str_eq(reply.error, "x.y.Z");
        ck_assert_int_eq(receive(&reply), -ENODATA);
        end();
}
END_TEST

static void serve_oneway(int fd)
{
        read_requests(fd, 2);
        SEND(fd, "{}");
}

START_TEST(oneway_has_no_reply)
{
        struct svcbroker_reply reply;

        serve(serve_oneway);
        ck_assert_int_eq(queue("x.y.A", "{}", SVCBROKER_ONEWAY), 0);
        ck_assert_int_eq(receive(&reply), -ENODATA);
        ck_assert_int_eq(svcbroker_flush(fixture.connection, TIMEOUT_MSEC), 0);
        ck_assert_int_eq(svcbroker_call(fixture.connection, "x.y.B", NULL, TIMEOUT_MSEC, &reply), 0);
        end();
}
END_TEST

static void serve_garbage(int fd)
{
        read_requests(fd, 1);
        SEND(fd, "HTTP/1.1 400 Bad Request\r\n");
}

static void serve_nothing(int fd)
{
        read_requests(fd, 1);
}

static void serve_half(int fd)
{
        read_requests(fd, 1);
        send_all(fd, "{\"parameters\":{}}", 17); /* and no NUL */
}

static void serve_endless(int fd)
{
        char bytes[65536];

        memset(bytes, ' ', sizeof(bytes));
        for (int i = 0; i < 64; i++)
                send_all(fd, bytes, sizeof(bytes));
        send_all(fd, bytes, 1);
        read_requests(fd, 1);
}

static const struct {
        void (*run)(int fd);
        int result;
} broken[] = {{serve_garbage, -EPROTO},
              {serve_nothing, -ECONNRESET},
              {serve_half, -ECONNRESET},
              {serve_endless, -EMSGSIZE}};

START_TEST(broken_servers_are_told_apart)
{
        struct svcbroker_reply reply;

        serve(broken[_i].run);
        ck_assert_int_eq(svcbroker_call(fixture.connection, "x.y.A", NULL, TIMEOUT_MSEC, &reply),
                         broken[_i].result);
        ck_assert_int_gt((int)strlen(svcbroker_strerror(broken[_i].result)), 0);
        end();
}
END_TEST

START_TEST(bad_arguments_send_nothing)
{
        static const char *const parameters[] = {"",
                                                 "null",
                                                 "[]",
                                                 "{} ,\"oneway\":true",
                                                 "{\"a\":1,}",
                                                 "{}}",
                                                 "{\"a\":\"\xff\"}",
                                                 "{\"a\":1,\"a\":2}"};
        static const char *const methods[] = {"", "x y", "x.\"y", "x.\xc3\xbc", "x.\n"};
        struct svcbroker_reply reply;

        serve(serve_oneway);
        for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
                ck_assert_int_eq(queue("x.y.A", parameters[i], 0), -EINVAL);
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
                ck_assert_int_eq(queue(methods[i], NULL, 0), -EINVAL);
        ck_assert_int_eq(queue("x.y.A", NULL, 4), -EINVAL);
        ck_assert_int_eq(receive(&reply), -ENODATA);
        ck_assert_int_eq(queue("x.y.A", NULL, SVCBROKER_ONEWAY), 0);
        ck_assert_int_eq(queue("x.y.A", NULL, 0), 0);
        ck_assert_int_eq(receive(&reply), 0);
        end();
}
END_TEST

START_TEST(connect_says_why_not)
{
        char path[200];
        struct svcbroker *connection = NULL;

        memset(path, 'x', sizeof(path));
        path[sizeof(path) - 1] = '\0';
        ck_assert_int_eq(svcbroker_connect(path, 0, &connection), -ENAMETOOLONG);
        ck_assert_int_eq(svcbroker_connect("", 0, &connection), -EINVAL);
        ck_assert_int_eq(svcbroker_connect("/nonexistent/socket", 0, &connection), -ENOENT);
        ck_assert_ptr_null(connection);
        svcbroker_close(NULL);
}
END_TEST

START_TEST(without_a_path_the_environment_says_where)
{
        struct svcbroker *connection;

        serve(serve_nothing);
        setenv("SVCBROKER_SOCKET", fixture.path, 1);
        svcbroker_close(fixture.connection);
        /* The server took one connection and closes its socket: who comes now is refused, there. */
        ck_assert_int_eq(waitpid(fixture.pid, NULL, 0), fixture.pid);
        ck_assert_int_eq(svcbroker_connect(NULL, 0, &connection), -ECONNREFUSED);
        unlink(fixture.path);
        rmdir(fixture.directory);
        ck_assert_int_eq(svcbroker_connect(NULL, 0, &connection), -ENOENT);
}
END_TEST

/* Reads nothing before its socket has lost its name. */
static void serve_late(int fd)
{
        while (access(fixture.path, F_OK) == 0)
                usleep(1000);
        SEND(fd, "{}");
        read_requests(fd, 1);
}

START_TEST(events_say_what_to_poll_for)
{
        size_t size = 4 * 1024 * 1024;
        char *parameters = malloc(size);
        struct svcbroker_reply reply;

        ck_assert_ptr_nonnull(parameters);
        memset(parameters, ' ', size);
        memcpy(parameters, "{", 1);
        memcpy(parameters + size - 2, "}", 2);
        serve(serve_late);
        ck_assert_int_eq(svcbroker_events(fixture.connection), 0);
        ck_assert_int_eq(queue("x.y.A", parameters, 0), 0);
        ck_assert_int_eq(svcbroker_events(fixture.connection), POLLIN | POLLOUT);
        /* More than the socket takes is left, and only polling for POLLOUT gets it on its way. */
        ck_assert_int_eq(svcbroker_receive(fixture.connection, 0, &reply), -ETIMEDOUT);
        ck_assert_int_eq(svcbroker_events(fixture.connection), POLLIN | POLLOUT);
        unlink(fixture.path);
        ck_assert_int_eq(svcbroker_flush(fixture.connection, TIMEOUT_MSEC), 0);
        ck_assert_int_eq(svcbroker_events(fixture.connection), POLLIN);
        ck_assert_int_eq(receive(&reply), 0);
        ck_assert_int_eq(svcbroker_events(fixture.connection), 0);
        free(parameters);
        end();
}
END_TEST

static void *hang_up(void *argument)
{
        shutdown(svcbroker_fd(argument), SHUT_RDWR);
        return NULL;
}

static void serve_until_the_end(int fd)
{
        char bytes[256];

        while (recv(fd, bytes, sizeof(bytes), 0) > 0)
                ;
}

START_TEST(another_thread_may_end_the_waiting)
{
        struct svcbroker_reply reply;
        pthread_t thread;

        serve(serve_until_the_end);
        ck_assert_int_eq(queue("x.y.A", NULL, 0), 0);
        ck_assert_int_eq(pthread_create(&thread, NULL, hang_up, fixture.connection), 0);
        ck_assert_int_eq(svcbroker_receive(fixture.connection, -1, &reply), -ECONNRESET);
        pthread_join(thread, NULL);
        end();
}
END_TEST

START_TEST(connect_waits_for_room_no_longer_than_told)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0svcbroker-test"};
        char directory[] = "/tmp/svcbroker-test-XXXXXX";
        struct svcbroker *first, *second, *third;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_ptr_nonnull(mkdtemp(directory));
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 0), 0);
        /* The backlog takes one more than it was told, and nobody accepts. */
        ck_assert_int_eq(svcbroker_connect(address.sun_path, 50, &first), 0);
        ck_assert_int_eq(svcbroker_connect(address.sun_path, 50, &second), -ETIMEDOUT);
        ck_assert_int_eq(svcbroker_connect(address.sun_path, 0, &third), -ETIMEDOUT);
        svcbroker_close(first);
        close(fd);
        unlink(address.sun_path);
        rmdir(directory);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("library");
        TCase *tcase = tcase_create("library");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, queued_calls_go_together_and_are_answered_in_order);
        tcase_add_test(tcase, an_answer_before_the_request_was_read_is_not_lost);
        tcase_add_test(tcase, sending_and_receiving_do_not_wait_for_each_other);
        tcase_add_test(tcase, a_timeout_breaks_nothing);
        tcase_add_test(tcase, out_of_memory_loses_no_reply);
        tcase_add_test(tcase, oneway_has_no_reply);
        tcase_add_loop_test(tcase, broken_servers_are_told_apart, 0, sizeof(broken) / sizeof(broken[0]));
        tcase_add_test(tcase, bad_arguments_send_nothing);
        tcase_add_test(tcase, connect_says_why_not);
        tcase_add_test(tcase, without_a_path_the_environment_says_where);
        tcase_add_test(tcase, events_say_what_to_poll_for);
        tcase_add_test(tcase, another_thread_may_end_the_waiting);
        tcase_add_test(tcase, connect_waits_for_room_no_longer_than_told);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
