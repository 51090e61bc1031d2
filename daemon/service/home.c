/* SPDX-License-Identifier: ISC */
#include "daemon/service/home.h"

#include <string.h>

#include "daemon/keep/survey.h"
#include "daemon/log/log.h"
#include "daemon/service/multiplex.h"
#include "daemon/service/registry.h"
#include "daemon/service/release.h"
#include "proto/name.h"

/* The place, not before `from`, of that name with that directory: under another directory the name is another
 * profile's. A home of 0 on either side, which is not known, matches any. away_count: there is none. */
static size_t away_find(const struct homes *homes, size_t from, const char *profile, int64_t home)
{
        uint64_t name = name_hash(profile, 0);

        while (from < homes->away_count &&
               (homes->away[from].name != name ||
                (home && homes->away[from].home && homes->away[from].home != home)))
                from++;
        return from;
}

bool home_is_new(const struct registry *registry, const struct profile_facts *facts)
{
        return away_find(&registry->homes, 0, facts->name, facts->home) == registry->homes.away_count;
}

bool home_stays_away(const struct registry *registry, const struct profile_facts *facts)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(facts->name, name, sizeof(name));
        return !home_is_new(registry, facts) && !registry_find(registry, name);
}

void home_note(struct registry *registry, const struct survey *survey)
{
        struct homes *homes = &registry->homes;
        size_t count = 0;

        if (!homes->away_count || survey->more || survey->hung)
                return; /* a directory that was not looked at, or did not answer, may be there */
        for (size_t i = 0; i < survey->count && count < homes->away_count; i++) {
                const struct profile_facts *facts = &survey->facts[i];
                size_t at =
                        facts->exists ? away_find(homes, count, facts->name, facts->home) : homes->away_count;
                struct home_away its;

                if (at == homes->away_count)
                        continue;
                its = (struct home_away){homes->away[at].name, facts->home};
                homes->away[at] = homes->away[count];
                homes->away[count++] = its;
        }
        homes->away_count = count;
}

void home_take_away(struct registry *registry, const char *profile, int64_t home)
{
        struct homes *homes = &registry->homes;

        if (homes->away_count < PROFILES_AWAY_MOST && away_find(homes, 0, profile, home) == homes->away_count)
                homes->away[homes->away_count++] = (struct home_away){name_hash(profile, 0), home};
}

static bool is_home(const struct record *record, const struct profile_facts *facts)
{
        return facts->exists && record->home && record->home == facts->home;
}

static void mark_gone(struct service *service)
{
        if (service->record.gone || !service->record.home)
                return; /* a directory that was never seen is not gone: the gateway was made without one */
        log_event("profiles: the directory is gone: service=%s", service->name);
        service->record.gone = true;
        service_save(service);
        service_wake(service);
}

void home_end(struct service *old)
{
        if (old->own.goal.kind == GOAL_DOWN || old->operation != OPERATION_NONE)
                return;
        log_event("profiles: its profile was renamed, and it is told to end: service=%s", old->name);
        service_clear_tally(&old->own);
        old->record.kill_after_msec = 0; /* a person's order set this, and the end is not a person's order */
        service_set_goal(old, GOAL_DOWN, 0);
        service_wake(old);
}

/* Another gateway that still runs in that directory, under the directory's former name; NULL: none does. */
static struct service *find_old_run(const struct service *service, const struct profile_facts *facts)
{
        const struct registry *registry = service->registry;

        for (size_t i = 0; i < registry->count; i++) {
                struct service *other = registry->services[i];

                if (other != service && other->profile && other->record.gone && service_is_alive(other) &&
                    is_home(&other->record, facts))
                        return other;
        }
        return NULL;
}

static void mark_there(struct service *service, const struct profile_facts *facts)
{
        struct record *record = &service->record;
        struct service *old = record->gone ? find_old_run(service, facts) : NULL;

        if (old) { /* when it has ended, the profile is looked at again */
                home_end(old);
                return;
        }
        if (!is_home(record, facts) && facts->home) {
                record->home = facts->home;
                service_save(service);
        }
        if (!record->gone)
                return;
        log_event("profiles: the directory is there again: service=%s", service->name);
        record->gone = false;
        service_save(service);
        release(service, HOME_GONE_REASON);
        service_show(service);
}

void home_judge_one(struct service *service, const struct profile_facts *facts)
{
        if (!service->profile || strcmp(service->profile, "default") == 0 ||
            service->operation != OPERATION_NONE || facts->hung)
                return;
        if (facts->exists)
                mark_there(service, facts);
        else if (!facts->link)
                mark_gone(service);
}

bool home_trust(struct registry *registry, const struct survey *survey)
{
        if (!registry->homes.volume)
                registry->homes.volume = survey->volume;
        return survey->is_marked && survey->volume && survey->volume == registry->homes.volume;
}

void home_judge(struct registry *registry, const struct survey *survey)
{
        bool trusted = home_trust(registry, survey);

        multiplex_take(registry, survey->config);
        /* Profiles that are gone come first: one that is there may be one of them, renamed. */
        for (int there = 0; trusted && !survey->more && there < 2; there++)
                for (size_t i = 0; i < registry->count; i++) {
                        struct service *service = registry->services[i];
                        const struct profile_facts *facts =
                                service->profile ? survey_find(survey, service->profile) : NULL;

                        if (facts && facts->exists == there)
                                home_judge_one(service, facts);
                        else if (!facts && !there && service->profile &&
                                 service->operation == OPERATION_NONE &&
                                 survey_is_gone(survey, service->profile))
                                mark_gone(service);
                }
}
