/* SPDX-License-Identifier: ISC */
#include "daemon/service/static_end.h"

#include "daemon/service/registry.h"

static void note_end(struct static_end *end)
{
        end->ends_msec[end->next] = clock_msec();
        end->next = (unsigned char)((end->next + 1) % STATIC_ENDS);
}

/* Judges, once for each status, a service that is down and that s6 does not want. */
static void judge(struct service *service, const struct s6_status *now)
{
        struct static_end *end = &service->end;
        struct static_seen seen = {
                .exit_code = ending_of_status(now->wait_status).code,
                .told = end->told || service->own.told != TOLD_NOTHING,
                .ended_wanted = end->ended_wanted,
        };

        if (end->judged_usec == now->since_usec)
                return;
        if (!seen.ended_wanted && s6_tally_recent(service->own.control.place->at, service->name,
                                                  STATIC_ENDS_MSEC / 1000, &seen.deaths))
                seen.deaths = 0;
        end->judged_usec = now->since_usec;
        end->given_up = ending_is_given_up(&seen);
}

void static_end_follow(struct service *service, const struct s6_status *now)
{
        const struct s6_status *old = &service->own.status;
        struct static_end *end = &service->end;
        bool ran = service->own.supervised && s6_status_is_alive(old);
        bool same = s6_status_is_alive(now) && now->pid == old->pid;
        bool told = end->told || service->own.told != TOLD_NOTHING || run_is_signalled(&service->own, now);
        bool ended = (ran && !same) || (service->own.supervised && s6_status_ran_between(old, now));

        if (ended && !told) {
                note_end(end);
                end->ended_wanted = now->want_up;
        } else if (ended) {
                end->ended_wanted = false;
        }
        if (s6_status_is_alive(now)) {
                end->told = !now->want_up;
                end->given_up = end->ended_wanted = false;
        } else if (!now->pid && !now->want_up) {
                judge(service, now);
        } else {
                end->given_up = false;
        }
}

bool static_end_loops(const struct service *service)
{
        int64_t first = service->end.ends_msec[service->end.next];

        return !service->profile && first && clock_msec() - first < STATIC_ENDS_MSEC;
}

void static_end_reason(const struct service *service, char *reason, size_t size)
{
        ending_describe_static(&service->record, service->end.given_up, reason, size);
}
