/* SPDX-License-Identifier: ISC */
#include "situations.h"

#include "daemon/bounds.h"
#include "daemon/judge/brake.h"

/*
 * A situation:
 *
 *      wanted      w yes, - no
 *      ordered     o an order is recorded that s6-supervise does not have, - none
 *      supervised  S yes, - no
 *      process     D down, R run, F finish
 *      s6          w wants it up, - does not
 *      told        t the run was told to end, - it was not
 *      settled     s yes, - no
 *      brake       N nothing; w it waits, d its time has come, c the clock was set back; t a single run is under way,
 *                  e it has ended, x s6 never began it; f failed; h held; l held and looked at later, L now
 *      word        of the last exit: - none, r restart me, c configuration, e elsewhere
 *      bar         - none, n new, r recorded
 *      asked       for restarts: ? not counted, f few, m many
 *      lock        f it is free by now, - nobody knows
 */
enum column { WANTED, ORDERED, SUPERVISED, PROCESS, S6, TOLD, SETTLED, BRAKE, WORD, BAR, ASKED, LOCK };

static const char *const values[] = {"w-", "o-", "S-", "DRF", "w-", "t-", "s-", "Nwdctexfhl" "L", "-rce", "-nr", "?fm", "f-"};
static const struct columns columns = {sizeof(values) / sizeof(values[0]), values};

#define NOW_USEC 1700000000000000
#define NOW_MSEC 5000000
#define SINCE_USEC (NOW_USEC - 3000000)
#define LEFT_MSEC 1500
#define NEVER INT64_MAX

static const struct backoff backoff = BACKOFF_DEFAULT;

