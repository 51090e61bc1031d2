/* SPDX-License-Identifier: ISC */
#include "daemon/methods/metrics_calls.h"

#include "daemon/session/dispatch.h"

enum call_figure {
        CALLS_BEGUN,
        CALLS_ENDED,
        CALLS_SECONDS,
        CALLS_BUCKETS,
        CALLS_LONGEST,
};

static void tell(struct scrape *scrape, const char *method, enum sample_kind kind, int64_t number)
{
        scrape->tell(scrape,
                     &(struct sample){.kind = kind, .number = number, .fields = {{"method", method}}});
}

static void tell_buckets(struct scrape *scrape, const char *method, const struct call_count *count)
{
        uint64_t within = 0;

        for (size_t i = 0; i <= COUNTS_BOUNDS && count->ended; i++) {
                const char *bound = i < COUNTS_BOUNDS ? counts_bounds[i].seconds : "+Inf";

                within += count->within[i];
                scrape->tell(scrape, &(struct sample){.number = (int64_t)within,
                                                      .fields = {{"method", method}, {"le", bound}}});
        }
}

static void tell_call(struct scrape *scrape, const char *method, const struct call_count *count,
                      enum call_figure figure)
{
        switch (figure) {
        case CALLS_BEGUN:
                tell(scrape, method, SAMPLE_COUNT, (int64_t)count->begun);
                break;
        case CALLS_ENDED:
                tell(scrape, method, SAMPLE_COUNT, (int64_t)count->ended);
                break;
        case CALLS_SECONDS:
                tell(scrape, method, SAMPLE_SECONDS, count->nsec / 1000);
                break;
        case CALLS_BUCKETS:
                tell_buckets(scrape, method, count);
                break;
        case CALLS_LONGEST:
                tell(scrape, method, SAMPLE_SECONDS, count->longest_nsec / 1000);
                break;
        }
}

static void tell_calls(struct scrape *scrape, enum call_figure figure)
{
        const struct server *server = scrape->server;
        size_t number = 0;

        for (const struct method *const *group = server->methods; *group; group++)
                for (const struct method *method = *group; method->name && number < COUNTS_METHODS_MOST;
                     method++, number++)
                        tell_call(scrape, method->name, &server->counts.methods[number], figure);
}

void metrics_calls_begun(struct scrape *scrape)
{
        tell_calls(scrape, CALLS_BEGUN);
}

void metrics_calls_ended(struct scrape *scrape)
{
        tell_calls(scrape, CALLS_ENDED);
}

void metrics_call_seconds(struct scrape *scrape)
{
        tell_calls(scrape, CALLS_SECONDS);
}

void metrics_call_buckets(struct scrape *scrape)
{
        tell_calls(scrape, CALLS_BUCKETS);
}

void metrics_call_longest(struct scrape *scrape)
{
        tell_calls(scrape, CALLS_LONGEST);
}
