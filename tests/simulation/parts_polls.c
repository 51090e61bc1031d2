/* SPDX-License-Identifier: ISC */
/* What the broker relies on of libuv, as parts_loop.c: what the kernel tells of descriptors and signals. */
#include "parts_loop.h"

static uv_poll_t polls[2];
static int ends[2];

static int seen_status, seen_events;

static void on_any(uv_poll_t *poll, int status, int events)
{
        note(poll);
        seen_status = status;
        seen_events = events;
        uv_poll_stop(poll);
}

static int events_of(int fd, int asked)
{
        begin();
        ck_assert_int_eq(uv_poll_init(&loop, &polls[0], fd), 0);
        name_it(&polls[0], "e");
        ck_assert_int_eq(uv_poll_start(&polls[0], asked, on_any), 0);
        run("e");
        ck_assert_int_eq(seen_status, 0);
        return seen_events;
}

START_TEST(a_socket_says_what_it_can_do)
{
        int sockets[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
        ck_assert_int_eq(events_of(sockets[0], UV_READABLE | UV_WRITABLE | UV_DISCONNECT), UV_WRITABLE);
        ck_assert_int_eq(write(sockets[1], "a", 1), 1);
        ck_assert_int_eq(events_of(sockets[0], UV_READABLE), UV_READABLE);
        ck_assert_int_eq(events_of(sockets[0], UV_READABLE | UV_WRITABLE), UV_READABLE | UV_WRITABLE);
        ck_assert_int_eq(shutdown(sockets[1], SHUT_WR), 0);
        ck_assert_int_eq(events_of(sockets[0], UV_READABLE | UV_DISCONNECT), UV_READABLE | UV_DISCONNECT);
        ck_assert_int_eq(events_of(sockets[0], UV_DISCONNECT), UV_DISCONNECT);
        close(sockets[1]);
        ck_assert_int_eq(events_of(sockets[0], UV_READABLE), UV_READABLE);
        ck_assert_int_eq(events_of(sockets[0], UV_DISCONNECT), UV_DISCONNECT);
}
END_TEST

START_TEST(a_pipe_whose_writer_is_gone_is_readable)
{
        ck_assert_int_eq(pipe(ends), 0);
        close(ends[1]);
        ck_assert_int_eq(events_of(ends[0], UV_READABLE), UV_READABLE);
}
END_TEST

static void on_stops_both(uv_poll_t *poll, int status, int events)
{
        note(poll);
        uv_poll_stop(&polls[0]);
        uv_poll_stop(&polls[1]);
}

START_TEST(what_another_stopped_is_not_told)
{
        int second[2];

        begin();
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(pipe(second), 0);
        ck_assert_int_eq(write(ends[1], "a", 1), 1);
        ck_assert_int_eq(write(second[1], "a", 1), 1);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(uv_poll_init(&loop, &polls[i], i ? second[0] : ends[0]), 0);
                name_it(&polls[i], "e");
                ck_assert_int_eq(uv_poll_start(&polls[i], UV_READABLE, on_stops_both), 0);
        }
        run("e");
}
END_TEST

static uv_signal_t signals;

static void on_signal(uv_signal_t *its, int number)
{
        note(its);
        ck_assert_int_eq(number, SIGUSR1);
        uv_close((uv_handle_t *)its, NULL);
}

START_TEST(a_signal_comes_by_the_loop)
{
        begin();
        ck_assert_int_eq(uv_signal_init(&loop, &signals), 0);
        name_it(&signals, "s");
        ck_assert_int_eq(uv_signal_start(&signals, on_signal, SIGUSR1), 0);
        SIGNAL(SIGUSR1);
        ck_assert_str_eq(happened, "");
        run("s");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_socket_says_what_it_can_do, a_pipe_whose_writer_is_gone_is_readable,
                                      what_another_stopped_is_not_told, a_signal_comes_by_the_loop};

        return unit_run(unit_suite_of("parts_polls", tests));
}
