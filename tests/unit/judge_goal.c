/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/judge/goal.h"

/*
 * A situation is nine characters, one a column:
 *
 *      kind        N none, U up, D down
 *      replace     - none, = the run that is there, / another
 *      supervised  S yes, - no
 *      process     D down, R run, F finish, f finish without a pid (s6 never says so; judged like F)
 *      paused      p yes, - no
 *      want up     w yes, - no
 *      told        - nothing, r restart, d down
 *      settled     s yes, - no
 *      stamp       = as when it was ordered, / another
 */
#define COLUMNS 9

enum column { KIND, REPLACE, SUPERVISED, PROCESS, PAUSED, WANT, TOLD, SETTLED, STAMP };

static const char *const values[COLUMNS] = {"NUD", "-=/", "S-", "DRFf", "p-", "w-", "-rd", "s-", "=/"};

/* A run and its finish script: the same in all tests, so that `replace` can name it. */
#define PID 700
#define OTHER_PID 701
#define BASE_USEC 1700000000000000
#define LATER_USEC 1700000005000000

/* A row is for every situation that it matches, * being anything. Each situation has exactly one row. */
static const struct row {
        char pattern[COLUMNS + 1];
        enum goal_verdict verdict;
        const char *letters;
} rows[] = {
        /* Nothing was asked. */
        {"N********", GOAL_DONE, NULL},

        /* Nobody would hear an order; s6-svscan brings a supervisor back, which obeys the down file. */
        {"U*-******", GOAL_WAIT, NULL},
        {"D*-******", GOAL_WAIT, NULL},

        /* Start: it runs, and nobody told this run to end. */
        {"U-SR-w-s*", GOAL_DONE, NULL},
        {"U-SR-w--*", GOAL_WAIT, NULL},
        {"U-SRpw-**", GOAL_SEND, "c"},
        {"U-SRp--**", GOAL_SEND, "uc"},
        {"U-SR---**", GOAL_SEND, "u"}, /* a single run (`o`): it is to be wanted */
        /* Restart: the run that was to end is gone, this is the next one. */
        {"U/SR-w-s*", GOAL_DONE, NULL},
        {"U/SR-w--*", GOAL_WAIT, NULL},
        {"U/SRpw-**", GOAL_SEND, "c"},
        {"U/SRp--**", GOAL_SEND, "uc"},
        {"U/SR---**", GOAL_SEND, "u"},
        /* Restart: this is the run to end. A stopped one would not see its TERM, and nobody knows whether it is. */
        {"U=SR-*-**", GOAL_SEND, "urc"},
        {"U=SRp*-**", GOAL_SEND, "urc"},
        /* It was told to end already: another follows, or shall after all. */
        {"U*SR**r**", GOAL_WAIT, NULL},
        {"U*SR**d**", GOAL_SEND, "u"},
        /* A `u` while finish runs is undone by its exit 125. */
        {"U*SF*****", GOAL_WAIT, NULL},
        {"U*Sf*****", GOAL_WAIT, NULL},
        /* Down and wanted: s6 starts it within its second. Down since the order: needs the order. Down again:
           it ran. */
        {"U*SD*w***", GOAL_WAIT, NULL},
        {"U*SD*-**=", GOAL_SEND, "u"},
        {"U*SD*-**/", GOAL_FAILED, NULL},

        /* Stop: a run is told once, also one that was told to restart. */
        {"D*SR**-**", GOAL_SEND, "d"},
        {"D*SR**r**", GOAL_SEND, "d"},
        {"D*SR**d**", GOAL_WAIT, NULL},
        /* Not running, and s6 would start it again. */
        {"D*SF*w***", GOAL_SEND, "d"},
        {"D*Sf*w***", GOAL_SEND, "d"},
        {"D*SD*w***", GOAL_SEND, "d"},
        {"D*SF*-***", GOAL_WAIT, NULL},
        {"D*Sf*-***", GOAL_WAIT, NULL},
        {"D*SD*-***", GOAL_DONE, NULL},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define SITUATIONS (3 * 3 * 2 * 4 * 2 * 2 * 3 * 2 * 2)

static const char untouched[] = "untouched";

struct judged {
        enum goal_verdict verdict;
        const char *letters;
};

/* Situation number `n`, as its nine characters. */
static void situation(int n, char text[COLUMNS + 1])
{
        for (int column = 0; column < COLUMNS; column++) {
                int count = (int)strlen(values[column]);

                text[column] = values[column][n % count];
                n /= count;
        }
        text[COLUMNS] = 0;
        ck_assert_int_eq(n, 0);
}

static struct judged judge(const char *text)
{
        struct seen seen = {
                .supervised = text[SUPERVISED] == 'S',
                .finishing = text[PROCESS] == 'F' || text[PROCESS] == 'f',
                .paused = text[PAUSED] == 'p',
                .want_up = text[WANT] == 'w',
                .settled = text[SETTLED] == 's',
                .pid = text[PROCESS] == 'R' || text[PROCESS] == 'F' ? PID : 0,
                .since_usec = text[STAMP] == '=' ? BASE_USEC : LATER_USEC,
                .told = text[TOLD] == 'r'   ? TOLD_RESTART
                        : text[TOLD] == 'd' ? TOLD_DOWN
                                            : TOLD_NOTHING,
        };
        struct goal goal = {
                .kind = text[KIND] == 'U'   ? GOAL_UP
                        : text[KIND] == 'D' ? GOAL_DOWN
                                            : GOAL_NONE,
                .replace = text[REPLACE] == '='   ? PID
                           : text[REPLACE] == '/' ? OTHER_PID
                                                  : 0,
                .base_usec = BASE_USEC,
        };
        struct judged judged = {.letters = untouched};

        judged.verdict = goal_judge(&goal, &seen, &judged.letters);
        return judged;
}

static bool matches(const char *pattern, const char *text)
{
        for (int column = 0; column < COLUMNS; column++)
                if (pattern[column] != '*' && pattern[column] != text[column])
                        return false;
        return true;
}

START_TEST(rows_are_well_formed)
{
        for (size_t i = 0; i < ROWS; i++) {
                ck_assert_uint_eq(strlen(rows[i].pattern), COLUMNS);
                for (int column = 0; column < COLUMNS; column++)
                        ck_assert_msg(rows[i].pattern[column] == '*' ||
                                              strchr(values[column], rows[i].pattern[column]),
                                      "%s: column %d", rows[i].pattern, column);
        }
}
END_TEST

START_TEST(every_situation)
{
        size_t used[ROWS] = {0};

        for (int n = 0; n < SITUATIONS; n++) {
                const struct row *row = NULL;
                char text[COLUMNS + 1];
                struct judged judged;

                situation(n, text);
                for (size_t i = 0; i < ROWS; i++)
                        if (matches(rows[i].pattern, text)) {
                                ck_assert_msg(!row, "%s: two rows", text);
                                row = &rows[i];
                                used[i]++;
                        }
                ck_assert_msg(row, "%s: no row", text);
                judged = judge(text);
                ck_assert_msg(judged.verdict == row->verdict, "%s: verdict %d, and %s says %d", text,
                              judged.verdict, row->pattern, row->verdict);
                if (row->verdict == GOAL_SEND)
                        ck_assert_msg(!strcmp(judged.letters, row->letters), "%s: sends %s", text,
                                      judged.letters);
                else
                        ck_assert_msg(judged.letters == untouched, "%s: sets letters", text);
        }
        for (size_t i = 0; i < ROWS; i++)
                ck_assert_msg(used[i] > 0, "%s: matches nothing", rows[i].pattern);
}
END_TEST

/* What must hold whatever the rows say: each names what would be broken. */
static void check_sent(const char *text, const char *letters)
{
        ck_assert_msg(letters != untouched && letters && *letters, "%s: sends nothing", text);
        ck_assert_msg(strspn(letters, "udrc") == strlen(letters), "%s: sends %s", text, letters);
        ck_assert_msg(text[SUPERVISED] == 'S', "%s: sends to nobody", text);
        if (strchr(letters, 'u')) {
                ck_assert_msg(text[KIND] == 'U', "%s: starts unasked", text);
                ck_assert_msg(text[PROCESS] == 'R' || text[PROCESS] == 'D', "%s: u while finish runs", text);
        }
        if (strchr(letters, 'd')) {
                ck_assert_msg(text[KIND] == 'D', "%s: stops unasked", text);
                ck_assert_msg(text[PROCESS] != 'R' || text[TOLD] != 'd', "%s: told twice to stop", text);
        }
        if (strchr(letters, 'r')) {
                ck_assert_msg(text[PROCESS] == 'R' && text[REPLACE] == '=', "%s: ends a run unasked", text);
                ck_assert_msg(text[TOLD] == '-', "%s: told twice to end", text);
                ck_assert_msg(strchr(letters, 'u') && strchr(letters, 'u') < strchr(letters, 'r'),
                              "%s: a restart that may end as a stop", text);
                ck_assert_msg(text[PAUSED] == '-' || strchr(letters, 'c'), "%s: TERM to a stopped run", text);
        }
}

static void check_done(const char *text)
{
        switch (text[KIND]) {
        case 'U':
                ck_assert_msg(text[SUPERVISED] == 'S' && text[PROCESS] == 'R', "%s: up without a run", text);
                ck_assert_msg(text[WANT] == 'w', "%s: up, and not to be", text);
                ck_assert_msg(text[SETTLED] == 's', "%s: up too early", text);
                ck_assert_msg(text[TOLD] == '-', "%s: up, and told to end", text);
                ck_assert_msg(text[REPLACE] != '=', "%s: up, and it is the old run", text);
                break;
        case 'D':
                ck_assert_msg(text[SUPERVISED] == 'S' && text[PROCESS] == 'D', "%s: down, and it runs", text);
                ck_assert_msg(text[WANT] == '-', "%s: down, and s6 wants it", text);
                break;
        default:
                break;
        }
}

START_TEST(invariants)
{
        for (int n = 0; n < SITUATIONS; n++) {
                char text[COLUMNS + 1];
                struct judged judged;

                situation(n, text);
                judged = judge(text);
                if (judged.verdict != GOAL_SEND)
                        ck_assert_msg(judged.letters == untouched, "%s: letters without SEND", text);
                if (text[KIND] == 'N')
                        ck_assert_msg(judged.verdict == GOAL_DONE, "%s: nothing was asked", text);
                switch (judged.verdict) {
                case GOAL_SEND:
                        check_sent(text, judged.letters);
                        break;
                case GOAL_DONE:
                        check_done(text);
                        break;
                case GOAL_FAILED:
                        ck_assert_msg(text[KIND] == 'U' && text[SUPERVISED] == 'S' && text[PROCESS] == 'D' &&
                                              text[WANT] == '-' && text[STAMP] == '/',
                                      "%s: failed", text);
                        break;
                case GOAL_WAIT:
                        break;
                }
        }
}
END_TEST

/*
 * A toy of s6-supervise and of how the daemon keeps book, to see that the rows lead somewhere: from every
 * situation that can be, an order is carried out, with at most one TERM to each run.
 */
struct toy {
        struct goal goal;
        struct seen seen;
        bool run_told; /* got its TERM and will see it */
        int terms;
};

static void toy_term(struct toy *toy, enum told told)
{
        toy->run_told = true;
        toy->terms++;
        toy->seen.told = told;
}

static void toy_hear(struct toy *toy, const char *letters)
{
        bool runs = toy->seen.pid && !toy->seen.finishing;

        for (; *letters; letters++) {
                switch (*letters) {
                case 'u':
                        toy->seen.want_up = true;
                        if (runs && toy->seen.told == TOLD_DOWN)
                                toy->seen.told = TOLD_RESTART;
                        break;
                case 'd':
                        toy->seen.want_up = false;
                        toy->seen.paused = false;
                        if (runs && !toy->run_told)
                                toy_term(toy, TOLD_DOWN);
                        else if (runs)
                                toy->seen.told = TOLD_DOWN;
                        break;
                case 'r':
                        ck_assert(runs);
                        toy_term(toy, TOLD_RESTART);
                        break;
                case 'c':
                        toy->seen.paused = false;
                        break;
                default:
                        ck_abort_msg("letter %c", *letters);
                }
        }
}

/* The next thing that happens by itself. */
static void toy_turn(struct toy *toy)
{
        struct seen *seen = &toy->seen;

        if (seen->finishing) {
                *seen = (struct seen){.supervised = true, .want_up = seen->want_up, .since_usec = LATER_USEC};
                toy->goal.base_usec = LATER_USEC; /* an ordered death is what the order counts from */
        } else if (seen->pid && toy->run_told) {
                ck_assert_msg(!seen->paused, "it was stopped when it got its TERM, and nobody woke it");
                seen->finishing = true;
                seen->told = TOLD_NOTHING;
                toy->run_told = false;
        } else if (seen->pid) {
                seen->settled = true;
        } else if (seen->want_up) {
                seen->pid = OTHER_PID + 1;
        } else if (!seen->supervised) {
                seen->supervised = true;
        }
}

static enum goal_verdict toy_play(struct toy *toy)
{
        for (int turn = 0; turn < 30; turn++) {
                const char *letters = untouched;
                enum goal_verdict verdict = goal_judge(&toy->goal, &toy->seen, &letters);

                if (verdict == GOAL_DONE || verdict == GOAL_FAILED)
                        return verdict;
                if (verdict == GOAL_SEND)
                        toy_hear(toy, letters);
                else
                        toy_turn(toy);
        }
        return GOAL_WAIT;
}

/* A run that was told something has heard it; what was told to restart is wanted, and to stop is not. */
static bool toy_can_be(const struct toy *toy)
{
        const struct seen *seen = &toy->seen;
        bool runs = seen->pid && !seen->finishing;

        if (!runs && (seen->told != TOLD_NOTHING || seen->paused || seen->settled))
                return false;
        if (seen->told != TOLD_NOTHING && (seen->paused || seen->want_up != (seen->told == TOLD_RESTART)))
                return false;
        return true;
}

START_TEST(every_order_ends)
{
        static const pid_t replace[] = {0, PID, OTHER_PID};
        int played = 0;

        for (int n = 0; n < 2 * 3 * 3 * 2 * 2 * 3 * 2; n++) {
                int process = n / 6 % 3;
                struct toy toy = {
                        .goal = {.kind = n % 2 ? GOAL_UP : GOAL_DOWN,
                                 .replace = replace[n / 2 % 3],
                                 .base_usec = BASE_USEC},
                        .seen = {.supervised = true,
                                 .finishing = process == 2,
                                 .pid = process ? PID : 0,
                                 .paused = n / 18 % 2,
                                 .want_up = n / 36 % 2,
                                 .told = (enum told)(n / 72 % 3),
                                 .settled = n / 216 % 2,
                                 .since_usec = BASE_USEC},
                };

                toy.run_told = toy.seen.told != TOLD_NOTHING;
                if (!toy_can_be(&toy))
                        continue;
                played++;
                ck_assert_msg(toy_play(&toy) == GOAL_DONE, "%d: does not end, or fails", n);
                ck_assert_msg(toy.terms <= 1, "%d: %d times TERM", n, toy.terms);
                if (toy.goal.kind == GOAL_DOWN)
                        ck_assert_msg(!toy.seen.pid, "%d: not down", n);
                else
                        ck_assert_msg(toy.seen.pid && toy.seen.pid != toy.goal.replace, "%d: not the new run",
                                      n);
        }
        ck_assert_int_eq(played, 2 * 3 * (2 + 2 + 2 * 2 * 2 + 2 * 2));
}
END_TEST

/* The slot is to be made anew: what runs may go on, what is to end ends, and nothing is begun. */
START_TEST(what_is_barred)
{
        static const struct {
                struct goal goal;
                struct seen seen;
                enum goal_verdict verdict;
                const char *letters;
        } rows_of_it[] = {
                {{GOAL_UP, 0, BASE_USEC}, {.pid = PID, .want_up = true, .settled = true}, GOAL_DONE, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.pid = PID, .settled = true}, GOAL_DONE, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.pid = PID}, GOAL_WAIT, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.pid = PID, .paused = true}, GOAL_SEND, "c"},
                {{GOAL_UP, PID, BASE_USEC}, {.pid = PID, .want_up = true}, GOAL_SEND, "Orc"},
                {{GOAL_UP, PID, BASE_USEC}, {.pid = PID, .paused = true}, GOAL_SEND, "Orc"},
                {{GOAL_UP, PID, BASE_USEC}, {.pid = PID, .told = TOLD_RESTART}, GOAL_WAIT, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.pid = PID, .told = TOLD_DOWN}, GOAL_WAIT, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.pid = PID, .finishing = true}, GOAL_WAIT, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.want_up = true}, GOAL_SEND, "O"},
                {{GOAL_UP, 0, BASE_USEC}, {.since_usec = BASE_USEC}, GOAL_WAIT, untouched},
                {{GOAL_UP, 0, BASE_USEC}, {.since_usec = LATER_USEC}, GOAL_WAIT, untouched},
                {{GOAL_DOWN, 0, BASE_USEC}, {.pid = PID, .want_up = true}, GOAL_SEND, "d"},
                {{GOAL_DOWN, 0, BASE_USEC}, {.since_usec = LATER_USEC}, GOAL_DONE, untouched},
        };

        for (size_t i = 0; i < sizeof(rows_of_it) / sizeof(rows_of_it[0]); i++) {
                struct seen seen = rows_of_it[i].seen;
                const char *letters = untouched;

                seen.supervised = seen.barred = true;
                ck_assert_msg(goal_judge(&rows_of_it[i].goal, &seen, &letters) == rows_of_it[i].verdict, "row %zu", i);
                ck_assert_msg(strcmp(letters, rows_of_it[i].letters) == 0, "row %zu: %s", i, letters);
        }
}
END_TEST

/* What stands by a later order than the goal's is not continued for it, unless it is to end. */
START_TEST(what_stands)
{
        struct seen seen = {.supervised = true, .paused = true, .stands = true, .pid = PID, .since_usec = BASE_USEC};
        struct goal goal = {.kind = GOAL_UP, .base_usec = BASE_USEC};
        const char *letters = "";

        ck_assert_int_eq(goal_judge(&goal, &seen, &letters), GOAL_SEND);
        ck_assert_str_eq(letters, "u");
        seen.want_up = true;
        ck_assert_int_eq(goal_judge(&goal, &seen, &letters), GOAL_WAIT);
        seen.settled = true;
        ck_assert_int_eq(goal_judge(&goal, &seen, &letters), GOAL_DONE);
        goal.replace = PID;
        ck_assert_int_eq(goal_judge(&goal, &seen, &letters), GOAL_SEND);
        ck_assert_str_eq(letters, "urc");
}
END_TEST

int main(void)
{
        const TTest *tests[] = {rows_are_well_formed, every_situation, invariants,
                                every_order_ends,     what_is_barred,  what_stands};

        return unit_run(unit_suite_of("judge_goal", tests));
}
