/* SPDX-License-Identifier: ISC */
#include "daemon/judge/brake.h"

#include "daemon/bounds.h"

bool brake_lets_run(const struct brake *brake)
{
        return brake->hold == HOLD_NONE || (brake->hold == HOLD_BACKOFF && !brake->next_start_usec);
}

void brake_let_go(struct brake *brake)
{
        brake->hold = HOLD_NONE;
        brake->next_start_usec = 0;
}

int64_t brake_delay(struct brake *brake, const struct backoff *backoff, int64_t ran_msec, int64_t now_usec)
{
        int64_t delay_msec;

        brake->attempt = backoff_attempt(backoff, brake->attempt, ran_msec);
        delay_msec = backoff_delay_msec(backoff, brake->attempt);
        brake->hold = HOLD_BACKOFF;
        brake->next_start_usec = now_usec + delay_msec * 1000;
        return delay_msec;
}

void brake_look_later(struct brake *brake, const struct backoff *backoff, int64_t now_usec)
{
        brake->next_start_usec = now_usec + backoff->elsewhere_msec * 1000;
}

struct brake_try brake_begin_try(struct brake *brake, int64_t since_usec, int64_t now_msec)
{
        brake->hold = HOLD_BACKOFF;
        brake->next_start_usec = 0;
        return (struct brake_try){since_usec, now_msec + BRAKE_TRY_MSEC};
}

static enum brake_verdict verdict_of_word(enum brake_word word)
{
        switch (word) {
        case WORD_CONFIGURATION:
                return BRAKE_FAIL;
        case WORD_ELSEWHERE:
                return BRAKE_ELSEWHERE;
        case WORD_NONE:
        case WORD_RESTART_ME:
                break;
        }
        return BRAKE_DELAY;
}

/* Judges a run that waits until next_start_usec. */
static enum brake_verdict judge_waiting(const struct brake *brake, const struct brake_facts *facts,
                                        const struct backoff *backoff, int64_t *wait_msec)
{
        int64_t left_msec = (brake->next_start_usec - facts->now_usec) / 1000;
        int64_t most_msec =
                backoff->most_msec > backoff->elsewhere_msec ? backoff->most_msec : backoff->elsewhere_msec;

        if (brake->hold == HOLD_HELD && facts->lock_is_free)
                return BRAKE_TRY;
        /* More is left than any delay has: the clock was set back. */
        if (left_msec > 0 && left_msec <= most_msec) {
                *wait_msec = left_msec;
                return BRAKE_STAY;
        }
        *wait_msec = 0;
        return brake->hold == HOLD_HELD ? BRAKE_LOOK : BRAKE_TRY;
}

/* Judges a single run that was ordered. If it asks for another, it gets one, unless it asks too often. */
static enum brake_verdict judge_try(const struct seen *seen, const struct brake_facts *facts,
                                    int64_t *wait_msec)
{
        bool ended = seen->since_usec != facts->once.base_usec;

        /* What s6 wants is no longer a single run: another s6-supervise has come, which has begun nothing
         * yet, and is about to, since there is no down file. */
        if (seen->want_up && (ended || facts->now_msec >= facts->once.until_msec))
                return BRAKE_STAY;
        if (ended && facts->signalled)
                return BRAKE_GRANT;
        if (ended && facts->word == WORD_RESTART_ME && facts->asked < 0)
                return BRAKE_COUNT;
        if (ended && facts->word == WORD_RESTART_ME && facts->asked <= RESTARTS_FREE)
                return BRAKE_GRANT;
        if (ended || facts->now_msec >= facts->once.until_msec) /* it has failed, or s6 could not begin it */
                return verdict_of_word(facts->word);
        *wait_msec = facts->once.until_msec - facts->now_msec;
        return BRAKE_STAY;
}

static enum brake_verdict judge_down(const struct brake *brake, const struct seen *seen,
                                     const struct brake_facts *facts, const struct backoff *backoff,
                                     int64_t *wait_msec)
{
        switch (facts->bar) {
        case BAR_NONE:
                break;
        case BAR_NEW:
                return BRAKE_HOLD;
        case BAR_RECORDED:
                return seen->want_up && !seen->told_down ? BRAKE_KEEP : BRAKE_STAY;
        }
        switch (brake->hold) {
        case HOLD_NONE:
                if (seen->want_up || seen->told_up)
                        return BRAKE_STAY; /* s6 starts it within its second, or has not read yet that it is to */
                return facts->signalled ? BRAKE_GRANT : verdict_of_word(facts->word);
        case HOLD_FAILED:
                break;
        case HOLD_HELD:
        case HOLD_BACKOFF:
                if (brake->next_start_usec)
                        return judge_waiting(brake, facts, backoff, wait_msec);
                if (brake->hold == HOLD_BACKOFF)
                        return judge_try(seen, facts, wait_msec);
                break;
        }
        return BRAKE_STAY;
}

/* Keeps a run that is to begin waiting for its slot; an end is judged at any time. */
static enum brake_verdict judge_barred(const struct seen *seen, enum brake_verdict verdict,
                                       int64_t *wait_msec)
{
        if (!seen->barred || (verdict != BRAKE_TRY && verdict != BRAKE_GRANT))
                return verdict;
        *wait_msec = INT64_MAX;
        return BRAKE_STAY;
}

enum brake_verdict brake_judge(const struct brake *brake, const struct seen *seen,
                               const struct brake_facts *facts, const struct backoff *backoff,
                               int64_t *wait_msec)
{
        *wait_msec = INT64_MAX;
        if (!facts->wanted || facts->ordered || !seen->supervised || seen->finishing)
                return BRAKE_STAY;
        if (!seen->pid)
                return judge_barred(seen, judge_down(brake, seen, facts, backoff, wait_msec), wait_msec);
        if (seen->barred || seen->told != TOLD_NOTHING || (seen->want_up && brake->hold == HOLD_NONE))
                return BRAKE_STAY;
        if (!seen->settled)
                return BRAKE_STAY;
        *wait_msec = SEND_AGAIN_MSEC; /* the `u` may show no effect, and is sent again then */
        return BRAKE_RELEASE;
}