static const struct row {
        char pattern[16];
        enum brake_verdict verdict;
        int64_t wait_msec;
} rows[] = {
        /* Nothing is held against what is not wanted; what is ordered is not lost; nobody would hear; it is not over yet. */
        {"-***********", BRAKE_STAY, NEVER},
        {"wo**********", BRAKE_STAY, NEVER},
        {"w--*********", BRAKE_STAY, NEVER},
        {"w-SF********", BRAKE_STAY, NEVER},

        /* It runs: as it should, or told to end, or not for long enough. */
        {"w-SRw--N****", BRAKE_STAY, NEVER},
        {"w-SRw-sN****", BRAKE_STAY, NEVER},
        {"w-SR*t******", BRAKE_STAY, NEVER},
        {"w-SR---N****", BRAKE_STAY, NEVER},
        {"w-SR*--w****", BRAKE_STAY, NEVER},
        {"w-SR*--d****", BRAKE_STAY, NEVER},
        {"w-SR*--c****", BRAKE_STAY, NEVER},
        {"w-SR*--t****", BRAKE_STAY, NEVER},
        {"w-SR*--e****", BRAKE_STAY, NEVER},
        {"w-SR*--x****", BRAKE_STAY, NEVER},
        {"w-SR*--f****", BRAKE_STAY, NEVER},
        {"w-SR*--h****", BRAKE_STAY, NEVER},
        {"w-SR*--l****", BRAKE_STAY, NEVER},
        {"w-SR*--L****", BRAKE_STAY, NEVER},
        /* Its single run lasts, or somebody else has started it: it is s6's again. */
        {"w-SR--sN****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sw****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sd****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sc****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-st****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-se****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sx****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sf****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sh****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sl****", BRAKE_RELEASE, SEND_AGAIN_MSEC},
        {"w-SR*-sL****", BRAKE_RELEASE, SEND_AGAIN_MSEC},

        /* It is down, and shall not run now. */
        {"w-SD*****n**", BRAKE_HOLD, NEVER},
        {"w-SD-****r**", BRAKE_STAY, NEVER},
        {"w-SDw****r**", BRAKE_KEEP, NEVER}, /* what told s6 so was lost */
        /* s6 starts it within its second. */
        {"w-SDw**N*-**", BRAKE_STAY, NEVER},
        /* It is down, and s6 does not want it any more: what its exit said counts. */
        {"w-SD-**N--**", BRAKE_DELAY, NEVER},
        {"w-SD-**Nr-**", BRAKE_DELAY, NEVER},
        {"w-SD-**Nc-**", BRAKE_FAIL, NEVER},
        {"w-SD-**Ne-**", BRAKE_ELSEWHERE, NEVER},
        /* It waits, unless the clock was set back. */
        {"w-SD***w*-**", BRAKE_STAY, LEFT_MSEC},
        {"w-SD***d*-**", BRAKE_TRY, 0},
        {"w-SD***c*-**", BRAKE_TRY, 0},
        /* A single run was ordered, and is not there yet. */
        {"w-SD***t*-**", BRAKE_STAY, BRAKE_TRY_MSEC - 1000},
        {"w-SD-**x--**", BRAKE_DELAY, NEVER},
        {"w-SD-**xr-**", BRAKE_DELAY, NEVER},
        {"w-SD-**xc-**", BRAKE_FAIL, NEVER},
        {"w-SD-**xe-**", BRAKE_ELSEWHERE, NEVER},
        /* It has ended too. What it asks for it gets, as long as that is not too often. */
        {"w-SD-**e--**", BRAKE_DELAY, NEVER},
        {"w-SD-**er-?*", BRAKE_COUNT, NEVER},
        {"w-SD-**er-f*", BRAKE_GRANT, NEVER},
        {"w-SD-**er-m*", BRAKE_DELAY, NEVER},
        {"w-SD-**ec-**", BRAKE_FAIL, NEVER},
        {"w-SD-**ee-**", BRAKE_ELSEWHERE, NEVER},
        /* Another s6-supervise has come meanwhile, which wants it up: it was not that one's run that ended. */
        {"w-SDw**x*-**", BRAKE_STAY, NEVER},
        {"w-SDw**e*-**", BRAKE_STAY, NEVER},
        /* Only a person tries these again; and where another container runs it, nobody until its lock is free. */
        {"w-SD***f*-**", BRAKE_STAY, NEVER},
        {"w-SD***h*-**", BRAKE_STAY, NEVER},
        {"w-SD***l*-*-", BRAKE_STAY, LEFT_MSEC},
        {"w-SD***l*-*f", BRAKE_TRY, NEVER},
        {"w-SD***L*-*-", BRAKE_LOOK, 0},
        {"w-SD***L*-*f", BRAKE_TRY, NEVER},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct brake brake_of(char value)
{
        struct brake brake = {.attempt = 3};

        switch (value) {
        case 'N':
                return brake;
        case 'f':
                brake.hold = HOLD_FAILED;
                return brake;
        case 'h':
        case 'l':
        case 'L':
                brake.hold = HOLD_HELD;
                break;
        default:
                brake.hold = HOLD_BACKOFF;
                break;
        }
        if (strchr("wl", value))
                brake.next_start_usec = NOW_USEC + LEFT_MSEC * 1000;
        else if (strchr("dL", value))
                brake.next_start_usec = NOW_USEC - 1;
        else if (value == 'c')
                brake.next_start_usec = NOW_USEC + (backoff.most_msec + 1) * 1000;
        return brake;
}

static struct seen seen_of(const char *text)
{
        return (struct seen){
                .supervised = text[SUPERVISED] == 'S',
                .finishing = text[PROCESS] == 'F',
                .pid = text[PROCESS] == 'D' ? 0 : 700,
                .want_up = text[S6] == 'w',
                .told = text[TOLD] == 't' ? TOLD_DOWN : TOLD_NOTHING,
                .settled = text[SETTLED] == 's',
                .since_usec = SINCE_USEC,
        };
}

static struct brake_facts facts_of(const char *text)
{
        return (struct brake_facts){
                .wanted = text[WANTED] == 'w',
                .ordered = text[ORDERED] == 'o',
                .word = (enum brake_word)(strchr("-rce", text[WORD]) - "-rce"),
                .bar = (enum brake_bar)(strchr("-nr", text[BAR]) - "-nr"),
                .lock_is_free = text[LOCK] == 'f',
                .once = {.base_usec = text[BRAKE] == 'e' ? SINCE_USEC - 1 : SINCE_USEC,
                         .until_msec = text[BRAKE] == 'x' ? NOW_MSEC : NOW_MSEC + BRAKE_TRY_MSEC - 1000},
                .asked = text[ASKED] == '?' ? -1 : text[ASKED] == 'f' ? RESTARTS_FREE : RESTARTS_FREE + 1,
                .now_usec = NOW_USEC,
                .now_msec = NOW_MSEC,
        };
}

START_TEST(every_situation)
{
        size_t used[ROWS] = {0};

        for (size_t i = 0; i < ROWS; i++)
                situations_check_pattern(&columns, rows[i].pattern);
        for (int n = 0; n < situations_count(&columns); n++) {
                char text[SITUATION_BYTES];
                struct brake_facts facts;
                struct brake brake;
                struct seen seen;
                enum brake_verdict verdict;
                int64_t wait_msec = -1;
                size_t row;

                situations_text(&columns, n, text);
                row = situations_row(&columns, rows, sizeof(rows[0]), ROWS, text);
                used[row]++;
                brake = brake_of(text[BRAKE]);
                seen = seen_of(text);
                facts = facts_of(text);
                verdict = brake_judge(&brake, &seen, &facts, &backoff, &wait_msec);
                ck_assert_msg(verdict == rows[row].verdict && wait_msec == rows[row].wait_msec, "%s: %d in %lld, and %s says %d in %lld",
                              text, (int)verdict, (long long)wait_msec, rows[row].pattern, (int)rows[row].verdict,
                              (long long)rows[row].wait_msec);
        }
        for (size_t i = 0; i < ROWS; i++)
                ck_assert_msg(used[i], "%s: never met", rows[i].pattern);
}
END_TEST

/* From an end to the next one: the same for a gateway and a logger. */
START_TEST(a_life)
{
        struct brake brake = {.hold = HOLD_NONE, .restarts = 7};
        struct seen seen = {.supervised = true, .since_usec = SINCE_USEC};
        struct brake_facts facts = {.wanted = true, .asked = -1, .now_usec = NOW_USEC, .now_msec = NOW_MSEC};
        int64_t wait_msec;

        for (unsigned attempt = 1; attempt < 12; attempt++) {
                int64_t delay_msec;

                ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_DELAY);
                delay_msec = brake_delay(&brake, &backoff, 100, facts.now_usec);
                ck_assert_uint_eq(brake.attempt, attempt);
                ck_assert(!brake_lets_run(&brake));
                ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
                ck_assert_int_eq(wait_msec, delay_msec);
                facts.now_usec += delay_msec * 1000;
                facts.now_msec += delay_msec;
                ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_TRY);
                facts.once = brake_begin_try(&brake, seen.since_usec, facts.now_msec);
                ck_assert(brake_lets_run(&brake));
                seen.since_usec = facts.now_usec; /* it ran, and ended */
        }
        seen.pid = 700;
        seen.settled = true;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_RELEASE);
        brake_let_go(&brake);
        seen.want_up = true;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
        ck_assert_int_eq(brake.restarts, 7);
        ck_assert_uint_eq(brake.attempt, 11);
}
END_TEST

