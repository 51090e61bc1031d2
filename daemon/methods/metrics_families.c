/* SPDX-License-Identifier: ISC */
#include "daemon/methods/metrics_families.h"

#include <string.h>

#include "daemon/edge/process.h"
#include "daemon/methods/metrics_calls.h"
#include "daemon/service/persist.h"
#include "daemon/service/volume_room.h"
#include "proto/interface.h"

static void tell_count(struct scrape *scrape, int64_t number)
{
        scrape->tell(scrape, &(struct sample){.number = number});
}

static void tell_seconds(struct scrape *scrape, int64_t usec)
{
        scrape->tell(scrape, &(struct sample){.kind = SAMPLE_SECONDS, .number = usec});
}

/* Tells one of several counts, which a field tells apart. */
static void tell_count_of(struct scrape *scrape, const char *name, const char *value, int64_t number)
{
        scrape->tell(scrape, &(struct sample){.number = number, .fields = {{name, value}}});
}

/* Metrics of each service. */

static void tell_of(struct scrape *scrape, const struct service *service, int64_t number)
{
        scrape->tell(scrape, &(struct sample){.object = service->name, .number = number});
}

static void tell_word_of(struct scrape *scrape, const struct service *service, const char *word)
{
        if (word)
                scrape->tell(scrape,
                             &(struct sample){.kind = SAMPLE_WORD, .object = service->name, .word = word});
}

/* Tells no negative time: the clock may have been set back. */
static void tell_seconds_of(struct scrape *scrape, const struct service *service, int64_t usec)
{
        scrape->tell(scrape, &(struct sample){.kind = SAMPLE_SECONDS,
                                              .object = service->name,
                                              .number = usec > 0 ? usec : 0});
}

static void state(struct scrape *scrape, const struct service *service)
{
        tell_word_of(scrape, service, service_state_name(service->shown.state));
}

static void wanted(struct scrape *scrape, const struct service *service)
{
        tell_of(scrape, service, service->shown.want_up);
}

static void problem(struct scrape *scrape, const struct service *service)
{
        tell_word_of(scrape, service, trouble_name(service->shown.trouble));
}

static void pid(struct scrape *scrape, const struct service *service)
{
        if (service->shown.pid)
                tell_of(scrape, service, service->shown.pid);
}

static void in_state(struct scrape *scrape, const struct service *service)
{
        tell_seconds_of(scrape, service, scrape->now_usec - service->shown.since_usec);
}

static void next_start(struct scrape *scrape, const struct service *service)
{
        if (service->shown.next_start_usec)
                tell_seconds_of(scrape, service, service->shown.next_start_usec - scrape->now_usec);
}

static void restarts(struct scrape *scrape, const struct service *service)
{
        tell_of(scrape, service, service->shown.restarts);
}

static void logger_restarts(struct scrape *scrape, const struct service *service)
{
        if (service->logger.there)
                tell_of(scrape, service, service->shown.log_restarts);
}

/* From the first of any cause on, of each: what grows is seen to grow from 0. */
static void deaths(struct scrape *scrape, const struct service *service)
{
        static const unsigned none[DEATHS];

        if (memcmp(service->deaths, none, sizeof(none)) == 0)
                return;
        for (size_t i = 0; i < DEATHS; i++) {
                struct sample sample = {.object = service->name, .number = service->deaths[i]};

                sample.fields[0].name = "cause";
                sample.fields[0].value = death_name((enum death)i);
                scrape->tell(scrape, &sample);
        }
}

/* Metrics of all services together. */

static void services(struct scrape *scrape)
{
        const struct registry *registry = scrape->server->registry;
        int64_t counts[SERVICE_STATES] = {0};

        for (size_t i = 0; i < registry->count; i++)
                counts[registry->services[i]->shown.state]++;
        for (size_t i = 0; i < SERVICE_STATES; i++)
                tell_count_of(scrape, "state", service_state_name((enum service_state)i), counts[i]);
}

static void supervisors_most(struct scrape *scrape)
{
        tell_count(scrape, scrape->server->registry->services_max);
}

/* Metrics of sessions. */

/* Tells each cause of refusals: the error's name without its interface, and the limit, if one was met. */
static void refusals(struct scrape *scrape)
{
        for (size_t i = 0; i < COUNTS_CAUSES_MOST; i++) {
                const struct refusal_count *refusal = &scrape->server->counts.refusals[i];
                struct sample sample = {.number = (int64_t)refusal->count};

                if (!refusal->error)
                        break;
                sample.fields[0].name = "cause";
                sample.fields[0].value = strrchr(refusal->error, '.') + 1;
                sample.fields[1].name = refusal->limit ? "limit" : NULL;
                sample.fields[1].value = refusal->limit;
                scrape->tell(scrape, &sample);
        }
}

