/* SPDX-License-Identifier: ISC */
#include "daemon/edge/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/loop/stall.h"
#include "unit.h"

#define LINGER_SEC 3600 /* a test that takes part of it does not end in time */

/* One of a kernel that lets descriptors through: what streams_prepare() would find there. */
static struct streams *older_streams(bool with_threads)
{
        static struct streams of_this_test; /* the threads keep it, and each test is a process */
        struct streams *streams = &of_this_test;

        streams_init(streams);
        streams->may_carry = true;
        stall_guard_enable();
        if (with_threads)
                ck_assert_int_eq(streams_begin(streams), 0);
        return streams;
}

/* A socket of ours that listens, and a peer's that is connected with it. */
struct pair {
        int listener;
        int peer;
};

static struct pair pair_new(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t length = sizeof(sa_family_t); /* the kernel chooses an abstract name */
        struct pair pair = {socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), socket(AF_UNIX, SOCK_STREAM, 0)};

        ck_assert_int_eq(bind(pair.listener, (struct sockaddr *)&address, length), 0);
        ck_assert_int_eq(listen(pair.listener, 16), 0);
        length = sizeof(address);
        ck_assert_int_eq(getsockname(pair.listener, (struct sockaddr *)&address, &length), 0);
        ck_assert_int_eq(connect(pair.peer, (struct sockaddr *)&address, length), 0);
        return pair;
}

/* Its close sleeps: it has data that nobody takes. */
static int lingering_new(void)
{
        const struct linger linger = {1, LINGER_SEC};
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t length = sizeof(address);
        static const char bytes[1024];
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        const int least = 1;

        setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
        ck_assert_int_eq(listen(listener, 1), 0); /* and stays */
        ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, length), 0);
        while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
                continue;
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
        return fd;
}

/* Passes it on with one byte, and keeps none. */
static void pass(int peer, int carried, int flags)
{
        char byte = 'x';
        struct iovec piece = {&byte, 1};
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = {0};
        struct msghdr message = {.msg_iov = &piece,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        *header = (struct cmsghdr){
                .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
        memcpy(CMSG_DATA(header), &carried, sizeof(carried));
        ck_assert_int_eq(sendmsg(peer, &message, flags), 1);
        close(carried);
}

static void wait_closed(const struct streams *streams)
{
        while (closer_pending(&streams->closer)) /* the test's own deadline holds */
                poll(NULL, 0, 1);
}

START_TEST(bytes_alone_are_received)
{
        struct streams *streams = older_streams(false);
        struct pair pair = pair_new();
        int fd = stream_accept(streams, pair.listener);
        char bytes[16];

        errno = 0;
        ck_assert_int_eq(stream_receive(streams, fd, bytes, sizeof(bytes)), -1);
        ck_assert_int_eq(errno, EAGAIN);
        ck_assert_int_eq(send(pair.peer, "one", 3, 0), 3);
        ck_assert_int_eq(send(pair.peer, "two", 3, 0), 3);
        ck_assert_int_eq(stream_receive(streams, fd, bytes, 4), 4);
        ck_assert_mem_eq(bytes, "onet", 4);
        ck_assert_int_eq(stream_receive(streams, fd, bytes, sizeof(bytes)), 2);
        ck_assert_mem_eq(bytes, "wo", 2);
        ck_assert_int_eq(stream_send(streams, fd, "three", 5), 5);
        ck_assert_int_eq(recv(pair.peer, bytes, sizeof(bytes), 0), 5);
        close(pair.peer);
        ck_assert_int_eq(stream_receive(streams, fd, bytes, sizeof(bytes)), 0);
}
END_TEST

/* Before, behind and as an urgent byte: it is said, and what was passed is where it was. */
START_TEST(what_carries_is_not_received)
{
        static const struct {
                const char *before;
                int flags;
        } rows[] = {{"", 0}, {"some bytes", 0}, {"", MSG_OOB}, {"some bytes", MSG_OOB}};
        struct streams *streams = older_streams(true);

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct pair pair = pair_new();
                int fd = stream_accept(streams, pair.listener);
                char bytes[64];
                ssize_t length;

                send(pair.peer, rows[i].before, strlen(rows[i].before), 0);
                pass(pair.peer, lingering_new(), rows[i].flags);
                ck_assert_int_eq(send(pair.peer, "behind", 6, 0), 6);
                do {
                        errno = 0;
                        length = stream_receive(streams, fd, bytes, sizeof(bytes));
                } while (length > 0);
                ck_assert_int_eq(errno, EBADMSG);
                stream_close(streams, fd);
        }
        wait_closed(streams);
}
END_TEST

START_TEST(closing_waits_for_nothing)
{
        struct streams *streams = older_streams(true);

        for (int i = 0; i < 20; i++) {
                struct pair pair = pair_new();
                int fd = stream_accept(streams, pair.listener);
                struct pollfd ended = {.fd = pair.peer, .events = POLLIN};

                for (int j = 0; j < 10; j++)
                        pass(pair.peer, lingering_new(), 0);
                stream_close(streams, fd);
                ck_assert_int_eq(poll(&ended, 1, -1), 1); /* the peer sees the end, whenever that one is closed */
                close(pair.listener);
        }
        wait_closed(streams);
}
END_TEST

/* What nobody has accepted goes with the socket that listens. */
START_TEST(closing_the_listener_waits_for_nothing)
{
        struct streams *streams = older_streams(true);
        struct pair pair = pair_new();

        pass(pair.peer, lingering_new(), 0);
        stream_close(streams, pair.listener);
        wait_closed(streams);
}
END_TEST

/* No thread could be had, or all places are taken: the signal of stall.h ends each sleep. */
START_TEST(closing_without_a_thread_is_guarded)
{
        struct streams *streams = older_streams(false);
        struct pair pair = pair_new();
        int fd = stream_accept(streams, pair.listener);

        pass(pair.peer, lingering_new(), 0);
        stream_close(streams, fd);
        ck_assert_int_eq(closer_pending(&streams->closer), 0);
        ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

static int count_open(void)
{
        int count = 0;

        for (int fd = 0; fd < 2 * CLOSER_RING; fd++)
                count += fcntl(fd, F_GETFD) >= 0;
        return count;
}

START_TEST(each_descriptor_is_closed_once)
{
        struct streams *streams = older_streams(true);
        int before = count_open();

        for (int i = 0; i < 5 * CLOSER_RING; i++) {
                int fd = dup(STDIN_FILENO);

                ck_assert_int_ge(fd, 0);
                while (!closer_take(&streams->closer, fd))
                        poll(NULL, 0, 1);
        }
        wait_closed(streams);
        ck_assert_int_eq(count_open(), before);
}
END_TEST

/* The kernel of a listening socket that was prepared refuses, or is known not to. */
START_TEST(a_kernel_that_refuses_needs_no_threads)
{
        struct streams streams;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        streams_init(&streams);
        streams_prepare(&streams, fd);
        ck_assert_int_eq(streams_begin(&streams), 0);
        ck_assert(streams.may_carry == (streams.closer.threads > 0));
        close(fd);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {bytes_alone_are_received,
                                      what_carries_is_not_received,
                                      closing_waits_for_nothing,
                                      closing_the_listener_waits_for_nothing,
                                      closing_without_a_thread_is_guarded,
                                      each_descriptor_is_closed_once,
                                      a_kernel_that_refuses_needs_no_threads};

        return unit_run(unit_suite_of("edge_stream", tests));
}
