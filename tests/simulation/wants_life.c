/* SPDX-License-Identifier: ISC */
/* What was acknowledged, where a life of the broker ends, and where all is at rest. */
#include "wants_inner.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "s6.h"

/* What could still be done by a broker that is dead was, or never will be. */
/* ends: with a life. An Unregister that the volume did not take is noted beside the slots, where there may have been no place for it; and
 * what the volume has then may be older than what the slot had. */
static void end_all(bool lost, bool ends)
{
        const bool is_short = sim_settings->faults & (FAULT_DISK | FAULT_MEMORY | FAULT_DESCRIPTORS);

        wants->clock++;
        for (unsigned i = 0; i < wants->profiles; i++) {
                struct profile_wants *profile = &wants->at[i];

                for (unsigned j = 0; j < profile->count; j++) {
                        struct change *change = &profile->changes[j];

                        if (change->end == CHANGE_OPEN)
                                change->end = CHANGE_UNCERTAIN;
                        if (!change->ended)
                                change->ended = wants->clock;
                        if (change->end != CHANGE_ACCEPTED)
                                continue;
                        if ((lost || is_short) && ends && change->want == WANT_NOTHING) {
                                change->want = WANT_ANY | WANT_KEPT;
                                change->environment = WANTS_ANY_ENVIRONMENT;
                                change->end = CHANGE_UNCERTAIN;
                        }
                        if (lost)
                                change->end = CHANGE_UNCERTAIN;
                }
                wants_forget_what_is_over(profile, wants->clock);
        }
        wants->clock++;
}

static void hold(const struct profile_wants *profile, bool persisted, const char *invariant)
{
        struct wants_record record = {.want = 0};
        unsigned want = wants_by(profile, persisted);
        bool whole = wants_read(profile->name + strlen("gateway-"), &record);

        if (wants_is_loose(profile->name))
                return;
        SIM_HOLDS(whole, "record-is-whole", "%s: what the volume has of it is no record", profile->name);
        SIM_HOLDS(record.want & want, invariant,
                  "%s: the volume says %u, and what was acknowledged %u (1 nothing, 2 down, 4 up)",
                  profile->name, record.want, want);
        SIM_HOLDS(wants_environment_may_be(profile, record.environment, persisted), invariant,
                  "%s: the volume has variables %d, and what was acknowledged others", profile->name,
                  record.environment);
}

/* The world's /run is gone, with what was accepted and not on the volume. */
static bool was_lost(void)
{
        int fd = openat(sim_directory, "run/.wants", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0)
                return false;
        close(fd);
        return sim_life() > 0;
}

static void wants_begin_life(void)
{
        bool lost = was_lost();

        if (sim_life() == 0)
                return;
        for (unsigned i = 0; wants->reconciles && i < wants->profiles; i++)
                wants_add_found(&wants->at[i]); /* one may have been under way */
        wants->reconciles = 0;
        end_all(lost, true);
        for (unsigned i = 0; i < wants->profiles; i++)
                hold(&wants->at[i], true, "acknowledged-is-on-the-volume");
        for (unsigned i = 0; i < wants->profiles; i++)
                wants_add_found(&wants->at[i]);
        check_after_kill();
}

static void wants_check_at_rest(void)
{
        for (unsigned i = 0; wants->reconciles && i < wants->profiles; i++)
                wants_add_found(&wants->at[i]); /* by one whose answer nobody heard */
        end_all(false, false);
        for (unsigned i = 0; i < wants->profiles; i++)
                hold(&wants->at[i], false, "accepted-gets-to-the-volume");
        check_at_rest();
        wants_check_restarted();
}

void wants_check_restarted(void)
{
        for (unsigned i = 0; i < wants->profiles; i++)
                SIM_HOLDS(!wants->at[i].ends || !s6_gateway_is_there((unsigned)s6_find(wants->at[i].name),
                                                                     wants->at[i].ends),
                          "restarted-is-another", "%s was restarted, and runs on as it was",
                          wants->at[i].name);
}

const struct actor actor_wants = {
        .name = "wants",
        .init = wants_init,
        .begin = wants_begin_life,
        .at_rest = check_is_at_rest,
        .check = check_after_step,
        .check_when_idle = check_when_idle,
        .check_at_rest = wants_check_at_rest,
};
