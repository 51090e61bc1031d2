#include "daemon/service/home.h"

#include <string.h>

#include "daemon/keep/survey.h"
#include "daemon/log/log.h"
#include "daemon/service/multiplex.h"
#include "daemon/service/registry.h"
#include "daemon/service/release.h"
#include "proto/name.h"

/* Of a directory under a name: renamed, it is another profile's. */
static uint64_t away_as(const char *profile, int64_t home)
{
        return name_hash(profile, (uint64_t)home);
}

static bool is_away(const struct homes *homes, uint64_t number)
{
        for (size_t i = 0; i < homes->away_count; i++)
                if (homes->away[i] == number)
                        return true;
        return false;
}

bool home_is_new(const struct registry *registry, const struct profile_facts *facts)
{
        return !is_away(&registry->homes, away_as(facts->name, facts->home));
}

void home_note(struct registry *registry, const struct survey *survey)
{
        struct homes *homes = &registry->homes;
        size_t count = 0;

        if (!homes->away_count || survey->more || survey->hung)
                return; /* a directory that was not looked at, or did not answer, may be there */
        for (size_t i = 0; i < survey->count && count < homes->away_count; i++) {
                const struct profile_facts *facts = &survey->facts[i];
                uint64_t number = away_as(facts->name, facts->home);
                size_t at = facts->exists ? count : homes->away_count;

                while (at < homes->away_count && homes->away[at] != number)
                        at++;
                if (at < homes->away_count) {
                        homes->away[at] = homes->away[count];
                        homes->away[count++] = number;
                }
        }
        homes->away_count = count;
}

void home_take_away(const struct service *service)
{
        struct homes *homes = &service->registry->homes;
        uint64_t number = service->profile ? away_as(service->profile, service->record.home) : 0;

        if (service->profile && !is_away(homes, number) && homes->away_count < PROFILES_AWAY_MOST)
                homes->away[homes->away_count++] = number;
}

static bool is_home(const struct record *record, const struct profile_facts *facts)
{
        return facts->exists && record->home && record->home == facts->home;
}

static void mark_gone(struct service *service)
{
        if (service->record.gone || !service->record.home)
                return; /* or nobody has ever seen it: whoever registered it wanted it so */
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
        service_set_goal(old, GOAL_DOWN, 0);
        service_wake(old);
}

/* Another gateway that still runs in that directory, under a name that it has no more. */
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

        if (old) { /* its end is when this is looked at again */
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
        /* What is gone comes first: one may have the other's place. */
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