static void connections(struct scrape *scrape)
{
        const struct peers *peers = &scrape->server->peers;

        tell_count_of(scrape, "kind", "counted", peers->counted);
        tell_count_of(scrape, "kind", "root",
                      (int64_t)(peers->count - peers->counted - peers->denied - peers->gone));
        tell_count_of(scrape, "kind", "denied", peers->denied);
        tell_count_of(scrape, "kind", "gone", peers->gone);
}

static void connections_most(struct scrape *scrape)
{
        tell_count(scrape, scrape->server->peers.connections_most);
}

static void connections_accepted(struct scrape *scrape)
{
        tell_count(scrape, (int64_t)scrape->server->peers.last);
}

/* How much waits for its turn, by queue. */
static void queued(struct scrape *scrape)
{
        const struct server *server = scrape->server;
        const struct registry *registry = server->registry;
        int64_t starts = 0;

        for (size_t i = 0; i < registry->count; i++)
                starts += registry->services[i]->queued == QUEUED_FOR_START;
        tell_count_of(scrape, "queue", "model", (int64_t)registry->ready.count);
        tell_count_of(scrape, "queue", "connections", (int64_t)server->turns.count);
        tell_count_of(scrape, "queue", "connections-root", (int64_t)server->turns_root.count);
        tell_count_of(scrape, "queue", "order-names", (int64_t)registry->names_under_way);
        tell_count_of(scrape, "queue", "starts", starts);
}

static void volume_queued_bytes(struct scrape *scrape)
{
        const struct store *store = &scrape->server->registry->store;

        tell_count_of(scrape, "queue", "client", (int64_t)store->queued_bytes);
        tell_count_of(scrape, "queue", "root", (int64_t)store->queued_root_bytes);
}

/* Metrics of the volume. */

static void volume_answers(struct scrape *scrape)
{
        const struct registry *registry = scrape->server->registry;

        tell_count(scrape, !store_is_stuck(&registry->store) && registry->volume_told != VOLUME_TOLD_NONE);
}

static void volume_writes(struct scrape *scrape)
{
        struct registry *registry = scrape->server->registry;

        tell_count(scrape, !registry->store.failure && !volume_refused(registry));
}

static void volume_waiting(struct scrape *scrape)
{
        tell_count(scrape, (int64_t)persist_waiting(scrape->server->registry));
}

static void volume_hung(struct scrape *scrape)
{
        const struct deputy *deputy = &scrape->server->registry->store.deputy;
        int64_t count = 0;

        for (unsigned at = 0; deputy_next_hung(deputy, &at);)
                count++;
        tell_count(scrape, count);
}

static void volume_free(struct scrape *scrape)
{
        struct room room;

        if (volume_room(scrape->server->registry, &room))
                tell_count(scrape, (int64_t)room.bytes);
}

/* Metrics of the process. */

static void loop_turns(struct scrape *scrape)
{
        tell_count(scrape, (int64_t)scrape->server->pace.turns);
}

static void loop_busy(struct scrape *scrape)
{
        tell_seconds(scrape, (int64_t)(scrape->server->pace.busy_nsec / 1000));
}

static void loop_longest(struct scrape *scrape)
{
        tell_seconds(scrape, (int64_t)(scrape->server->pace.longest_nsec / 1000));
}

static void resident(struct scrape *scrape)
{
        int64_t bytes = process_resident_bytes();

        if (bytes >= 0)
                tell_count(scrape, bytes);
}

static void buffers(struct scrape *scrape)
{
        const struct peers *peers = &scrape->server->peers;

        tell_count_of(scrape, "of", "others", (int64_t)peers->memory_bytes);
        tell_count_of(scrape, "of", "root", (int64_t)peers->memory_root_bytes);
}

static void processor(struct scrape *scrape)
{
        tell_seconds(scrape, clock_nsec_of(CLOCK_PROCESS_CPUTIME_ID) / 1000);
}

static void version(struct scrape *scrape)
{
        scrape->tell(scrape, &(struct sample){.kind = SAMPLE_WORD, .word = SVCBROKER_VERSION});
}

#define COUNTER "counter"
#define GAUGE "gauge"
#define STRING "string"
#define FAMILY(name) IO_SVCBROKER "." name

