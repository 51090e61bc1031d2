/* SPDX-License-Identifier: ISC */
#include "daemon/judge/goal.h"

static enum goal_verdict goal_send(const char *what, const char **letters)
{
        *letters = what;
        return GOAL_SEND;
}

/*
 * Judges a run that is to end, after which another is to follow. `c` comes with `r`, whether or not the run looks
 * stopped: unlike `d`, `r` leaves a stopped run stopped, and that may have happened since anybody looked.
 */
static enum goal_verdict judge_replace(const struct seen *seen, const char **letters)
{
        switch (seen->told) {
        case TOLD_NOTHING:
                /* After a run that is barred, s6-supervise begins no other. */
                return goal_send(seen->barred ? "Orc" : "urc", letters);
        case TOLD_DOWN:
                return seen->barred ? GOAL_WAIT : goal_send("u", letters);
        case TOLD_RESTART:
                break;
        }
        return GOAL_WAIT;
}

static enum goal_verdict judge_up(const struct goal *goal, const struct seen *seen, const char **letters)
{
        if (seen->pid && !seen->finishing) {
                if (seen->pid == goal->replace || seen->told != TOLD_NOTHING)
                        return judge_replace(seen, letters);
                if (!seen->want_up && !seen->barred)
                        return goal_send(seen->paused && !seen->stands ? "uc" : "u", letters);
                if (seen->paused && !seen->stands)
                        return goal_send("c", letters);
                return seen->settled ? GOAL_DONE : GOAL_WAIT;
        }
        /* A `u` that arrives while finish runs is undone by its exit 125: wait, and see whether one is
         * needed. */
        if (seen->finishing)
                return GOAL_WAIT;
        if (seen->barred)
                return seen->want_up ? goal_send("O", letters) : GOAL_WAIT;
        if (seen->want_up)
                return GOAL_WAIT; /* s6 starts it within its second */
        if (seen->since_usec != goal->base_usec)
                return GOAL_FAILED;
        return goal_send("u", letters);
}

static enum goal_verdict judge_down(const struct seen *seen, const char **letters)
{
        if (seen->pid && !seen->finishing)
                return seen->told == TOLD_DOWN ? GOAL_WAIT : goal_send("d", letters);
        if (seen->want_up)
                return goal_send("d", letters);
        /* s6-supervise reads its orders in turn. If it was told to start, wait, and tell what has begun then
         * to end. */
        return seen->finishing || seen->told_up ? GOAL_WAIT : GOAL_DONE;
}

enum goal_verdict goal_judge(const struct goal *goal, const struct seen *seen, const char **letters)
{
        if (goal->kind == GOAL_NONE)
                return GOAL_DONE;
        /* s6-svscan brings a supervisor back, and that one obeys the down file. */
        if (!seen->supervised)
                return GOAL_WAIT;
        return goal->kind == GOAL_UP ? judge_up(goal, seen, letters) : judge_down(seen, letters);
}
