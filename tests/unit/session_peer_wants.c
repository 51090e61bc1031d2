/* SPDX-License-Identifier: ISC */
/* What a connection waits for, and until when: no socket, no loop. */
#include "unit.h"

#include "daemon/session/peer.h"

#define NOW INT64_C(1000000)

static struct server server;
static struct peer peer;
static bool due;

static void setup(void)
{
        memset(&server, 0, sizeof(server));
        peer = (struct peer){.server = &server, .state = PEER_OPEN, .active_msec = NOW};
        frame_buffer_init(&peer.in, LIMIT_REQUEST_BYTES);
        text_init(&peer.out);
}

static void teardown(void)
{
        frame_buffer_deinit(&peer.in);
        text_deinit(&peer.out);
}

static void comes(const char *bytes, size_t length)
{
        size_t room;
        char *at = frame_buffer_reserve(&peer.in, &room);

        ck_assert_uint_le(length, room);
        memcpy(at, bytes, length);
        frame_buffer_commit(&peer.in, length);
}

START_TEST(what_it_waits_for_says_how_long)
{
        ck_assert_int_eq(peer_deadline(&peer), NOW + LIMIT_IDLE_MSEC);
        peer.frame_msec = NOW + 1;
        ck_assert_int_eq(peer_deadline(&peer), NOW + 1 + LIMIT_FRAME_MSEC);
        for (enum request_state state = REQUEST_RUNNING; state <= REQUEST_DUE; state++) {
                peer.request.state = state;
                ck_assert_int_eq(peer_deadline(&peer), INT64_MAX);
        }
        /* A reader that takes nothing has its time, whatever runs. */
        peer.stalled_msec = NOW + 2;
        ck_assert_int_eq(peer_deadline(&peer), NOW + 2 + LIMIT_OUTPUT_STALL_MSEC);
        peer.gone_msec = NOW + 3;
        for (enum peer_state state = PEER_GONE; state <= PEER_GONE_CLOSING; state++) {
                peer.state = state;
                ck_assert_int_eq(peer_deadline(&peer), NOW + 3);
        }
}
END_TEST

START_TEST(nothing_more_is_read_than_is_taken)
{
        ck_assert_int_eq(peer_events(&peer), UV_READABLE);
        for (int i = 0; i < LIMIT_PIPELINED_CALLS - 1; i++)
                comes("{}", 3);
        ck_assert_int_eq(peer_events(&peer), UV_READABLE);
        comes("{}", 3);
        ck_assert_int_eq(peer_events(&peer), UV_PRIORITIZED);
}
END_TEST

START_TEST(polled_for_what_its_state_admits)
{
        static const int events[PEER_STATES] = {
                [PEER_OPEN] = UV_READABLE,
                [PEER_ENDED] = UV_PRIORITIZED,
                [PEER_CLOSING] = UV_PRIORITIZED,
                [PEER_CLOSED] = UV_PRIORITIZED, /* of a client that is gone: none */
        };

        for (unsigned state = 0; state < PEER_STATES; state++) {
                peer.state = state;
                ck_assert_msg(peer_events(&peer) == events[state], "state %u", state);
        }
        setup();
        peer.request.state = REQUEST_PARKED;
        ck_assert_int_eq(peer_events(&peer), UV_PRIORITIZED);
        text_append_string(&peer.out, "reply");
        ck_assert_int_eq(peer_events(&peer), UV_WRITABLE);
        peer.request.state = REQUEST_RUNNING;
        ck_assert_int_eq(peer_events(&peer), UV_READABLE | UV_WRITABLE);
}
END_TEST

START_TEST(a_call_that_came_is_more_to_do)
{
        comes("{", 1);
        ck_assert(!peer_has_more(&peer));
        ck_assert(peer_waits_for_rest(&peer));
        comes("}", 2);
        ck_assert(peer_has_more(&peer));
        ck_assert(!peer_waits_for_rest(&peer));
        peer.request.state = REQUEST_RUNNING;
        ck_assert(!peer_has_more(&peer));
        peer.request.state = REQUEST_NONE;
        server.draining = true;
        ck_assert(!peer_has_more(&peer));
        server.draining = false;
        peer.state = PEER_CLOSING;
        ck_assert(!peer_has_more(&peer));
        peer.state = PEER_GONE_READ;
        ck_assert(peer_has_more(&peer));
}
END_TEST

static bool is_due(const struct feed *feed, const struct peer *whose)
{
        (void)feed;
        (void)whose;
        return due;
}

START_TEST(a_feed_says_whether_it_has_more)
{
        struct feed feed = {.is_due = NULL};

        peer.request.state = REQUEST_RUNNING;
        peer.request.feed = &feed;
        ck_assert(peer_has_more(&peer));
        feed.is_due = is_due;
        due = false;
        ck_assert(!peer_has_more(&peer));
        due = true;
        ck_assert(peer_has_more(&peer));
}
END_TEST

/* What a client left in the socket when it went, no event tells of. */
START_TEST(who_is_gone_is_read_to_the_end)
{
        ck_assert(!peer_reads_on(&peer));
        peer.state = PEER_GONE;
        ck_assert(peer_reads_on(&peer) && peer_has_more(&peer));
        peer.request.state = REQUEST_RUNNING;
        ck_assert(!peer_reads_on(&peer));
        peer.request.state = REQUEST_NONE;
        comes("{}", 3);
        ck_assert(!peer_reads_on(&peer) && peer_has_more(&peer));
        peer.state = PEER_GONE_READ;
        ck_assert(!peer_reads_on(&peer) && peer_has_more(&peer));
        peer.state = PEER_GONE_CLOSING;
        ck_assert(!peer_has_more(&peer));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {what_it_waits_for_says_how_long,  nothing_more_is_read_than_is_taken,
                                      polled_for_what_its_state_admits, a_call_that_came_is_more_to_do,
                                      a_feed_says_whether_it_has_more,  who_is_gone_is_read_to_the_end};
        Suite *suite = suite_create("session_peer_wants");
        TCase *tcase = tcase_create("session_peer_wants");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
