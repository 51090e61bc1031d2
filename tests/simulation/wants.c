/* SPDX-License-Identifier: ISC */
#include "wants_inner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiles.h"
#include "s6.h"

struct wants *wants;

const char *wants_profile(unsigned number)
{
        return number < wants->profiles ? wants->at[number].name + strlen("gateway-") : NULL;
}

bool wants_is_loose(const char *name)
{
        return profile_was_touched(name + strlen("gateway-"));
}

static struct profile_wants *find(const char *name)
{
        for (unsigned i = 0; i < wants->profiles; i++)
                if (strcmp(wants->at[i].name, name) == 0)
                        return &wants->at[i];
        return NULL;
}

void wants_init(void)
{
        wants = sim_alloc(sizeof(*wants));
        wants->clock = 1;
        for (unsigned i = 0; i < s6_count() && wants->profiles < PROFILES_MOST; i++) {
                struct profile_wants *profile = &wants->at[wants->profiles];
                struct wants_record record = {.want = WANT_ANY, .environment = WANTS_ANY_ENVIRONMENT};

                if (!s6_profile(i))
                        continue;
                wants->profiles++;
                snprintf(profile->name, sizeof(profile->name), "%s", s6_name(i));
                wants_read(s6_profile(i), &record);
                wants_set(profile, CHANGE_DONE, record.want, record.environment, wants->clock);
        }
}

static void add(struct profile_wants *profile, unsigned number, const struct client *client,
                const struct call_sent *call)
{
        struct change *change;

        if (profile->count == CHANGES)
                wants_forget_what_is_over(profile, wants->clock);
        change = &profile->changes[profile->count++];
        profile->ends = 0;
        *change = (struct change){.number = number,
                                  .connection = client->connection,
                                  .place = call->end,
                                  .began = wants->clock,
                                  .want = WANT_KEPT,
                                  .environment = WANTS_SAME_ENVIRONMENT,
                                  .environment_kept = true};
        switch (call->method) {
        case METHOD_START:
                change->orders = true;
                change->want |= WANT_UP | WANT_DOWN; /* it may make the slot, and not come to its start */
                change->environment = WANTS_SAME_ENVIRONMENT;
                break;
        case METHOD_RESTART:
                change->orders = true;
                change->want |= WANT_UP;
                change->runs = s6_gateway_start((unsigned)s6_find(profile->name));
                break;
        case METHOD_STOP:
                change->orders = true;
                change->want |= WANT_DOWN;
                break;
        case METHOD_REGISTER: /* which may be undone */
                change->replaces = call->replaces;
                change->start = call->start;
                change->want |= (call->start ? WANT_UP : WANT_DOWN) | WANT_DOWN | WANT_NOTHING;
                change->environment = call->replaces ? call->environment : WANTS_NO_ENVIRONMENT;
                break;
        case METHOD_UNREGISTER:
                change->want |= WANT_NOTHING;
                change->environment = WANTS_NO_ENVIRONMENT;
                break;
        case METHOD_INFO:
        case METHOD_DESCRIPTION:
        case METHOD_LIST:
        case METHOD_STATUS:
        case METHOD_RESET:
        case METHOD_SIGNAL:
        case METHOD_RECONCILE:
        case METHOD_WATCH:
        case METHOD_HEALTH:
        case METHOD_DIAGNOSE:
        case METHOD_NONSENSE:
                break;
        }
}

/* What the broker does by itself: it may have been done, as long as this life lasts. */
static void add_own(struct profile_wants *profile, unsigned want)
{
        if (profile->count == CHANGES)
                wants_forget_what_is_over(profile, wants->clock);
        profile->changes[profile->count++] = (struct change){.end = CHANGE_UNCERTAIN,
                                                             .began = wants->clock,
                                                             .want = want | WANT_KEPT,
                                                             .environment = WANTS_NO_ENVIRONMENT,
                                                             .environment_kept = true};
}

/* A profile that has no record gets one by what its application says of itself: at a boot, or by Reconcile. */
void wants_add_found(struct profile_wants *profile)
{
        unsigned want = wants_read_state(profile->name + strlen("gateway-"));

        if (want && wants_by(profile, false) & WANT_NOTHING)
                add_own(profile, want);
}

void wants_found(const char *name)
{
        if (find(name))
                add_own(find(name), WANT_UP | WANT_DOWN);
}

/* One whose directory nobody had looked at when it was unregistered comes back by itself: OPEN. */
void wants_begun(const char *name)
{
        struct profile_wants *profile = find(name);

        for (unsigned i = 0; profile && i < profile->count; i++)
                if (profile->changes[i].end == CHANGE_OPEN)
                        return;
        if (profile && wants_by(profile, false) & WANT_NOTHING)
                add_own(profile, WANT_UP | WANT_DOWN);
}

void wants_stopped(const char *name)
{
        if (find(name))
                add_own(find(name), WANT_DOWN);
}

static bool changes_something(const struct call_sent *call)
{
        return call->method == METHOD_START || call->method == METHOD_STOP ||
               call->method == METHOD_RESTART || call->method == METHOD_REGISTER ||
               call->method == METHOD_UNREGISTER;
}

unsigned wants_begin(const struct client *client, const struct call_sent *call)
{
        unsigned number = ++wants->number;

        wants->clock++;
        wants->reconciles += call->method == METHOD_RECONCILE && !call->dry;
        if (!changes_something(call))
                return 0;
        for (unsigned i = 0; call->all && i < wants->profiles; i++)
                add(&wants->at[i], number, client, call);
        for (unsigned i = 0; i < call->count; i++)
                if (find(call->names[i]))
                        add(find(call->names[i]), number, client, call);
        return number;
}

