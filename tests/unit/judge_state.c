/* SPDX-License-Identifier: ISC */
#include "situations.h"

#include "daemon/judge/trouble.h"

/*
 * What its state is called. A situation:
 *
 *      supervised  S yes, - no
 *      operation   O registered or removed, - none
 *      process     D none, R run, F finish
 *      to end      t told to end, or to be told, - not
 *      settled     s counts as up, - no
 *      hold        - none, b backoff, f failed, h held
 *      given up    g by its finish script, - not
 *      want        u up, d down
 *      order       s told to start, o recorded and not given yet, - none
 */
enum column { SUPERVISED, OPERATION, PROCESS, END, SETTLED, HOLD, GIVEN_UP, WANT, ORDER };

static const char *const values[] = {"S-", "O-", "DRF", "t-", "s-", "-bfh", "g-", "ud", "so-"};
static const struct columns columns = {sizeof(values) / sizeof(values[0]), values};

static const struct row {
        char pattern[16];
        enum service_state state;
} rows[] = {
        /* Nobody supervises it: not yet or no more, or somebody should. */
        {"-O*******", STATE_DOWN},
        {"--*******", STATE_UNSUPERVISED},

        {"S*F******", STATE_FINISHING},
        /* It runs: what it was told comes before how long it has. */
        {"S*Rt*****", STATE_STOPPING},
        {"S*R-s****", STATE_UP},
        {"S*R--****", STATE_STARTING},

        /* It does not run: what holds it back comes before what is wanted. */
        {"S*D**b***", STATE_BACKOFF},
        {"S*D**f***", STATE_FAILED},
        {"S*D**h***", STATE_HELD},
        {"S*D**-g**", STATE_FAILED},
        {"S*D**--d*", STATE_DOWN},
        {"S*D**--us", STATE_STARTING},
        {"S*D**--uo", STATE_STARTING},
        {"S*D**--u-", STATE_BACKOFF},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct situation situation_of(const char *text)
{
        return (struct situation){
                .supervised = text[SUPERVISED] == 'S',
                .operation = text[OPERATION] == 'O',
                .process = text[PROCESS] == 'R'   ? PROCESS_RUN
                           : text[PROCESS] == 'F' ? PROCESS_FINISH
                                                  : PROCESS_NONE,
                .to_end = text[END] == 't',
                .settled = text[SETTLED] == 's',
                .hold = (enum hold)(strchr("-bfh", text[HOLD]) - "-bfh"),
                .given_up = text[GIVEN_UP] == 'g',
                .want_up = text[WANT] == 'u',
                .starting = text[ORDER] == 's',
                .ordered = text[ORDER] == 'o',
        };
}

START_TEST(every_situation)
{
        size_t used[ROWS] = {0};

        for (size_t i = 0; i < ROWS; i++)
                situations_check_pattern(&columns, rows[i].pattern);
        for (int n = 0; n < situations_count(&columns); n++) {
                char text[SITUATION_BYTES];
                struct situation situation;
                size_t row;

                situations_text(&columns, n, text);
                row = situations_row(&columns, rows, sizeof(rows[0]), ROWS, text);
                used[row]++;
                situation = situation_of(text);
                ck_assert_msg(state_judge(&situation) == rows[row].state, "%s: %d, and %s says %d", text,
                              (int)state_judge(&situation), rows[row].pattern, (int)rows[row].state);
        }
        for (size_t i = 0; i < ROWS; i++)
                ck_assert_msg(used[i], "%s: never met", rows[i].pattern);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {every_situation};

        return unit_run(unit_suite_of("judge_state", tests));
}
