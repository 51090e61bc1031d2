/* SPDX-License-Identifier: ISC */
#include "daemon/judge/view.h"

#include <stdio.h>
#include <string.h>

/* s6-supervise waits this long between two starts. */
#define S6_PAUSE_USEC 1000000

const char view_unread_text[] = "its s6-supervise does not read its orders: it was stopped, or hangs";
const char view_logger_unread_text[] =
        "its logger's s6-supervise does not read its orders: it was stopped, or hangs";

/* "180 s", or "1500 ms". */
static const char *bound_text(const struct patience *patience, enum step step, char text[32])
{
        long long msec = patience->msec[step];

        if (msec % 1000)
                snprintf(text, 32, "%lld ms", msec);
        else
                snprintf(text, 32, "%lld s", msec / 1000);
        return text;
}

void view_describe_trouble(enum trouble trouble, const struct patience *patience, const char *unread,
                           char *text, size_t size)
{
        char bound[32];

        text[0] = '\0';
        switch (trouble) {
        case TROUBLE_NONE:
        case TROUBLE_UNSUPERVISED:
        case TROUBLE_FAILED:
        case TROUBLE_BACKOFF:
        case TROUBLE_HELD:
        case TROUBLE_LOGGER:
        case TROUBLE_LOG:
        case TROUBLE_LOCK:
                break;
        case TROUBLE_PIPE:
                snprintf(text, size,
                         "its logger does not get what it prints: s6-svscan has lost the pipe between them");
                break;
        case TROUBLE_UNREAD:
                snprintf(text, size, "%s", unread);
                break;
        case TROUBLE_NOT_STARTED:
                snprintf(text, size, "it has had no process for more than %s, though it is wanted up",
                         bound_text(patience, STEP_PROCESS, bound));
                break;
        case TROUBLE_NOT_READY:
                snprintf(text, size, "it was started more than %s ago, and is not ready",
                         bound_text(patience, STEP_READY, bound));
                break;
        case TROUBLE_NOT_ENDED:
                snprintf(text, size, "it was told to end more than %s ago, and still runs",
                         bound_text(patience, STEP_END, bound));
                break;
        case TROUBLE_NOT_FINISHED:
                snprintf(text, size, "its finish script does not end");
                break;
        case TROUBLE_PAUSED:
                snprintf(text, size, "it is paused by an order, and does nothing");
                break;
        case TROUBLE_STOPPED:
                snprintf(text, size, "it is stopped by a signal (SIGSTOP), and does nothing");
                break;
        case TROUBLE_STALE:
                snprintf(text, size,
                         "its process has ended, but its s6-supervise has not seen that: it was stopped, or "
                         "hangs");
                break;
        case TROUBLE_UNWANTED:
                snprintf(text, size, "it runs, though it is wanted down");
                break;
        }
}

/* Describes a logger that is braked: it keeps ending, or has only just been seen to end. */
static void describe_logger_down(const struct facts *facts, char *text, size_t size)
{
        const struct brake *brake = &facts->record->logger_brake;
        char how[64];

        snprintf(text, size, "its logger does not run");
        if (!brake->attempt || !brake->next_start_usec)
                return;
        ending_describe(&facts->logger_ending, false, how, sizeof(how));
        snprintf(text, size, "its logger keeps ending: %s; attempt %u waits %lld s", how, brake->attempt,
                 (long long)backoff_delay_msec(&facts->backoff, brake->attempt) / 1000);
}

void view_describe_logger(const struct facts *facts, enum trouble trouble, char *text, size_t size)
{
        char bound[32];

        text[0] = '\0';
        switch (trouble) {
        case TROUBLE_NONE:
        case TROUBLE_UNWANTED: /* what runs is wanted */
        case TROUBLE_NOT_READY:
        case TROUBLE_LOGGER:
        case TROUBLE_LOG:
        case TROUBLE_LOCK:
        case TROUBLE_PIPE:
                break;
        case TROUBLE_UNREAD:
                snprintf(text, size, "%s", view_logger_unread_text);
                break;
        case TROUBLE_UNSUPERVISED:
                snprintf(text, size, "its logger does not run: no s6-supervise runs for it");
                break;
        case TROUBLE_FAILED:
        case TROUBLE_BACKOFF:
        case TROUBLE_HELD:
                describe_logger_down(facts, text, size);
                break;
        case TROUBLE_NOT_STARTED:
                snprintf(text, size, "its logger does not run: it has had no process for more than %s",
                         bound_text(&facts->patience, STEP_PROCESS, bound));
                break;
        case TROUBLE_NOT_ENDED:
                snprintf(text, size, "its logger was told to end more than %s ago, and still runs",
                         bound_text(&facts->patience, STEP_END, bound));
                break;
        case TROUBLE_NOT_FINISHED:
                snprintf(text, size, "its logger does not run: its finish script does not end");
                break;
        case TROUBLE_PAUSED:
        case TROUBLE_STOPPED:
                snprintf(text, size, "its logger is stopped by a signal: what the gateway prints waits");
                break;
        case TROUBLE_STALE:
                snprintf(text, size,
                         "its logger's process has ended, but its s6-supervise has not seen that: it was "
                         "stopped, or hangs");
                break;
        }
}

enum trouble view_logger_trouble(const struct facts *facts)
{
        const struct situation *own = &facts->own.situation;