START_TEST(what_is_held_elsewhere_is_looked_at)
{
        struct brake brake = {.hold = HOLD_HELD};

        brake_look_later(&brake, &backoff, NOW_USEC);
        ck_assert_int_eq(brake.next_start_usec, NOW_USEC + backoff.elsewhere_msec * 1000);
        ck_assert(!brake_lets_run(&brake));
}
END_TEST

/* A broker that has only just begun does not know when its forerunner's single run was ordered: that has ended. */
START_TEST(another_brokers_try_has_ended)
{
        struct brake brake = {.hold = HOLD_BACKOFF, .attempt = 2};
        struct seen seen = {.supervised = true, .since_usec = SINCE_USEC};
        struct brake_facts facts = {.wanted = true, .asked = -1, .now_usec = NOW_USEC, .now_msec = NOW_MSEC};
        int64_t wait_msec;

        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_DELAY);
}
END_TEST

/* Its slot is to be made anew: what ended is judged, and nothing begins in it. */
START_TEST(what_is_barred_waits)
{
        struct brake brake = {.hold = HOLD_NONE};
        struct seen seen = {.supervised = true, .since_usec = SINCE_USEC, .barred = true};
        struct brake_facts facts = {.wanted = true, .asked = -1, .now_usec = NOW_USEC, .now_msec = NOW_MSEC};
        int64_t wait_msec;

        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_DELAY);
        facts.word = WORD_CONFIGURATION;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_FAIL);
        facts.word = WORD_NONE;
        facts.now_usec += 1000 * brake_delay(&brake, &backoff, 100, facts.now_usec);
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
        ck_assert_int_eq(wait_msec, INT64_MAX); /* it is woken */
        seen.barred = false;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_TRY);
        /* One that runs is not wanted by s6 for that. */
        seen.barred = seen.settled = true;
        seen.pid = 700;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
        seen.barred = false;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_RELEASE);
}
END_TEST

/* The last broker told it to start, and was gone before that was read: what it shows is the end of the run before. */
START_TEST(what_was_told_to_start_has_not_ended)
{
        struct brake brake = {.hold = HOLD_NONE};
        struct seen seen = {.supervised = true, .since_usec = SINCE_USEC, .told_up = true};
        struct brake_facts facts = {.wanted = true, .asked = -1, .now_usec = NOW_USEC, .now_msec = NOW_MSEC};
        int64_t wait_msec;

        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
        facts.word = WORD_CONFIGURATION;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
        seen.told_up = false;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_FAIL);
}
END_TEST

/* s6-supervise has not read yet that it is not to start it. */
START_TEST(what_was_told_not_to_start_is_told_once)
{
        struct brake brake = {.hold = HOLD_HELD};
        struct seen seen = {.supervised = true, .since_usec = SINCE_USEC, .want_up = true, .told_down = true};
        struct brake_facts facts = {.wanted = true, .asked = -1, .bar = BAR_RECORDED, .now_usec = NOW_USEC, .now_msec = NOW_MSEC};
        int64_t wait_msec;

        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_STAY);
        seen.told_down = false;
        ck_assert_int_eq(brake_judge(&brake, &seen, &facts, &backoff, &wait_msec), BRAKE_KEEP);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {every_situation, a_life, what_is_held_elsewhere_is_looked_at, another_brokers_try_has_ended,
                                      what_is_barred_waits, what_was_told_to_start_has_not_ended,
                                      what_was_told_not_to_start_is_told_once};

        return unit_run(unit_suite_of("judge_brake", tests));
}
