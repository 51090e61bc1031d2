/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/judge/trouble.h"

/*
 * All causes of "wanted and not run", and of what is called so wrongly: wanted x recorded x seen x for how
 * long -> a trouble or none. A situation is a character a column:
 *
 *      kind        G gateway, S static service
 *      want        u up, d down
 *      hold        - none, b backoff with a next try, r a single try of it, f failed, h held
 *      order       - none under way to s6, o recorded and not given yet, q waits for its turn after a boot
 *      operation   O registered or removed, - none
 *      supervised  S yes, - no
 *      process     D none, R run, F finish
 *      to end      t told to end, or to be told, - not
 *      settled     s counts as up, - no
 *      halt        - none, p paused, s stopped by a signal, e its process has ended unseen
 *      unread      x orders lie in the FIFO, - none
 *      late        l its step lasts for longer than it may, - not
 */
#define COLUMNS 12

enum column { KIND, WANT, HOLD, ORDER, OPERATION, SUPERVISED, PROCESS, END, SETTLED, HALT, UNREAD, LATE };

static const char *const values[COLUMNS] = {"GS",  "ud", "-brfh", "-oq",  "O-", "S-",
                                            "DRF", "t-", "s-",    "-pse", "x-", "l-"};

#define SITUATIONS (2 * 2 * 5 * 3 * 2 * 2 * 3 * 2 * 2 * 4 * 2 * 2)

/* What cannot be met, left out before the rows are looked at. */
static const struct {
        const char *pattern;
        const char *why;
} impossible[] = {
        {"S*b*********", "a static service has no record"},
        {"S*r*********", "a static service has no record"},
        {"S*f*********", "a static service has no record"},
        {"S*h*********", "a static service has no record"},
        {"S**o********", "and no order that was recorded"},
        {"S**q********", "and no turn"},
        {"******D**p**", "without a run there is no process that could be halted"},
        {"******D**s**", "without a run there is no process that could be halted"},
        {"******D**e**", "without a run there is no process that could be halted"},
        {"******F**p**", "s6 cannot pause a finish script"},
        {"******F**s**", "nobody looks at that of a finish script"},
        {"******F**e**", "nobody looks at that of a finish script"},
        {"******D*s***", "only a run counts as up"},
        {"******F*s***", "only a run counts as up"},
        {"******Dt****", "only a run is told to end"},
        {"******Ft****", "only a run is told to end"},
        {"*****-*****l", "nothing of a step is known without a supervisor"},
};

/* A row is for every situation that it matches, * being anything. Each situation that can be met has exactly
 * one row. */
