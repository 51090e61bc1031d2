/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/methods/methods.h"
#include "daemon/methods/metrics_families.h"
#include "daemon/methods/parameters.h"
#include "proto/interface.h"

/*
 * A running List of io.systemd.Metrics: a reply for each metric. They come in pieces, as the services of
 * io.svcbroker.List do, so that many services keep nobody waiting; a piece goes on behind the service that
 * the piece before ended with. The last metric is kept until it is known whether another follows, since its
 * reply has to say so.
 */
struct metrics {
        struct feed feed;
        struct scrape scrape;
        struct peer *peer; /* set in metrics_pump() only */
        size_t family;
        /* The last service of this family that was told of; "": none yet. */
        char after[LIMIT_SERVICE_NAME_BYTES + 1];
        struct text kept; /* the last metric */
};

static void write_value(const struct sample *sample, struct text *text)
{
        char seconds[32];

        switch (sample->kind) {
        case SAMPLE_COUNT:
                text_append_int(text, sample->number);
                break;
        case SAMPLE_SECONDS:
                snprintf(seconds, sizeof(seconds), "%" PRId64 ".%06" PRId64, sample->number / 1000000,
                         sample->number % 1000000);
                text_append_string(text, seconds);
                break;
        case SAMPLE_WORD:
                text_append_json_string(text, sample->word);
                break;
        }
}

static void write_fields(const struct sample *sample, struct text *text)
{
        text_append_member(text, "fields");
        text_append_string(text, "{");
        for (size_t i = 0; i < sizeof(sample->fields) / sizeof(sample->fields[0]); i++)
                if (sample->fields[i].name)
                        text_append_member_string(text, sample->fields[i].name, sample->fields[i].value);
        text_append_string(text, "}");
}

static void metrics_flush(struct metrics *metrics, bool more)
{
        struct text kept = metrics->kept;

        text_init(&metrics->kept);
        peer_reply_text(metrics->peer, &kept, more);
}

static void metrics_tell(struct scrape *scrape, const struct sample *sample)
{
        struct metrics *metrics = (struct metrics *)((char *)scrape - offsetof(struct metrics, scrape));
        struct text *text = &metrics->kept;

        if (text->length)
                metrics_flush(metrics, true);
        text_append_string(text, "{");
        text_append_member_string(text, "name", metrics_families[metrics->family].name);
        text_append_member(text, "value");
        write_value(sample, text);
        if (sample->object)
                text_append_member_string(text, "object", sample->object);
        if (sample->fields[0].name)
                write_fields(sample, text);
        text_append_string(text, "}");
}

/* Whether there is room in this piece. A connection that is being ended takes no more. */
static bool metrics_goes_on(const struct metrics *metrics)
{
        return metrics->peer->out.length <= PIECE_BYTES && peer_state_takes_calls(metrics->peer->state);
}

/* True: the family is told of all services. */
static bool metrics_tell_services(struct metrics *metrics, const struct family *family)
{
        const struct registry *registry = metrics->scrape.server->registry;
        size_t place = metrics->after[0] ? registry_behind(registry, metrics->after) : 0;
        const char *told = NULL;

        for (; place < registry->count && metrics_goes_on(metrics); place++) {
                struct service *service = registry->services[place];

                /* Changes that were noted, and that wait for the service's step, are shown already. */
                if (ready_is_waiting(&service->ready))
                        service_show(service);
                family->of_service(&metrics->scrape, service);
                told = service->name;
        }
        if (told)
                snprintf(metrics->after, sizeof(metrics->after), "%s", told);
        return place >= registry->count;
}

static void metrics_pump(struct feed *feed, struct peer *peer)
{
        struct metrics *metrics = (struct metrics *)feed;
        const struct family *family = &metrics_families[metrics->family];

        metrics->peer = peer;
        for (; family->name && metrics_goes_on(metrics); family++) {
                if (family->of_service && !metrics_tell_services(metrics, family))
                        return;
                if (family->of_broker)
                        family->of_broker(&metrics->scrape);
                metrics->family++;
                metrics->after[0] = '\0';
        }
        if (family->name)
                return;
        metrics_flush(metrics, false);
        feed_end(peer);
}

static void metrics_drop(struct feed *feed, struct peer *peer)
{
        struct metrics *metrics = (struct metrics *)feed;

        (void)peer;
        text_deinit(&metrics->kept);
        free(metrics);
}

static void list(struct peer *peer, const struct call *call)
{
        struct metrics *metrics;

        if (!parameters_are_none(peer, call))
                return;
        halts_look_at_all(peer->server->registry);
        metrics = calloc(1, sizeof(*metrics));
        if (metrics) {
                metrics->feed =
                        (struct feed){.pump = metrics_pump, .drop = metrics_drop, .bytes = sizeof(*metrics)};
                metrics->scrape = (struct scrape){
                        .server = peer->server, .now_usec = clock_utc_usec(), .tell = metrics_tell};
                text_init(&metrics->kept);
        }
        feed_begin(peer, metrics ? &metrics->feed : NULL);
}

static void describe(struct peer *peer, const struct call *call)
{
        if (!parameters_are_none(peer, call))
                return;
        for (const struct family *family = metrics_families; family->name; family++) {
                struct text text;

                text_init(&text);
                text_append_string(&text, "{");
                text_append_member_string(&text, "name", family->name);
                text_append_member_string(&text, "description", family->description);
                text_append_member_string(&text, "type", family->type);
                text_append_string(&text, "}");
                peer_reply_text(peer, &text, family[1].name);
        }
}

const struct method metrics_methods[] = {
        {IO_SYSTEMD_METRICS ".List", ACCESS_OBSERVER, false, true, list},
        {IO_SYSTEMD_METRICS ".Describe", ACCESS_OBSERVER, false, true, describe},
        {NULL},
};