        /* A logger is no trouble of its own where nobody supervises the service, or the slot comes or goes;
         * nor is it one that a logger without a pipe does not run. */
        if (!facts->has_logger || facts->unpiped || !own->supervised || own->operation)
                return TROUBLE_NONE;
        return trouble_judge(&facts->logger.situation, facts->logger.late);
}

/* The worst trouble: those of its logger and of its files come last. */
static enum trouble worst_trouble(const struct facts *facts, const struct view *view)
{
        enum trouble trouble = trouble_judge(&facts->own.situation, facts->own.late);

        if (trouble != TROUBLE_NONE)
                return trouble;
        if (facts->unpiped)
                return TROUBLE_PIPE;
        if (view->log_trouble != TROUBLE_NONE)
                return TROUBLE_LOGGER;
        if (view->log.trouble > LOG_WELL)
                return TROUBLE_LOG;
        return view->unlocked ? TROUBLE_LOCK : TROUBLE_NONE;
}

/* Says to people why the service is in that state; "": the state needs no reason. */
static void describe_state(const struct facts *facts, enum service_state state, char *text, size_t size)
{
        bool given_up = facts->own.situation.given_up;
        const char *reason = "";

        text[0] = '\0';
        if (state == STATE_UNSUPERVISED) {
                reason = facts->unseen ? "it cannot be looked at: the broker tries again"
                                       : "no s6-supervise runs for it";
        } else if (given_up || (state == STATE_BACKOFF && facts->loops)) {
                ending_describe_static(facts->record, given_up, text, size);
                return;
        } else if (state == STATE_BACKOFF && facts->record->brake.hold == HOLD_NONE) {
                reason = "it ended; s6 starts it again";
        } else if (state == STATE_BACKOFF || state == STATE_FAILED || state == STATE_HELD) {
                reason = facts->record->reason;
        }
        snprintf(text, size, "%s", reason);
}

static void judge_reason(const struct facts *facts, struct view *view)
{
        const size_t size = sizeof(view->reason);

        view_describe_trouble(view->trouble, &facts->patience, facts->unread, view->reason, size);
        if (!view->reason[0])
                describe_state(facts, view->state, view->reason, size);
        if (!view->reason[0])
                view_describe_logger(facts, view->log_trouble, view->reason, size);
        if (!view->reason[0])
                locks_describe_log(&view->log, view->reason, size);
        if (!view->reason[0] && view->unlocked)
                snprintf(view->reason, size, "%s", locks_unlocked_text);
}

static enum service_note judge_note(const struct facts *facts, enum service_state state)
{
        if (facts->record->own_stop && state == STATE_DOWN)
                return NOTE_OWN_STOP;
        if (facts->record->gone && facts->pid)
                return NOTE_GONE;
        return facts->unclean ? NOTE_UNCLEAN : NOTE_NONE;
}

const char *view_note_text(enum service_note note)
{
        switch (note) {
        case NOTE_UNCLEAN:
                return "its last run before this container started did not end cleanly: it was killed, or "
                       "the machine stopped";
        case NOTE_OWN_STOP:
                return "it ended by itself, having noted that it is to be stopped (desired_state in its "
                       "gateway_state.json)";
        case NOTE_GONE:
                return "its profile's directory is gone from the volume: it runs until it ends, and is not "
                       "started again";
        case NOTE_NONE:
                break;
        }
        return NULL;
}

static enum cause judge_cause(const struct facts *facts, enum service_state state)
{
        if (state == STATE_HELD)
                return facts->record->cause;
        return state == STATE_DOWN && facts->served ? CAUSE_SERVED : CAUSE_NONE;
}

static int64_t judge_next_start(const struct facts *facts, enum service_state state)
{
        const struct brake *brake = &facts->record->brake;

        if (state != STATE_BACKOFF)
                return 0;
        if (brake->hold != HOLD_NONE)
                return brake->next_start_usec;
        return facts->s6_wants ? facts->since_usec + S6_PAUSE_USEC : 0;
}

void view_judge(const struct facts *facts, struct view *view)
{
        const struct record *record = facts->record;

        memset(view, 0, sizeof(*view));
        view->state = state_judge(&facts->own.situation);
        view->cause = judge_cause(facts, view->state);
        view->want_up = facts->own.situation.want_up;
        view->pid = facts->pid;
        view->since_usec = facts->since_usec;
        if (view->state == STATE_UP)
                view->ready_usec = facts->ready_usec;
        view->note = judge_note(facts, view->state);
        view->restarts = record->brake.restarts;
        view->next_start_usec = judge_next_start(facts, view->state);
        view->has_exit = record->has_exit;
        view->exit_code = record->exit_code;
        view->exit_signal = record->exit_signal;
        view->exit_at_usec = record->exit_at_usec;
        view->exit_order = record->exit_order;
        view->oom_kills = record->oom_kills;
        view->oom_since_usec = record->oom_since_usec;
        view->log_restarts = record->logger_brake.restarts;
        /* Field by field, since the bytes between the fields of the facts may be anything. */
        view->log.trouble = facts->log.trouble;
        view->log.detail = facts->log.detail;
        view->log.held = facts->log.held;
        view->unlocked = facts->unlocked;
        view->log_trouble = view_logger_trouble(facts);
        view->trouble = worst_trouble(facts, view);
        view->step_since_usec = facts->step_since_usec;
        if (view->step_since_usec)
                view->step_until_usec = view->step_since_usec + facts->patience.msec[facts->step] * 1000;
        judge_reason(facts, view);
}