/* A family's name ends with its unit, where it has one. */
const struct family metrics_families[] = {
        {FAMILY("ServiceState"), STRING, "State of the service", state, NULL},
        {FAMILY("ServiceWanted"), GAUGE, "Whether a person wants the service up: 1, or 0", wanted, NULL},
        {FAMILY("ServiceProblem"), STRING,
         "What of the service somebody should see to; none where all is well", problem, NULL},
        {FAMILY("ServicePid"), GAUGE, "Process of the service; none where it has none", pid, NULL},
        {FAMILY("ServiceInStateSeconds"), GAUGE, "Time since this run, or this time down, began", in_state,
         NULL},
        {FAMILY("ServiceNextStartSeconds"), GAUGE,
         "Time until the broker starts the service again; none where it does not wait for that", next_start,
         NULL},
        {FAMILY("ServiceRestarts"), COUNTER,
         "Starts after an end that nobody asked for; anew with a start by a person, and with the container",
         restarts, NULL},
        {FAMILY("ServiceLoggerRestarts"), COUNTER, "The same of the logger of the service", logger_restarts,
         NULL},
        {FAMILY("ServiceDeaths"), COUNTER, "Ends of runs of the service that this broker saw, by cause",
         deaths, NULL},
        {FAMILY("Services"), GAUGE, "Services by state", NULL, services},
        {FAMILY("SupervisorsLimit"), GAUGE, "Supervisors that s6-svscan takes, loggers included", NULL,
         supervisors_most},
        {FAMILY("Calls"), COUNTER, "Calls begun, by method", NULL, metrics_calls_begun},
        {FAMILY("CallsEnded"), COUNTER, "Calls answered to the end, by method", NULL, metrics_calls_ended},
        {FAMILY("CallSeconds"), COUNTER, "Time that the calls answered to the end took together, by method",
         NULL, metrics_call_seconds},
        {FAMILY("CallSecondsBucket"), COUNTER,
         "How many of these calls took up to le seconds, by method; none for a method without any", NULL,
         metrics_call_buckets},
        {FAMILY("CallLongestSeconds"), GAUGE, "Time that the longest of these calls took, by method", NULL,
         metrics_call_longest},
        {FAMILY("Refusals"), COUNTER, "Errors told, by their name, and by the limit that was met", NULL,
         refusals},
        {FAMILY("Connections"), GAUGE, "Connections, by whose they are", NULL, connections},
        {FAMILY("ConnectionsLimit"), GAUGE, "Connections that there may be", NULL, connections_most},
        {FAMILY("ConnectionsAccepted"), COUNTER, "Connections that there have been", NULL,
         connections_accepted},
        {FAMILY("Queued"), GAUGE, "What waits for its turn, by queue", NULL, queued},
        {FAMILY("VolumeQueuedBytes"), GAUGE, "Records that wait for the volume, by who ordered", NULL,
         volume_queued_bytes},
        {FAMILY("VolumeAnswers"), GAUGE, "Whether the volume answers: 1, or 0", NULL, volume_answers},
        {FAMILY("VolumeWrites"), GAUGE, "Whether records can be written to the volume: 1, or 0", NULL,
         volume_writes},
        {FAMILY("VolumeUnrecorded"), GAUGE, "Gateways of which what is wanted is not on the volume yet", NULL,
         volume_waiting},
        {FAMILY("VolumeHungProfiles"), GAUGE, "Profiles whose directory on the volume does not answer", NULL,
         volume_hung},
        {FAMILY("VolumeFreeBytes"), GAUGE, "Room left on the volume", NULL, volume_free},
        {FAMILY("LoopTurns"), COUNTER, "Turns of the loop of the broker", NULL, loop_turns},
        {FAMILY("LoopBusySeconds"), COUNTER, "Time that the loop was at work", NULL, loop_busy},
        {FAMILY("LoopLongestTurnSeconds"), GAUGE, "The longest that one turn of the loop kept others waiting",
         NULL, loop_longest},
        {FAMILY("MemoryResidentBytes"), GAUGE, "Resident memory of the broker", NULL, resident},
        {FAMILY("MemoryBufferBytes"), GAUGE, "What of it buffers of connections take, by whose they are",
         NULL, buffers},
        {FAMILY("ProcessorSeconds"), COUNTER, "Processor time of the broker", NULL, processor},
        {FAMILY("Version"), STRING, "Version of the broker", NULL, version},
        {NULL, NULL, NULL, NULL, NULL},
};
