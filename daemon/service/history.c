/* SPDX-License-Identifier: ISC */
#include "daemon/service/history.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/slot_history.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "proto/sysname.h"

bool history_is_kept(const struct registry *registry, const char *name)
{
        const struct service *service = registry_find(registry, name);

        return service && service->profile && service->record.removing == REMOVING_NOTHING;
}

/* Logs once when writing into slots begins to fail, and once when it works again. */
static void note_slot_error(struct history *history, const char *name, int error)
{
        if (error && error != history->slot_error)
                log_event("history: cannot be noted in the slot: why=%s service=%s", sysname_error(error),
                          name);
        else if (!error && history->slot_error)
                log_event("history: is noted in the slots again");
        history->slot_error = error;
}

/* Without the ballast the file system is nearly full: what is left is for records. What cannot be written is
 * left out. */
static void write_to_slot(struct registry *registry, struct past_of *of)
{
        const size_t most = SLOT_HISTORY_WRITE_BYTES / 4;
        struct text text;
        int64_t last;
        int result = registry->ballast.count ? 0 : -ENOSPC;

        text_init(&text);
        last = past_lines(of, of->in_slot, most, &text);
        if (result == 0)
                result = text.failed
                                 ? -ENOMEM
                                 : slot_append_history(&registry->slots, of->name, text.bytes, text.length);
        text_deinit(&text);
        of->in_slot = last;
        note_slot_error(&registry->history, of->name, -result);
}

static bool history_step(struct ready *ready)
{
        struct registry *registry = (struct registry *)((char *)ready - offsetof(struct registry, history) -
                                                        offsetof(struct history, ready));
        struct past_of *of = past_next_for_slot(&registry->history.past);

        if (!of)
                return false;
        if (history_is_kept(registry, of->name))
                write_to_slot(registry, of);
        else
                of->in_slot = of->last->number;
        return true;
}

void history_init(struct registry *registry)
{
        ready_init(&registry->history.ready, &registry->ready, history_step);
}

void history_recall(struct service *service)
{
        struct past *past = &service->registry->history.past;
        struct event event;
        char *text = NULL, *rest, *line;

        if (slot_read_history(&service->registry->slots, service->name, &text))
                return;
        for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                if (event_read(line, &event) == 0)
                        past_add_again(past, service->name, &event);
        free(text);
}

static void note(struct registry *registry, const char *name, const struct event *event)
{
        if (registry->stopping || !past_add(&registry->history.past, name, event))
                return;
        ready_wake(&registry->history.ready);
        if (!timer_is_running(&registry->history.volume_timer))
                timer_start(&registry->history.volume_timer, HISTORY_VOLUME_MSEC);
        if (registry->events.happened)
                registry->events.happened(registry->events.owner);
}

void history_see_caller(const struct registry *registry, struct ticket ticket, struct event_by *by)
{
        *by = (struct event_by){.known = false};
        if (registry->events.caller)
                registry->events.caller(registry->events.owner, ticket, by);
}

void history_note_order(struct registry *registry, const char *name, enum event_order order, int signal,
                        const struct event_by *by)
{
        const struct event event = {.kind = EVENT_ORDER,
                                    .at_usec = clock_utc_usec(),
                                    .order = order,
                                    .exit_signal = signal,
                                    .by = *by};

        note(registry, name, &event);
}

/* late: the process and the beginning of a run that has ended before it was seen are not known. */
void history_note_began(struct service *service, const struct s6_status *now, bool late)
{
        const struct past_of *of = past_of(&service->registry->history.past, service->name);
        struct event event = {.kind = EVENT_BEGAN,
                              .at_usec = now->since_usec,
                              .starter = service->starter,
                              .pid = late ? 0 : now->pid};

        service->starter = STARTER_S6;
        if (!of || late || of->began_pid != event.pid || of->began_usec != event.at_usec)
                note(service->registry, service->name, &event);
}

void history_note_ended(struct service *service, const struct s6_status *now, const struct ending *ending)
{
        const struct run *run = &service->own;
        struct event event = {.kind = EVENT_ENDED,
                              .at_usec = now->since_usec,
                              .pid = s6_status_is_alive(&run->status) ? run->status.pid : 0,
                              .ordered = run->end == RUN_END_ORDERED,
                              .lasted_msec = run->lasted_msec > 0 ? run->lasted_msec : 0,
                              .oom_kills = service->record.oom_kills};

        event.has_exit = ending->known;
        event.exit_code = ending->code;
        event.exit_signal = ending->signal;
        note(service->registry, service->name, &event);
}

/* Sets *state to the state that is noted. False: it is none of those that are. */
static bool state_of(const struct service *service, const struct view *view, enum event_state *state)
{
        bool held = view->state == STATE_HELD;

        /* s6's own pause of a second is no state that anybody needs to know of later. */
        if (view->state == STATE_BACKOFF && service->record.brake.hold != HOLD_BACKOFF)
                return false;
        *state = held ? EVENT_HELD : view->state == STATE_FAILED ? EVENT_FAILED : EVENT_BACKOFF;
        return held || view->state == STATE_FAILED || view->state == STATE_BACKOFF;
}

static void note_state(struct service *service, const struct view *view)
{
        const struct past_of *of = past_of(&service->registry->history.past, service->name);
        struct event event = {.kind = EVENT_STATE, .at_usec = clock_utc_usec()};

        if (!state_of(service, view, &event.state) || (of && of->is_held && of->held == event.state))
                return;
        snprintf(event.text, sizeof(event.text), "%s", view->reason);
        note(service->registry, service->name, &event);
}

static void note_logger(struct service *service, const struct facts *facts, const struct view *view)
{
        const struct view *before = &service->shown;
        struct event event = {.kind = EVENT_LOGGER, .at_usec = clock_utc_usec()};

        if (view->log_trouble != before->log_trouble)
                view_describe_logger(facts, view->log_trouble, event.text, sizeof(event.text));
        if (!event.text[0] && view->log.trouble != before->log.trouble)
                locks_describe_log(&view->log, event.text, sizeof(event.text));
        if (!event.text[0] && view->trouble == TROUBLE_PIPE && before->trouble != TROUBLE_PIPE)
                view_describe_trouble(TROUBLE_PIPE, &facts->patience, NULL, event.text, sizeof(event.text));
        if (event.text[0])
                note(service->registry, service->name, &event);
}

void history_note_shown(struct service *service, const struct facts *facts, const struct view *view)
{
        note_state(service, view);
        /* What was wrong when the service was first shown may have been noted by an earlier broker, and is
         * not noted again. */
        if (service->revision)
                note_logger(service, facts, view);
}

void history_note_variables(struct service *service, const char *const *names, size_t count)
{
        struct event event = {.kind = EVENT_ENVIRONMENT, .at_usec = clock_utc_usec()};

        for (size_t i = 0; i < count; i++)
                event_add_variable(&event, names[i]);
        note(service->registry, service->name, &event);
}

void history_note_container(struct service *service)
{
        const struct event event = {.kind = EVENT_CONTAINER, .at_usec = clock_utc_usec()};

        note(service->registry, service->name, &event);
}
