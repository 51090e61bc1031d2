/* SPDX-License-Identifier: ISC */
/* A gateway is held back for what has happened, and goes when it is told to. */
#include "wants.h"

#include <stdio.h>
#include <string.h>

#include "daemon/service/registry.h"
#include "daemon/session/server.h"
#include "daemon/slot/removal.h"
#include "s6.h"

#define FOLLOWED_MOST 64
#define LEFT_MOST_USEC (950 * (int64_t)1000)
#define LINKED_MOST_USEC (4 * (int64_t)1000000)
#define REMOVED_MOST_USEC (180 * (int64_t)1000000) /* beside the time that an Unregister gives */

/* Of one service, in this life of the broker. */
static struct braked {
        char name[CLIENT_NAME_BYTES];
        bool held;
        unsigned attempt, causes;
        int64_t leaves_usec; /* since then it is being removed, and runs */
        int64_t left_usec;   /* since then it is not linked any more */
} followed[FOLLOWED_MOST];

/* Attempt 0: it ran elsewhere, which is over, and is tried. */
static bool is_braked(const struct service *service)
{
        const struct brake *brake = &service->record.brake;

        return (brake->hold == HOLD_BACKOFF && brake->attempt) || brake->hold == HOLD_FAILED;
}

static struct braked *follow(const struct service *service)
{
        unsigned i = 0;

        while (i < FOLLOWED_MOST - 1 && followed[i].name[0] && strcmp(followed[i].name, service->name) != 0)
                i++;
        if (strcmp(followed[i].name, service->name) != 0) {
                followed[i] = (struct braked){.held = is_braked(service),
                                              .attempt = service->record.brake.attempt,
                                              .leaves_usec = SIM_NEVER,
                                              .left_usec = SIM_NEVER};
                snprintf(followed[i].name, sizeof(followed[i].name), "%.*s", CLIENT_NAME_BYTES - 1,
                         service->name);
        }
        return &followed[i];
}

/* Since it was last held back, something has ended that nobody had told to, or could not be begun. */
static void check_cause(const struct service *service, struct braked *its)
{
        unsigned place = (unsigned)s6_find(service->name), causes = s6_crashes(place) + s6_unbegun(place);
        bool held = is_braked(service),
             more = held && (!its->held || service->record.brake.attempt > its->attempt);

        SIM_HOLDS(!more || causes > its->causes, "held-for-a-crash",
                  "%s is held back (attempt %u, %s), and nothing has ended by itself", service->name,
                  service->record.brake.attempt, service->record.reason);
        if (more)
                its->causes = causes;
        its->held = held;
        its->attempt = service->record.brake.attempt;
}

/* An Unregister whose time is over kills; s6 may be late with that where it is stopped. */
static void check_leaves(const struct service *service, struct braked *its)
{
        bool leaves = service->operation == OPERATION_UNREGISTER && service_is_alive(service);

        if (!leaves)
                its->leaves_usec = SIM_NEVER;
        else if (its->leaves_usec == SIM_NEVER)
                its->leaves_usec = sim_now_usec();
        SIM_HOLDS(!leaves || sim_now_usec() - its->leaves_usec < REMOVED_MOST_USEC ||
                          sim_settings->faults & (FAULT_S6 | FAULT_VOLUME),
                  "unregistered-is-gone", "%s was unregistered %lld s ago, and runs", service->name,
                  (long long)(sim_now_usec() - its->leaves_usec) / 1000000);
}

/* Nothing in this run makes s6 late. */
static bool is_prompt(unsigned may)
{
        return !(sim_settings->faults & ~(FAULT_KILL | FAULT_CLIENTS | may)) &&
               !sim_habit(HABIT_SLOW_S6 | HABIT_PATHS);
}

/* s6-svscan begins what was linked at once, and ends what is not any more: what it is told once more comes later. */
static void check_place(const struct service *service, struct braked *its)
{
        int64_t since_usec = service->place.linked_msec * 1000;

        SIM_HOLDS(service->place.kind != PLACE_LINKED || sim_now_usec() - since_usec < LINKED_MOST_USEC ||
                          !is_prompt(FAULT_GATEWAYS),
                  "linked-is-begun", "%s is linked since %lld s, and s6-svscan has not begun it",
                  service->name, (long long)(sim_now_usec() - since_usec) / 1000000);
        if (service->place.kind != PLACE_LEFT || service->place.quiet)
                its->left_usec = SIM_NEVER;
        else if (its->left_usec == SIM_NEVER)
                its->left_usec = sim_now_usec();
        SIM_HOLDS(its->left_usec == SIM_NEVER || sim_now_usec() - its->left_usec < LEFT_MOST_USEC ||
                          !is_prompt(0),
                  "unlinked-is-ended", "%s is not linked any more, and s6-svscan does not end it",
                  service->name);
}

void check_brakes(void)
{
        const struct registry *registry = sim_server()->registry;

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                if (!service->profile || s6_find(service->name) < 0)
                        continue;
                check_cause(service, follow(service));
                check_leaves(service, follow(service));
                check_place(service, follow(service));
        }
}
