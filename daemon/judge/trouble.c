/* SPDX-License-Identifier: ISC */
#include "daemon/judge/trouble.h"

#include <stddef.h>

static bool is_to_be_started(const struct situation *situation)
{
        if (!situation->gateway)
                return situation->want_up && !situation->given_up;
        /* A start that s6 was not given yet counts too: whoever ordered it does not care where it hangs. */
        return situation->want_up && !situation->queued &&
               (situation->hold == HOLD_NONE || (situation->hold == HOLD_BACKOFF && situation->retried));
}

enum step trouble_step(const struct situation *situation)
{
        if (!situation->supervised)
                return STEP_NONE;
        switch (situation->process) {
        case PROCESS_FINISH:
                return STEP_FINISH;
        case PROCESS_RUN:
                if (situation->to_end)
                        return STEP_END;
                return situation->settled || situation->operation ? STEP_NONE : STEP_READY;
        case PROCESS_NONE:
                break;
        }
        return !situation->operation && is_to_be_started(situation) ? STEP_PROCESS : STEP_NONE;
}

static enum trouble trouble_of_step(enum step step)
{
        switch (step) {
        case STEP_NONE:
                break;
        case STEP_PROCESS:
                return TROUBLE_NOT_STARTED;
        case STEP_READY:
                return TROUBLE_NOT_READY;
        case STEP_END:
                return TROUBLE_NOT_ENDED;
        case STEP_FINISH:
                return TROUBLE_NOT_FINISHED;
        }
        return TROUBLE_NONE;
}

static enum trouble trouble_of_run(const struct situation *situation)
{
        switch (situation->halt) {
        case HALT_NONE:
                break;
        case HALT_PAUSED:
                return TROUBLE_PAUSED;
        case HALT_STOPPED:
                return TROUBLE_STOPPED;
        case HALT_ENDED:
                return TROUBLE_STALE;
        }
        if (situation->gateway && !situation->want_up && !situation->to_end && !situation->ordered &&
            !situation->operation)
                return TROUBLE_UNWANTED;
        return TROUBLE_NONE;
}

static enum trouble trouble_of_hold(const struct situation *situation)
{
        if (situation->given_up)
                return TROUBLE_FAILED;
        if (!situation->gateway || !situation->want_up)
                return TROUBLE_NONE;
        switch (situation->hold) {
        case HOLD_NONE:
                break;
        case HOLD_BACKOFF:
                return TROUBLE_BACKOFF;
        case HOLD_FAILED:
                return TROUBLE_FAILED;
        case HOLD_HELD:
                return situation->served ? TROUBLE_NONE : TROUBLE_HELD;
        }
        return TROUBLE_NONE;
}

enum trouble trouble_judge(const struct situation *situation, bool late)
{
        enum trouble trouble = TROUBLE_NONE;

        if (situation->unread)
                return TROUBLE_UNREAD;
        if (!situation->supervised)
                return situation->operation ? TROUBLE_NONE : TROUBLE_UNSUPERVISED;
        if (situation->process == PROCESS_RUN)
                trouble = trouble_of_run(situation);
        if (trouble == TROUBLE_NONE && late)
                trouble = trouble_of_step(trouble_step(situation));
        if (trouble == TROUBLE_NONE && situation->process == PROCESS_NONE && !situation->operation)
                trouble = trouble_of_hold(situation);
        return trouble;
}

const char *trouble_name(enum trouble trouble)
{
        static const char *const names[TROUBLES] = {
                [TROUBLE_UNSUPERVISED] = "unsupervised",
                [TROUBLE_FAILED] = "failed",
                [TROUBLE_BACKOFF] = "backoff",
                [TROUBLE_HELD] = "held",
                [TROUBLE_UNREAD] = "unread",
                [TROUBLE_NOT_STARTED] = "not_started",
                [TROUBLE_NOT_READY] = "not_ready",
                [TROUBLE_NOT_ENDED] = "not_ended",
                [TROUBLE_NOT_FINISHED] = "not_finished",
                [TROUBLE_PAUSED] = "paused",
                [TROUBLE_STOPPED] = "stopped",
                [TROUBLE_STALE] = "stale",
                [TROUBLE_UNWANTED] = "unwanted",
                [TROUBLE_LOGGER] = "logger",
                [TROUBLE_LOG] = "log",
                [TROUBLE_LOCK] = "lock",
                [TROUBLE_PIPE] = "pipe",
        };

        return names[trouble];
}

bool trouble_is_stuck(enum trouble trouble)
{
        switch (trouble) {
        case TROUBLE_UNREAD:
        case TROUBLE_NOT_STARTED:
        case TROUBLE_NOT_READY:
        case TROUBLE_NOT_ENDED:
        case TROUBLE_NOT_FINISHED:
        case TROUBLE_PAUSED:
        case TROUBLE_STOPPED:
        case TROUBLE_STALE:
        case TROUBLE_UNWANTED:
                return true;
        case TROUBLE_NONE:
        case TROUBLE_UNSUPERVISED:
        case TROUBLE_FAILED:
        case TROUBLE_BACKOFF:
        case TROUBLE_HELD:
        case TROUBLE_LOGGER:
        case TROUBLE_LOG:
        case TROUBLE_LOCK:
        case TROUBLE_PIPE:
                break;
        }
        return false;
}

static enum service_state state_of_down(const struct situation *situation)
{
        switch (situation->hold) {
        case HOLD_BACKOFF:
                return STATE_BACKOFF;
        case HOLD_FAILED:
                return STATE_FAILED;
        case HOLD_HELD:
                return STATE_HELD;
        case HOLD_NONE:
                break;
        }
        if (situation->given_up)
                return STATE_FAILED;
        if (!situation->want_up)
                return STATE_DOWN;
        return situation->starting || situation->ordered ? STATE_STARTING : STATE_BACKOFF;
}

enum service_state state_judge(const struct situation *situation)
{
        if (!situation->supervised)
                return situation->operation ? STATE_DOWN : STATE_UNSUPERVISED;
        switch (situation->process) {
        case PROCESS_FINISH:
                return STATE_FINISHING;
        case PROCESS_NONE:
                return state_of_down(situation);
        case PROCESS_RUN:
                break;
        }
        if (situation->to_end)
                return STATE_STOPPING;
        return situation->settled ? STATE_UP : STATE_STARTING;
}

const char *service_state_name(enum service_state state)
{
        switch (state) {
        case STATE_DOWN:
                return "down";
        case STATE_STARTING:
                return "starting";
        case STATE_UP:
                return "up";
        case STATE_STOPPING:
                return "stopping";
        case STATE_FINISHING:
                return "finishing";
        case STATE_BACKOFF:
                return "backoff";
        case STATE_FAILED:
                return "failed";
        case STATE_HELD:
                return "held";
        case STATE_UNSUPERVISED:
                return "unsupervised";
        }
        return "unsupervised";
}