static const struct row {
        char pattern[COLUMNS + 1];
        enum step step;
        enum trouble trouble;
} rows[] = {
        /* Who does not read orders is told before everything that follows from it. */
        {"**********x*", STEP_NONE, TROUBLE_UNREAD},

        /* No s6-supervise (s6-svscan is gone, has no place left, or cannot fork). */
        {"****--****-*", STEP_NONE, TROUBLE_UNSUPERVISED},
        {"****O-****-*", STEP_NONE, TROUBLE_NONE}, /* not yet, or no more */

        /* It runs, and is to run. */
        {"*u**-SR-s--*", STEP_NONE, TROUBLE_NONE},
        {"*u**-SR-----", STEP_READY, TROUBLE_NONE},
        {"*u**-SR----l", STEP_READY, TROUBLE_NOT_READY},
        /* It runs, and does nothing. */
        {"****-SR-*p-*", STEP_NONE, TROUBLE_PAUSED},
        {"****-SR-*s-*", STEP_NONE, TROUBLE_STOPPED},
        {"****-SR-*e-*", STEP_NONE, TROUBLE_STALE},
        /* It runs, and nobody wants that: of a static service only s6 knows (s6-svc -o, -O), which is root's
           choice. */
        {"Gd*--SR-*--*", STEP_NONE, TROUBLE_UNWANTED},
        {"Gd*o-SR-s--*", STEP_NONE, TROUBLE_NONE},
        {"Gd*o-SR-----", STEP_READY, TROUBLE_NONE},
        {"Gd*o-SR----l", STEP_READY, TROUBLE_NOT_READY},
        {"Gd*q-SR-*--*", STEP_NONE, TROUBLE_UNWANTED},
        {"Sd**-SR-s--*", STEP_NONE, TROUBLE_NONE},
        {"Sd**-SR-----", STEP_READY, TROUBLE_NONE},
        {"Sd**-SR----l", STEP_READY, TROUBLE_NOT_READY},

        /* It runs, and is to end: whatever is to follow, and whether it is removed. */
        {"*****SRt*---", STEP_END, TROUBLE_NONE},
        {"*****SRt*--l", STEP_END, TROUBLE_NOT_ENDED},
        {"*****SRt*p-*", STEP_END, TROUBLE_PAUSED},
        {"*****SRt*s-*", STEP_END, TROUBLE_STOPPED},
        {"*****SRt*e-*", STEP_END, TROUBLE_STALE},
        /* It is registered, or about to be told. */
        {"****OSR-*--*", STEP_NONE, TROUBLE_NONE},
        {"****OSR-*p-*", STEP_NONE, TROUBLE_PAUSED},
        {"****OSR-*s-*", STEP_NONE, TROUBLE_STOPPED},
        {"****OSR-*e-*", STEP_NONE, TROUBLE_STALE},

        /* Its finish script runs. */
        {"*****SF*-*--", STEP_FINISH, TROUBLE_NONE},
        {"*****SF*-*-l", STEP_FINISH, TROUBLE_NOT_FINISHED},

        /* No process. Not wanted, or an operation sees to it: nothing is missing. */
        {"*d**-SD***-*", STEP_NONE, TROUBLE_NONE},
        {"****OSD***-*", STEP_NONE, TROUBLE_NONE},
        /* Wanted, and s6 starts it within its second (or cannot: no fork, no exec, supervisor stopped). */
        {"Su---SD***--", STEP_PROCESS, TROUBLE_NONE},
        {"Su---SD***-l", STEP_PROCESS, TROUBLE_NOT_STARTED},
        {"Gu---SD***--", STEP_PROCESS, TROUBLE_NONE},
        {"Gu---SD***-l", STEP_PROCESS, TROUBLE_NOT_STARTED},
        /* The order has not been given yet: the volume has it, or has not answered. */
        {"Gu-o-SD***--", STEP_PROCESS, TROUBLE_NONE},
        {"Gu-o-SD***-l", STEP_PROCESS, TROUBLE_NOT_STARTED},
        /* After a boot some begin together, and the others after them. */
        {"Gu-q-SD***-*", STEP_NONE, TROUBLE_NONE},
        /* It keeps ending, and is tried again. */
        {"Gub*-SD***-*", STEP_NONE, TROUBLE_BACKOFF},
        {"Gur--SD***--", STEP_PROCESS, TROUBLE_BACKOFF},
        {"Gur--SD***-l", STEP_PROCESS, TROUBLE_NOT_STARTED},
        {"Guro-SD***--", STEP_PROCESS, TROUBLE_BACKOFF},
        {"Guro-SD***-l", STEP_PROCESS, TROUBLE_NOT_STARTED},
        {"Gurq-SD***-*", STEP_NONE, TROUBLE_BACKOFF},
        /* Nothing tries it again. */
        {"Guf*-SD***-*", STEP_NONE, TROUBLE_FAILED},
        {"Guh*-SD***-*", STEP_NONE, TROUBLE_HELD},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define IMPOSSIBLE (sizeof(impossible) / sizeof(impossible[0]))

static void situation_text(int n, char text[COLUMNS + 1])
{
        for (int column = 0; column < COLUMNS; column++) {
                int count = (int)strlen(values[column]);

                text[column] = values[column][n % count];
                n /= count;
        }
        text[COLUMNS] = 0;
        ck_assert_int_eq(n, 0);
}

static struct situation situation_of(const char *text)
{
        return (struct situation){
                .gateway = text[KIND] == 'G',
                .want_up = text[WANT] == 'u',
                .hold = text[HOLD] == 'b' || text[HOLD] == 'r' ? HOLD_BACKOFF
                        : text[HOLD] == 'f'                    ? HOLD_FAILED
                        : text[HOLD] == 'h'                    ? HOLD_HELD
                                                               : HOLD_NONE,
                .retried = text[HOLD] == 'r',
                .ordered = text[ORDER] == 'o',
                .queued = text[ORDER] == 'q',
                .operation = text[OPERATION] == 'O',
                .supervised = text[SUPERVISED] == 'S',
                .process = text[PROCESS] == 'R'   ? PROCESS_RUN
                           : text[PROCESS] == 'F' ? PROCESS_FINISH
                                                  : PROCESS_NONE,
                .to_end = text[END] == 't',
                .settled = text[SETTLED] == 's',
                .halt = text[HALT] == 'p'   ? HALT_PAUSED
                        : text[HALT] == 's' ? HALT_STOPPED
                        : text[HALT] == 'e' ? HALT_ENDED
                                            : HALT_NONE,
                .unread = text[UNREAD] == 'x',
        };
}

static bool matches(const char *pattern, const char *text)
{
        for (int column = 0; column < COLUMNS; column++)
                if (pattern[column] != '*' && pattern[column] != text[column])
                        return false;
        return true;
}

static bool can_be_met(const char *text)
{
        for (size_t i = 0; i < IMPOSSIBLE; i++)
                if (matches(impossible[i].pattern, text))
                        return false;
        return true;
}

START_TEST(rows_are_well_formed)
{
        for (size_t i = 0; i < ROWS + IMPOSSIBLE; i++) {
                const char *pattern = i < ROWS ? rows[i].pattern : impossible[i - ROWS].pattern;

                ck_assert_uint_eq(strlen(pattern), COLUMNS);
                for (int column = 0; column < COLUMNS; column++)
                        ck_assert_msg(pattern[column] == '*' || strchr(values[column], pattern[column]),
                                      "%s: column %d", pattern, column);
        }
}
END_TEST

/* The step is judged where the trouble does not hide it: in the rows that name one. */
START_TEST(every_situation)
{
        size_t used[ROWS] = {0};

        for (int n = 0; n < SITUATIONS; n++) {
                const struct row *row = NULL;
                struct situation situation;
                char text[COLUMNS + 1];

                situation_text(n, text);
                situation = situation_of(text);
                if (!can_be_met(text))
                        continue;
                for (size_t i = 0; i < ROWS; i++)
                        if (matches(rows[i].pattern, text)) {
                                ck_assert_msg(!row, "%s: two rows, %s and %s", text, row ? row->pattern : "",
                                              rows[i].pattern);
                                row = &rows[i];
                                used[i]++;
                        }
                ck_assert_msg(row, "%s: no row", text);
                ck_assert_msg(trouble_judge(&situation, text[LATE] == 'l') == row->trouble,
                              "%s: %s instead of %s", text,
                              trouble_name(trouble_judge(&situation, text[LATE] == 'l')) ?: "none",
                              trouble_name(row->trouble) ?: "none");
                ck_assert_msg(row->step == STEP_NONE || trouble_step(&situation) == row->step, "%s: step %d",
                              text, (int)trouble_step(&situation));
        }
        for (size_t i = 0; i < ROWS; i++)
                ck_assert_msg(used[i], "%s: never met", rows[i].pattern);
}
END_TEST

/* Whatever is wanted and has no process is a trouble at once, on a way that has an end, or waits for others
 * that are. */
START_TEST(nothing_wanted_is_forgotten)
{
        for (int n = 0; n < SITUATIONS; n++) {
                struct situation situation;
                char text[COLUMNS + 1];

                situation_text(n, text);
                situation = situation_of(text);
                if (!can_be_met(text) || !situation.want_up || situation.process == PROCESS_RUN ||
                    situation.operation || situation.queued)
                        continue;
                ck_assert_msg(trouble_judge(&situation, true) != TROUBLE_NONE, "%s", text);
        }
}
END_TEST

/* And the other way round: what settled, or is down as it is wanted, is none. */
START_TEST(nothing_right_is_a_trouble)
{
        for (int n = 0; n < SITUATIONS; n++) {
                struct situation situation;
                char text[COLUMNS + 1];
                bool right;

                situation_text(n, text);
                situation = situation_of(text);
                right = situation.supervised && !situation.unread && !situation.halt && !situation.to_end &&
                        (situation.want_up ? situation.process == PROCESS_RUN && situation.settled
                                           : situation.process == PROCESS_NONE);
                if (can_be_met(text) && right)
                        ck_assert_msg(trouble_judge(&situation, text[LATE] == 'l') == TROUBLE_NONE, "%s",
                                      text);
        }
}
END_TEST

START_TEST(words)
{
        ck_assert_ptr_null(trouble_name(TROUBLE_NONE));
        ck_assert(!trouble_is_stuck(TROUBLE_NONE));
        for (int trouble = TROUBLE_NONE + 1; trouble < TROUBLES; trouble++) {
                bool stuck = trouble > TROUBLE_HELD && trouble < TROUBLE_LOGGER;

                ck_assert_ptr_nonnull(trouble_name((enum trouble)trouble));
                ck_assert_int_eq(trouble_is_stuck((enum trouble)trouble), stuck);
        }
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {rows_are_well_formed, every_situation, nothing_wanted_is_forgotten,
                                      nothing_right_is_a_trouble, words};

        return unit_run(unit_suite_of("judge_trouble", tests));
}
