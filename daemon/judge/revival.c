/* SPDX-License-Identifier: ISC */
#include "daemon/judge/revival.h"

bool revival_is_due(const struct halves *halves)
{
        return !halves->gateway || (halves->has_log && !halves->logger);
}

enum revival revival_judge(const struct halves *halves)
{
        if (!revival_is_due(halves) || halves->runs)
                return REVIVAL_NOTHING;
        if (halves->gateway)
                return REVIVAL_END_GATEWAY;
        return halves->has_log && halves->logger ? REVIVAL_END_LOGGER : REVIVAL_RENEW;
}
