/* SPDX-License-Identifier: ISC */
#include "daemon/judge/backoff.h"

unsigned backoff_attempt(const struct backoff *policy, unsigned attempt, int64_t ran_msec)
{
        if (ran_msec >= policy->healthy_msec)
                return 1;
        return attempt < UINT32_MAX ? attempt + 1 : attempt;
}

int64_t backoff_delay_msec(const struct backoff *policy, unsigned attempt)
{
        int64_t delay = policy->first_msec;

        for (unsigned i = 1; i < attempt && delay < policy->most_msec; i++)
                delay *= 2;
        return delay < policy->most_msec ? delay : policy->most_msec;
}
