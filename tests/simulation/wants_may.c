/* SPDX-License-Identifier: ISC */
#include "wants_inner.h"

/* What may be wanted of a profile, by the changes of it that are remembered. */

void wants_set(struct profile_wants *profile, enum change_end end, unsigned want, int environment,
               uint64_t clock)
{
        profile->count = 1;
        profile->changes[0] = (struct change){
                .end = end, .began = clock, .ended = clock, .want = want, .environment = environment};
}

/* Does `later` come after that one, whenever each was done? */
bool change_is_after(const struct change *later, const struct change *change)
{
        if (later->orders && change->orders && later->taken && change->taken)
                return later->taken > change->taken;
        if (later->connection == change->connection && later->connection)
                return later->place > change->place;
        return change->end != CHANGE_OPEN && change->ended && later->began > change->ended;
}

static bool is_certain(const struct change *change, bool persisted)
{
        return change->end == CHANGE_DONE || (!persisted && change->end == CHANGE_ACCEPTED);
}

/* Something certain has taken the place of what it said of the want, of the variables. */
static bool want_is_over(const struct profile_wants *profile, const struct change *change, bool persisted)
{
        for (unsigned i = 0; i < profile->count; i++)
                if (is_certain(&profile->changes[i], persisted) && !(profile->changes[i].want & WANT_KEPT) &&
                    change_is_after(&profile->changes[i], change))
                        return true;
        return false;
}

static bool environment_is_over(const struct profile_wants *profile, const struct change *change,
                                bool persisted)
{
        for (unsigned i = 0; i < profile->count; i++)
                if (is_certain(&profile->changes[i], persisted) && !profile->changes[i].environment_kept &&
                    profile->changes[i].environment != WANTS_SAME_ENVIRONMENT &&
                    change_is_after(&profile->changes[i], change))
                        return true;
        return false;
}

unsigned wants_by(const struct profile_wants *profile, bool persisted)
{
        unsigned want = 0;

        for (unsigned i = 0; i < profile->count; i++)
                if (!want_is_over(profile, &profile->changes[i], persisted))
                        want |= profile->changes[i].want & WANT_ANY;
        return want;
}

bool wants_environment_may_be(const struct profile_wants *profile, int environment, bool persisted)
{
        for (unsigned i = 0; i < profile->count; i++) {
                const struct change *change = &profile->changes[i];

                if ((change->environment == environment || change->environment == WANTS_ANY_ENVIRONMENT) &&
                    !environment_is_over(profile, change, persisted))
                        return true;
        }
        return false;
}

void wants_forget_what_is_over(struct profile_wants *profile, uint64_t clock)
{
        unsigned kept = 0;

        for (unsigned i = 0; i < profile->count; i++)
                if (profile->changes[i].end == CHANGE_OPEN ||
                    !want_is_over(profile, &profile->changes[i], true) ||
                    !environment_is_over(profile, &profile->changes[i], true))
                        profile->changes[kept++] = profile->changes[i];
        profile->count = kept;
        if (kept < CHANGES)
                return;
        sim_trace("wants: too much is open of %s", profile->name);
        wants_set(profile, CHANGE_UNCERTAIN, WANT_ANY, WANTS_ANY_ENVIRONMENT, clock);
}