static struct change *find_change(unsigned number, const char *name, struct profile_wants **profile)
{
        *profile = number ? find(name) : NULL;
        for (unsigned i = 0; *profile && i < (*profile)->count; i++)
                if ((*profile)->changes[i].number == number)
                        return &(*profile)->changes[i];
        return NULL;
}

static void end(struct change *change, enum wants_answer answer)
{
        change->ended = ++wants->clock;
        change->end = answer == WANTS_DONE       ? CHANGE_DONE
                      : answer == WANTS_ACCEPTED ? CHANGE_ACCEPTED
                                                 : CHANGE_UNCERTAIN;
        if (answer != WANTS_REFUSED)
                return;
        change->want = WANT_KEPT;
        change->environment = WANTS_SAME_ENVIRONMENT;
}

void wants_answered(unsigned number, const char *name, enum wants_answer answer, unsigned want)
{
        struct profile_wants *profile;
        struct change *change = find_change(number, name, &profile);

        if (!change)
                return;
        change->want = want;
        if (want == WANT_NOTHING)
                change->environment_kept = false;
        /* The slot is gone, and what is on the volume may be older than what the slot had. */
        if (answer == WANTS_UNCERTAIN && want & WANT_NOTHING) {
                change->want = WANT_ANY | WANT_KEPT;
                change->environment = WANTS_ANY_ENVIRONMENT;
        }
        end(change, answer);
        if (change->runs && (answer == WANTS_DONE || answer == WANTS_ACCEPTED) && wants_is_last(number, name))
                profile->ends = change->runs;
        sim_trace("wants: %s: %s%s%s%s by %u, %s", name, want & WANT_NOTHING ? "nothing " : "",
                  want & WANT_DOWN ? "down " : "", want & WANT_UP ? "up " : "",
                  want & WANT_KEPT ? "kept" : "", number,
                  answer == WANTS_DONE       ? "on the volume"
                  : answer == WANTS_ACCEPTED ? "accepted"
                                             : "or not");
}

void wants_registered(unsigned number, const char *name, enum wants_answer answer, bool created, bool changed)
{
        struct profile_wants *profile;
        struct change *change = find_change(number, name, &profile);

        (void)changed;
        if (!change)
                return;
        if (answer == WANTS_DONE || answer == WANTS_ACCEPTED) {
                unsigned before = wants_by(profile, true);

                /* With its variables a want is written that nobody has said before: it is down. */
                if (created)
                        change->want = change->start ? WANT_UP : WANT_DOWN;
                else
                        change->want =
                                WANT_KEPT | (change->replaces && before & WANT_NOTHING ? WANT_DOWN : 0);
                change->environment_kept = false;
                if (!created && !change->replaces)
                        change->environment = WANTS_SAME_ENVIRONMENT;
        }
        end(change, answer);
        sim_trace("wants: %s: registered by %u, %s%s", name, number, created ? "created, " : "",
                  answer == WANTS_DONE       ? "on the volume"
                  : answer == WANTS_ACCEPTED ? "accepted"
                                             : "or not");
}

/* Each of the changes of that call. */
static void each(unsigned number, void (*act)(struct change *change))
{
        for (unsigned i = 0; number && i < wants->profiles; i++)
                for (unsigned j = 0; j < wants->at[i].count; j++)
                        if (wants->at[i].changes[j].number == number)
                                act(&wants->at[i].changes[j]);
}

static void take_up(struct change *change)
{
        change->taken = ++wants->clock;
}

void wants_taken_up(unsigned number)
{
        each(number, take_up);
}

/* It stays open until the life is over. An Unregister that nobody heard of may have found no way to the volume, which has what it
 * had then: as where the reply says `persisted: false` (docs/simulation.md). */
static void doubt(struct change *change)
{
        const unsigned keeps = FAULT_DISK | FAULT_VOLUME | FAULT_MEMORY | FAULT_DESCRIPTORS;

        if (change->end != CHANGE_OPEN)
                return;
        change->end = CHANGE_UNCERTAIN;
        if (!(change->want & WANT_NOTHING) || !(sim_settings->faults & keeps))
                return;
        change->want = WANT_ANY | WANT_KEPT;
        change->environment = WANTS_ANY_ENVIRONMENT;
}

void wants_unanswered(unsigned number)
{
        each(number, doubt);
}

/* What was not answered by name was none of it. */
static void refuse(struct change *change)
{
        if (change->end == CHANGE_OPEN)
                end(change, WANTS_REFUSED);
}

void wants_over(unsigned number)
{
        each(number, refuse);
}

bool wants_is_last(unsigned number, const char *name)
{
        struct profile_wants *profile;
        const struct change *change = find_change(number, name, &profile);

        for (unsigned i = 0; change && i < profile->count; i++)
                if (&profile->changes[i] != change && !change_is_after(change, &profile->changes[i]))
                        return false;
        return change != NULL && !wants_is_loose(name);
}

int wants_new_environment(void)
{
        return ++wants->environment;
}

unsigned wants_of(const char *name)
{
        const struct profile_wants *profile = find(name);

        return profile && !wants_is_loose(name) ? wants_by(profile, false) : WANT_ANY;
}
