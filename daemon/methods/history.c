/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/methods/history_events.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/order/order.h"
#include "daemon/session/errors.h"
#include "proto/interface.h"
#include "proto/sorted.h"

/*
 * A running History: the events that there are, by time, in pieces; then, for a follower, each event as it
 * comes to be known. The last event told is noted by time and number, never by pointer: events go when there
 * is no room for them. A follower that reads so slowly that unread events went is closed, as a reader of
 * Watch is.
 */
struct telling {
        struct feed feed;
        struct peer *peer;
        struct telling *next; /* in the server's list of followers */
        struct event_filter filter;
        bool follows;
        bool is_new;     /* the first piece has not been made */
        bool lives;      /* all events that there were are told: new ones follow */
        bool whole;      /* one reply is made, instead of one for each piece */
        bool begun;      /* whole: the beginning of the reply is written */
        bool any;        /* whole: an event is written */
        size_t left_out; /* whole: events that have no room in the reply */
        int64_t until;   /* number of the last event when the call came; later, of the last one looked at */
        int64_t at_usec; /* time of the last event told, or of the one before the first to be told */
        int64_t number;  /* that event's number */
};

struct history_parameters {
        struct json_object *names;
        struct field_int since, count;
        enum field_bool follow;
};

static const struct field history_fields[] = {
        {"names", FIELD_STRING_LIST, false, offsetof(struct history_parameters, names), NULL},
        {"since_usec", FIELD_INT, false, offsetof(struct history_parameters, since), NULL},
        {"count", FIELD_INT, false, offsetof(struct history_parameters, count), NULL},
        {"follow", FIELD_BOOL, false, offsetof(struct history_parameters, follow), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static void filter_free(struct event_filter *filter)
{
        for (size_t i = 0; i < filter->count; i++)
                free(filter->names[i]);
        free(filter->names);
        filter->names = NULL;
        filter->count = 0;
}

/* Copies and sorts the names. 0 or -ENOMEM. */
static int filter_take_names(struct event_filter *filter, struct json_object *names)
{
        filter->names = calloc(json_object_array_length(names) + 1, sizeof(*filter->names));
        if (!filter->names)
                return -ENOMEM;
        for (size_t i = 0; i < json_object_array_length(names); i++) {
                filter->names[i] = strdup(json_object_get_string(json_object_array_get_idx(names, i)));
                if (!filter->names[i])
                        return -ENOMEM;
                filter->count++;
        }
        qsort(filter->names, filter->count, sizeof(*filter->names), sorted_compare_strings);
        return 0;
}

/* Whether each name is a service's, or was: a service that is gone keeps its past for a while. False: the
 * call has been answered with an error. */
static bool names_are_known(struct peer *peer, struct json_object *names)
{
        const struct registry *registry = peer->server->registry;

        for (size_t i = 0; names && i < json_object_array_length(names); i++) {
                const char *name = json_object_get_string(json_object_array_get_idx(names, i));
                struct fault fault;

                if (!past_of(&registry->history.past, name) && !order_resolve(registry, name, &fault)) {
                        errors_fault(peer, &fault, name, NULL);
                        return false;
                }
        }
        return true;
}

static void reply_piece(struct telling *telling, struct text *text, bool more)
{
        struct peer *peer = telling->peer;

        text_append_string(text, "]}");
        if (!more)
                feed_end(peer); /* telling is freed */
        peer_reply_text(peer, text, more);
}

static void append(struct telling *telling, const struct past_event *event, struct text *text, bool *any)
{
        text_append_string(text, *any ? "," : "");
        events_write(event, text);
        *any = true;
        telling->at_usec = event->at_usec;
        telling->number = event->number;
}

/* Appends the next events of those that there were at the time of the call, about PIECE_BYTES of them. False:
 * out of memory. */
static bool append_past(struct telling *telling, const struct past *past, struct text *text, bool *any)
{
        const struct past_event **events;
        size_t count, at = 0, most = text->length + PIECE_BYTES;

        if (events_collect(past, &telling->filter, telling->until, &events, &count))
                return false;
        if (telling->is_new && count > (uint64_t)telling->filter.most)
                at = count - (size_t)telling->filter.most;
        while (!telling->is_new && at < count &&
               events_compare(telling->at_usec, telling->number, events[at]) >= 0)
                at++;
        telling->is_new = false;
        for (; at < count && text->length <= most; at++)
                append(telling, events[at], text, any);
        free(events);
        telling->lives = at == count;
        return true;
}

/* Replies with a piece of the events that there were. False: out of memory. */
static bool tell_past(struct telling *telling, const struct past *past)
{
        bool any = false;
        struct text text;

        text_init(&text);
        text_append_string(&text, "{\"events\":[");
        if (!append_past(telling, past, &text, &any)) {
                text_deinit(&text);
                return false;
        }
        reply_piece(telling, &text, !telling->lives || telling->follows);
        return true;
}

/* Writes the next piece of the one reply, which is sent as it grows. False: out of memory. */
static bool tell_whole(struct telling *telling, const struct past *past)
{
        struct peer *peer = telling->peer;
        struct text *out = &peer->out;

        if (!telling->begun)
                text_append_string(peer_reply_begin(peer), "{\"events\":[");
        telling->begun = true;
        if (!append_past(telling, past, out, &telling->any))
                return false;
        if (!telling->lives) {
                peer_reply_part(peer);
                return true;
        }
        text_append_string(out, "]");
        if (telling->left_out)
                text_append_member_int(out, "left_out", (int64_t)telling->left_out);
        text_append_string(out, "}");
        feed_end(peer); /* telling is freed */
        peer_reply_last(peer);
        return true;
}

/* Replies to a follower with the new events. Events that were read from the volume only now are no news. */
static void tell_news(struct telling *telling, const struct past *past)
{
        const struct past_event *event = past->newest;
        bool any = false;
        struct text text;

        while (event && event->older && event->older->number > telling->until)
                event = event->older;
        text_init(&text);
        text_append_string(&text, "{\"events\":[");
        for (; event && text.length <= PIECE_BYTES; event = event->newer) {
                if (event->number > telling->until && event_filter_takes(&telling->filter, event))
                        append(telling, event, &text, &any);
                telling->until = event->number > telling->until ? event->number : telling->until;
        }
        if (any)
                reply_piece(telling, &text, true);
        else
                text_deinit(&text);
}

static void telling_pump(struct feed *feed, struct peer *peer)
{
        struct telling *telling = (struct telling *)feed;
        const struct past *past = &peer->server->registry->history.past;

        peer->server->tellings_woken = false;
        if (telling->follows && past->evicted > telling->until)
                peer_close(peer);
        else if (telling->lives)
                tell_news(telling, past);
        else if (!(telling->whole ? tell_whole : tell_past)(telling, past))
                peer_finish(peer);
}

static bool telling_is_due(const struct feed *feed, const struct peer *peer)
{
        const struct telling *telling = (const struct telling *)feed;

        return !telling->lives || telling->until < peer->server->registry->history.past.number;
}

static void telling_drop(struct feed *feed, struct peer *peer)
{
        struct telling *telling = (struct telling *)feed;
        struct telling **at = &peer->server->tellings;

        while (*at && *at != telling)
                at = &(*at)->next;
        if (*at) {
                *at = telling->next;
                peer->server->tellings_woken = false;
                if (peer->quota)
                        peer->quota->watches--;
        }
        filter_free(&telling->filter);
        free(telling);
}

/* The telling owns the filter's names from now on. NULL: out of memory; the names are freed, and the
 * connection ends. */
static struct telling *telling_new(struct peer *peer, struct event_filter *filter, bool follows)
{
        struct telling *telling = calloc(1, sizeof(*telling));

        if (!telling) {
                filter_free(filter);
                peer_finish(peer);
                return NULL;
        }
        *telling = (struct telling){.feed = {.pump = telling_pump,
                                             .is_due = telling_is_due,
                                             .drop = telling_drop,
                                             .bytes = sizeof(*telling),
                                             .endless = follows},
                                    .peer = peer,
                                    .filter = *filter,
                                    .follows = follows,
                                    .is_new = true,
                                    .until = peer->server->registry->history.past.number};
        for (size_t i = 0; i < filter->count; i++)
                telling->feed.bytes += strlen(filter->names[i]) + WATCH_NAME_BYTES;
        if (follows) {
                telling->next = peer->server->tellings;
                peer->server->tellings = telling;
                if (peer->quota)
                        peer->quota->watches++;
        }
        return telling;
}

static void telling_begin(struct peer *peer, struct event_filter *filter, bool follows)
{
        struct telling *telling = telling_new(peer, filter, follows);

        if (telling)
                feed_begin(peer, &telling->feed);
}

/* Begins a History of one reply: if there are more events than fit in, it has the last ones. The reply is
 * sent as it grows, since to make a megabyte takes longer than a turn of the loop may. The telling owns the
 * filter's names from now on. */
static void whole_begin(struct peer *peer, struct event_filter *filter)
{
        struct telling *telling = telling_new(peer, filter, false);
        const struct past *past = &peer->server->registry->history.past;
        const struct past_event **events;
        size_t count, first, wanted, bytes = 0;

        if (!telling)
                return;
        if (events_collect(past, &telling->filter, past->number, &events, &count)) {
                telling_drop(&telling->feed, peer);
                peer_finish(peer);
                return;
        }
        first = wanted = count > (uint64_t)telling->filter.most ? count - (size_t)telling->filter.most : 0;
        for (size_t i = count; i > first; i--) {
                bytes += events[i - 1]->length + strlen(events[i - 1]->of->name) + HISTORY_EVENT_BYTES;
                if (bytes > LIMIT_OUTPUT_BYTES - REPLY_LEFT_OUT_BYTES)
                        first = i;
        }
        telling->whole = true;
        telling->is_new = false;
        telling->left_out = first - wanted;
        telling->at_usec = first ? events[first - 1]->at_usec : INT64_MIN;
        telling->number = first ? events[first - 1]->number : 0;
        free(events);
        feed_begin(peer, &telling->feed);
}

static bool parameters_are_sound(struct peer *peer, const struct history_parameters *parameters, bool more)
{
        if (parameters->since.present && parameters->since.value < 0)
                errors_parameter(peer, "since_usec");
        else if (parameters->count.present && parameters->count.value < 0)
                errors_parameter(peer, "count");
        else if (parameters->follow == FIELD_TRUE && !more)
                errors_strings(peer, ORG_VARLINK_SERVICE ".ExpectedMore", NULL, NULL, NULL, NULL);
        else if (parameters->names && json_object_array_length(parameters->names) > LIMIT_NAMES_PER_CALL)
                errors_limit(peer, "names_per_call", LIMIT_NAMES_PER_CALL);
        else if (parameters->follow == FIELD_TRUE && peer->quota && peer->quota->watches >= LIMIT_WATCHES_UID)
                errors_limit(peer, "watches_uid", LIMIT_WATCHES_UID);
        else
                return names_are_known(peer, parameters->names);
        return false;
}

static void history(struct peer *peer, const struct call *call)
{
        struct history_parameters parameters;
        struct event_filter filter = {.most = INT64_MAX};

        if (!parameters_read(peer, call, history_fields, &parameters) ||
            !parameters_are_sound(peer, &parameters, call->more))
                return;
        filter.since_usec = parameters.since.value;
        if (parameters.count.present)
                filter.most = parameters.count.value;
        if (parameters.names && filter_take_names(&filter, parameters.names)) {
                filter_free(&filter);
                peer_finish(peer);
        } else if (call->more) {
                telling_begin(peer, &filter, parameters.follow == FIELD_TRUE);
        } else if (peer->request.mode == REPLY_NONE) {
                filter_free(&filter);
                peer_end_call(peer);
        } else {
                whole_begin(peer, &filter);
        }
}

/* Wakes all followers, once until the first has its turn: further events are told in the same turns. */
static void history_on_happened(void *owner)
{
        struct server *server = owner;

        if (server->tellings_woken)
                return;
        server->tellings_woken = true;
        for (struct telling *telling = server->tellings; telling; telling = telling->next)
                ready_wake(&telling->peer->ready);
}

void history_listen(struct registry *registry)
{
        registry->events.happened = history_on_happened;
}

const struct method history_methods[] = {
        {IO_SVCBROKER ".History", ACCESS_OBSERVER, false, false, history},
        {NULL},
};
