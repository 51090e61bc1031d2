/* SPDX-License-Identifier: ISC */
/* Who is found by a ticket, and what becomes of an answer that nobody waits for. Sessions are not linked: what they would do is noted
 * here. */
#include "unit.h"

#include "daemon/session/errors.h"
#include "daemon/session/ticket.h"

static struct server server;
static struct peer peers[PEERS_MOST];
static unsigned replies, faults, answered;

void peer_reply_text(struct peer *peer, struct text *parameters, bool continues)
{
        ck_assert(!continues);
        peer->request.state = REQUEST_NONE;
        replies++;
        text_deinit(parameters);
}

void errors_fault(struct peer *peer, const struct fault *fault, const char *name, struct service *service)
{
        (void)fault;
        (void)name;
        (void)service;
        peer->request.state = REQUEST_NONE;
        faults++;
}

void peer_answered(struct peer *peer)
{
        (void)peer;
        answered++;
}

static void setup(void)
{
        memset(&server, 0, sizeof(server));
        memset(peers, 0, sizeof(peers));
        server.peers.connections_most = LIMIT_CONNECTIONS;
        server.peers.denied_most = LIMIT_CONNECTIONS_DENIED;
        server.peers.spare = true;
        replies = faults = answered = 0;
}

static struct peer *joins(unsigned at, enum access access)
{
        peers[at] = (struct peer){.server = &server, .access = access, .state = PEER_OPEN};
        peers_add(&server.peers, &peers[at]);
        return &peers[at];
}

static struct ticket calls(struct peer *peer)
{
        peer->request.state = REQUEST_RUNNING;
        peer->request.number++;
        return peer_ticket(peer);
}

START_TEST(a_ticket_is_for_one_call)
{
        struct peer *peer = joins(0, ACCESS_ROOT);
        struct ticket first = calls(peer), second;

        ck_assert_ptr_eq(ticket_peer(&server, first), peer);
        peer->request.state = REQUEST_NONE;
        ck_assert_ptr_null(ticket_peer(&server, first));
        second = calls(peer);
        ck_assert_ptr_null(ticket_peer(&server, first));
        ck_assert_ptr_eq(ticket_peer(&server, second), peer);
        peer->request.state = REQUEST_PARKED;
        ck_assert_ptr_eq(ticket_peer(&server, second), peer);
}
END_TEST

/* Whoever has its seat now has not asked. */
START_TEST(a_seat_is_not_a_peer)
{
        struct peer *peer = joins(0, ACCESS_ROOT);
        struct ticket ticket = calls(peer);
        struct peer *other;

        peers_remove(&server.peers, peer);
        ck_assert_ptr_null(ticket_peer(&server, ticket));
        other = joins(1, ACCESS_ROOT);
        ck_assert_uint_eq(other->seat, peer->seat);
        calls(other);
        ck_assert_ptr_null(ticket_peer(&server, ticket));
        ck_assert_ptr_null(ticket_peer(&server, (struct ticket){0}));
        ck_assert_ptr_null(ticket_peer(&server, (struct ticket){.peer = UINT64_MAX, .call = 1}));
}
END_TEST

START_TEST(an_answer_comes_once)
{
        struct fault fault = {.kind = FAULT_SYSTEM};
        struct ticket ticket = calls(joins(0, ACCESS_ROOT));
        struct text text;

        for (int i = 0; i < 2; i++) {
                text_init(&text);
                text_append_string(&text, "{}");
                ticket_reply(&server, ticket, &text); /* freed either way: a sanitizer would tell */
        }
        ck_assert_uint_eq(replies, 1);
        ticket_fail(&server, ticket, &fault, "", NULL);
        ck_assert_uint_eq(faults, 0);
        ck_assert_uint_eq(answered, 1);
        ticket_fail(&server, calls(&peers[0]), &fault, "", NULL);
        ck_assert_uint_eq(faults, 1);
        ck_assert_uint_eq(answered, 2);
}
END_TEST

START_TEST(several_get_the_same_answer)
{
        struct ticket_set set = {0};
        struct ticket taken, ticket = {0};
        size_t from = 0, count = 0;

        ck_assert(ticket_set_is_empty(&set));
        for (unsigned i = 0; i < PEERS_MOST; i++) {
                ticket = calls(joins(i, ACCESS_ROOT));
                ticket_set_add(&set, ticket);
                ticket_set_add(&set, calls(&peers[i])); /* it gave up the one before */
        }
        ck_assert(!ticket_set_is_empty(&set));
        while (ticket_set_take(&set, &from, &taken)) {
                ck_assert_ptr_eq(ticket_peer(&server, taken), &peers[count]);
                count++;
        }
        ck_assert_uint_eq(count, PEERS_MOST);
        ck_assert(ticket_set_is_empty(&set));
}
END_TEST

START_TEST(root_keeps_seats)
{
        struct quota_uid quota = {.used = true, .uid = 10000};
        long long value;
        unsigned count = 0;

        for (; !peers_over_bound(&server.peers, ACCESS_CLIENT, &quota, &value); count++) {
                peers[count] = (struct peer){.server = &server, .access = ACCESS_CLIENT, .quota = &quota};
                peers_add(&server.peers, &peers[count]);
                quota.connections = 0; /* many uids */
        }
        ck_assert_uint_eq(count, LIMIT_CONNECTIONS - LIMIT_CONNECTIONS_ROOT);
        for (; !peers_over_bound(&server.peers, ACCESS_ROOT, NULL, &value); count++)
                joins(count, ACCESS_ROOT);
        ck_assert_uint_eq(count, LIMIT_CONNECTIONS);
        /* Strangers neither take a seat nor lack one for that. */
        ck_assert_ptr_null(peers_over_bound(&server.peers, ACCESS_NOBODY, NULL, &value));
}
END_TEST

START_TEST(who_is_gone_takes_no_seat)
{
        struct quota_uid quota = {.used = true, .uid = 10000};
        struct peer *peer = &peers[0];
        long long value;

        *peer = (struct peer){.server = &server, .access = ACCESS_CLIENT, .quota = &quota};
        peers_add(&server.peers, peer);
        quota.connections = LIMIT_CONNECTIONS_UID;
        ck_assert_str_eq(peers_over_bound(&server.peers, ACCESS_CLIENT, &quota, &value), "connections_uid");
        ck_assert(peers_let_go(&server.peers, peer));
        peer->state = peer_state_next(peer->state, PEER_EVENT_HANG_UP);
        ck_assert_ptr_null(peers_over_bound(&server.peers, ACCESS_CLIENT, &quota, &value));
        ck_assert_uint_eq(quota.gone, 1);
        peers_remove(&server.peers, peer);
        ck_assert_uint_eq(quota.gone, 0);
        ck_assert_uint_eq(quota.connections, LIMIT_CONNECTIONS_UID - 1);
        ck_assert_uint_eq(server.peers.count + server.peers.gone + server.peers.counted, 0);
        /* A stranger's calls are not done when it is gone, and no more than so many of anybody's are. */
        ck_assert(!peers_let_go(&server.peers, joins(1, ACCESS_NOBODY)));
        server.peers.gone = GONE_CLIENTS;
        ck_assert(!peers_let_go(&server.peers, joins(2, ACCESS_ROOT)));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_ticket_is_for_one_call, a_seat_is_not_a_peer,
                                      an_answer_comes_once,     several_get_the_same_answer,
                                      root_keeps_seats,         who_is_gone_takes_no_seat};
        Suite *suite = suite_create("session_ticket");
        TCase *tcase = tcase_create("session_ticket");

        tcase_add_checked_fixture(tcase, setup, NULL);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
