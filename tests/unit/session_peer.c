/* SPDX-License-Identifier: ISC */
/* A connection and what it is counted for: a real History on a pair of sockets, without any listener. */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "daemon/methods/methods.h"
#include "daemon/session/peer.h"

#define UID 10000
#define TURNS_MOST 1000

static const struct method *const methods[] = {history_methods, NULL};
static uv_loop_t loop;
static struct registry registry;
static struct server server;
static struct quota_uid *quota;
static int client;

static void setup(void)
{
        uv_loop_init(&loop);
        server_init(&server, &loop, &registry, methods);
        history_listen(&registry);
}

static void teardown(void)
{
        server_deinit(&server);
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        ck_assert_uint_eq(server.peers.memory_bytes, 0);
}

/* As server_accept() does it. */
static struct peer *connect_peer(void)
{
        const struct identity identity = {.uid = UID, .gid = UID, .pid = getpid()};
        struct peer *peer;
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        client = ends[0];
        peer = peer_new(&server, ends[1], &identity, ACCESS_CLIENT);
        ck_assert_ptr_nonnull(peer);
        quota = quota_get(&server.quota, UID, clock_msec());
        peer->quota = quota;
        peers_add(&server.peers, peer);
        peer_continue(peer);
        return peer;
}

/* Turns the loop until the client has read something, or its connection has ended. */
static ssize_t client_reads(char *bytes, size_t size)
{
        for (int turns = 0; turns < TURNS_MOST; turns++) {
                ssize_t length = read(client, bytes, size);

                if (length >= 0)
                        return length;
                uv_run(&loop, UV_RUN_NOWAIT);
        }
        ck_abort_msg("nothing comes");
        return -1;
}

static struct peer *begin_follow(void)
{
        static const char call[] =
                "{\"method\":\"io.svcbroker.History\",\"parameters\":{\"follow\":true},\"more\":true}";
        struct peer *peer = connect_peer();
        char bytes[256] = "";

        ck_assert_int_eq(write(client, call, sizeof(call)), sizeof(call));
        ck_assert_int_gt(client_reads(bytes, sizeof(bytes) - 1), 0);
        ck_assert_str_eq(bytes, "{\"parameters\":{\"events\":[]},\"continues\":true}");
        ck_assert_uint_gt(server.peers.memory_bytes, 0);
        ck_assert_uint_eq(quota->memory_bytes, server.peers.memory_bytes);
        ck_assert_uint_eq(quota->watches, 1);
        return peer;
}

static void assert_nothing_is_counted(void)
{
        ck_assert_uint_eq(server.peers.count, 0);
        ck_assert_uint_eq(server.peers.counted, 0);
        ck_assert_uint_eq(server.peers.memory_bytes, 0);
        ck_assert_uint_eq(quota->memory_bytes, 0);
        ck_assert_uint_eq(quota->connections, 0);
        ck_assert_uint_eq(quota->watches, 0);
}

/* Events went that the follower was not told of: it is closed, in the middle of its own turn. */
START_TEST(a_slow_follower_gives_back_what_it_held)
{
        struct peer *peer = begin_follow();
        char byte;

        registry.history.past.evicted = registry.history.past.number = 1;
        registry.events.happened(registry.events.owner);
        ck_assert_int_eq(client_reads(&byte, 1), 0);
        ck_assert_int_eq(peer->state, PEER_CLOSED);
        assert_nothing_is_counted();
        close(client);
}
END_TEST

START_TEST(a_closed_peer_is_charged_for_nothing)
{
        struct peer *peer = begin_follow();

        peer_close(peer);
        peer_charge(peer);
        assert_nothing_is_counted();
        peer_continue(peer);
        assert_nothing_is_counted();
        close(client);
}
END_TEST

START_TEST(a_client_that_goes_gives_back_what_it_held)
{
        begin_follow();
        close(client);
        for (int turns = 0; turns < TURNS_MOST && server.peers.count; turns++)
                uv_run(&loop, UV_RUN_NOWAIT);
        assert_nothing_is_counted();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_slow_follower_gives_back_what_it_held,
                                      a_closed_peer_is_charged_for_nothing,
                                      a_client_that_goes_gives_back_what_it_held};
        Suite *suite = suite_create("session_peer");
        TCase *tcase = tcase_create("session_peer");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
