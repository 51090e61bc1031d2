/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/session/peer_state.h"

/* Each state once: what it means, and what follows it. */
static const struct row {
        enum peer_state state;
        bool reads, takes_calls, is_gone;
        enum peer_state after_end, after_close, after_hang_up;
} rows[] = {
        {PEER_OPEN, true, true, false, PEER_ENDED, PEER_CLOSING, PEER_GONE},
        {PEER_ENDED, false, true, false, PEER_ENDED, PEER_CLOSING, PEER_GONE_READ},
        {PEER_CLOSING, false, false, false, PEER_CLOSING, PEER_CLOSING, PEER_GONE_CLOSING},
        {PEER_GONE, true, true, true, PEER_GONE_READ, PEER_GONE_CLOSING, PEER_GONE},
        {PEER_GONE_READ, false, true, true, PEER_GONE_READ, PEER_GONE_CLOSING, PEER_GONE_READ},
        {PEER_GONE_CLOSING, false, false, true, PEER_GONE_CLOSING, PEER_GONE_CLOSING, PEER_GONE_CLOSING},
        {PEER_CLOSED, false, false, false, PEER_CLOSED, PEER_CLOSED, PEER_CLOSED},
};

START_TEST(the_whole_table)
{
        ck_assert_uint_eq(sizeof(rows) / sizeof(rows[0]), PEER_STATES);
        for (size_t i = 0; i < PEER_STATES; i++) {
                const struct row *row = &rows[i];

                ck_assert_uint_eq(row->state, i);
                ck_assert_msg(peer_state_reads(row->state) == row->reads, "state %zu", i);
                ck_assert_msg(peer_state_takes_calls(row->state) == row->takes_calls, "state %zu", i);
                ck_assert_msg(peer_state_is_gone(row->state) == row->is_gone, "state %zu", i);
                ck_assert_msg(peer_state_next(row->state, PEER_EVENT_END) == row->after_end, "state %zu", i);
                ck_assert_msg(peer_state_next(row->state, PEER_EVENT_CLOSE) == row->after_close, "state %zu",
                              i);
                ck_assert_msg(peer_state_next(row->state, PEER_EVENT_HANG_UP) == row->after_hang_up,
                              "state %zu", i);
                ck_assert_msg(peer_state_next(row->state, PEER_EVENT_CLOSED) == PEER_CLOSED, "state %zu", i);
        }
}
END_TEST

/* What was given up once is never taken up again, whatever comes after it. */
START_TEST(there_is_no_way_back)
{
        for (unsigned state = 0; state < PEER_STATES; state++)
                for (unsigned event = 0; event < PEER_EVENTS; event++) {
                        enum peer_state next = peer_state_next(state, event);

                        ck_assert(peer_state_reads(state) || !peer_state_reads(next));
                        ck_assert(peer_state_takes_calls(state) || !peer_state_takes_calls(next));
                        ck_assert(!peer_state_is_gone(state) || peer_state_is_gone(next) ||
                                  next == PEER_CLOSED);
                        ck_assert_uint_eq(peer_state_next(next, event), next); /* told twice is told once */
                }
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_whole_table, there_is_no_way_back};

        return unit_run(unit_suite_of("session_peer_state", tests));
}
