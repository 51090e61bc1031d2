#include <stdio.h>
#include <string.h>

#include "daemon/service/logger.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"
#include "daemon/service/service.h"

/* s6-supervise waits this long between two starts. */
#define S6_PAUSE_USEC 1000000

static enum service_state service_state_down(const struct service *service)
{
        switch (service->record.hold) {
        case HOLD_BACKOFF:
                return STATE_BACKOFF;
        case HOLD_FAILED:
                return STATE_FAILED;
        case HOLD_HELD:
                return STATE_HELD;
        case HOLD_NONE:
                break;
        }
        if (service->end.given_up)
                return STATE_FAILED;
        if (!service_is_wanted(service))
                return STATE_DOWN;
        return service->goal.kind == GOAL_UP || service->record.pending ? STATE_STARTING : STATE_BACKOFF;
}

enum service_state service_state(const struct service *service)
{
        if (!service->supervised)
                return service->operation == OPERATION_NONE ? STATE_UNSUPERVISED : STATE_DOWN;
        if (service->status.finishing)
                return STATE_FINISHING;
        if (!service->status.pid)
                return service_state_down(service);
        if (step_is_to_end(service)) /* whatever is to follow */
                return STATE_STOPPING;
        return service_is_settled(service) ? STATE_UP : STATE_STARTING;
}

static void view_reason(const struct service *service, struct view *view)
{
        const char *reason = "";

        step_describe(service, view->trouble, view->reason, sizeof(view->reason));
        if (view->reason[0])
                return;
        if (view->state == STATE_UNSUPERVISED)
                reason = service->again.what & AGAIN_LOOK ? "it cannot be looked at: the broker tries again"
                                                          : "no s6-supervise runs for it";
        else if (service->end.given_up || (view->state == STATE_BACKOFF && static_end_loops(service)))
                static_end_reason(service, view->reason, sizeof(view->reason));
        else if (view->state == STATE_BACKOFF && service->record.hold == HOLD_NONE)
                reason = "it ended; s6 starts it again";
        else if (view->state == STATE_BACKOFF || view->state == STATE_FAILED || view->state == STATE_HELD)
                reason = service->record.reason;
        if (view->reason[0])
                return;
        if (reason[0])
                snprintf(view->reason, sizeof(view->reason), "%s", reason);
        else
                step_describe_logger(service, view->log_trouble, view->reason, sizeof(view->reason));
        if (!view->reason[0])
                locks_log_problem(service, view->reason, sizeof(view->reason));
        if (!view->reason[0] && locks_problem(service))
                snprintf(view->reason, sizeof(view->reason), "%s", locks_problem(service));
}

/* The worst: what is its logger's, or of its files, comes last. */
static enum trouble view_trouble(const struct service *service, const struct view *view)
{
        enum trouble trouble = step_trouble(service);

        if (trouble != TROUBLE_NONE)
                return trouble;
        if (view->log_trouble != LOGGER_FINE)
                return TROUBLE_LOGGER;
        if (view->log.trouble > LOG_WELL)
                return TROUBLE_LOG;
        return view->unlocked ? TROUBLE_LOCK : TROUBLE_NONE;
}

static enum service_note view_note(const struct service *service, enum service_state state)
{
        if (service->record.own_stop && state == STATE_DOWN)
                return NOTE_OWN_STOP;
        if (service->record.gone && service_is_alive(service))
                return NOTE_GONE;
        return service->unclean ? NOTE_UNCLEAN : NOTE_NONE;
}

const char *service_note_text(enum service_note note)
{
        switch (note) {
        case NOTE_UNCLEAN:
                return "its last run before this container started did not end cleanly: it was killed, or the machine stopped";
        case NOTE_OWN_STOP:
                return "it ended by itself, having noted that it is to be stopped (desired_state in its gateway_state.json)";
        case NOTE_GONE:
                return "its profile's directory is gone from the volume: it runs until it ends, and is not started again";
        case NOTE_NONE:
                break;
        }
        return NULL;
}

void service_view(const struct service *service, struct view *view)
{
        const struct record *record = &service->record;

        memset(view, 0, sizeof(*view)); /* it is compared as a whole */
        view->state = service_state(service);
        if (view->state == STATE_HELD)
                view->cause = record->cause;
        else if (view->state == STATE_DOWN && restart_is_served(service))
                view->cause = CAUSE_SERVED;
        view->want_up = service_is_wanted(service);
        view->pid = service_is_alive(service) ? service->status.pid : 0;
        view->since_usec = service->status.since_usec;
        if (view->state == STATE_UP)
                view->ready_usec =
                        service->profile ? service->status.since_usec + service->registry->settle_msec * 1000
                                         : service->status.ready_usec;
        view->note = view_note(service, view->state);
        view->restarts = record->restarts;
        if (view->state == STATE_BACKOFF && record->hold != HOLD_NONE)
                view->next_start_usec = record->next_start_usec;
        else if (view->state == STATE_BACKOFF && service->status.want_up)
                view->next_start_usec = service->status.since_usec + S6_PAUSE_USEC;
        view->has_exit = record->has_exit;
        view->exit_code = record->exit_code;
        view->exit_signal = record->exit_signal;
        view->exit_at_usec = record->exit_at_usec;
        view->oom_kills = record->oom_kills;
        view->oom_since_usec = record->oom_since_usec;
        view->log_restarts = record->log_restarts;
        view->log = locks_log(service);
        view->unlocked = service->locks.unlocked;
        view->log_trouble = step_logger_trouble(service);
        view->trouble = view_trouble(service, view);
        view->step_since_usec = service->step.since_usec;
        if (view->step_since_usec)
                view->step_until_usec =
                        view->step_since_usec + service->registry->patience.msec[service->step.kind] * 1000;
        view_reason(service, view);
}
