/* SPDX-License-Identifier: ISC */
/* What people do to directories of profiles, past the broker: they make them, delete them, and put them back (HABIT_HERMES), and what they write (HABIT_ODD_FILES). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "profiles.h"
#include "wants.h"

#define SECOND INT64_C(1000000)
#define PAUSE_USEC (15 * SECOND)
#define SETTLES_USEC (60 * SECOND)
#define PROFILES_MOST 32

static struct profiles {
        int64_t due_usec;
        int64_t touched_usec[PROFILES_MOST];
} * profiles;

static void init(void)
{
        profiles = sim_alloc(sizeof(*profiles));
        profiles->due_usec = sim_habit(HABIT_HERMES | HABIT_ODD_FILES)
                                     ? sim_now_usec() + sim_between(0, PAUSE_USEC)
                                     : SIM_NEVER;
        for (unsigned i = 0; i < PROFILES_MOST; i++)
                profiles->touched_usec[i] = SIM_NEVER;
}

static bool is_there(const char *path)
{
        return faccessat(sim_directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool profile_is_there(const char *profile)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/profiles/%s", sim_volume(), profile);
        return strcmp(profile, "default") == 0 || is_there(path);
}

static unsigned number_of(const char *profile)
{
        unsigned i = 0;

        while (wants_profile(i) && strcmp(wants_profile(i), profile) != 0)
                i++;
        return i < PROFILES_MOST ? i : PROFILES_MOST - 1;
}

bool profile_is_settled(const char *profile)
{
        int64_t usec = profiles->touched_usec[number_of(profile)];

        return usec == SIM_NEVER || sim_now_usec() - usec > SETTLES_USEC;
}

bool profile_was_touched(const char *profile)
{
        return profiles->touched_usec[number_of(profile)] != SIM_NEVER;
}

static void make(const char *path)
{
        char soul[160];
        int fd;

        snprintf(soul, sizeof(soul), "%s/SOUL.md", path);
        if (mkdirat(sim_directory, path, 0755) < 0)
                return;
        fd = openat(sim_directory, soul, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd >= 0)
                close(fd);
}

/* What a newer broker wrote is in nobody's way for ever. */
static void mend(void)
{
        char path[128];

        for (unsigned i = 0; sim_habit(HABIT_ODD_FILES) && wants_profile(i); i++) {
                snprintf(path, sizeof(path), "%s/.svcbroker/intent/%s", sim_volume(), wants_profile(i));
                if (profile_was_touched(wants_profile(i)))
                        unlinkat(sim_directory, path, 0);
        }
}

/* One that is there goes, for good or not; one that is not comes, or comes back. */
static void step(void)
{
        unsigned count = 0, number;
        char path[128], away[128];

        if (sim_faults_ceased())
                mend();
        profiles->due_usec =
                sim_faults_ceased() ? SIM_NEVER : sim_now_usec() + sim_between(0, 2 * PAUSE_USEC);
        while (wants_profile(count) && count < PROFILES_MOST)
                count++;
        number = sim_below(count);
        if (!sim_faults_ceased() && sim_habit(HABIT_ODD_FILES)) {
                profiles->touched_usec[number] = sim_now_usec();
                odd_file_write(wants_profile(number));
                return;
        }
        if (sim_faults_ceased() || strcmp(wants_profile(number), "default") == 0)
                return;
        snprintf(path, sizeof(path), "%s/profiles/%s", sim_volume(), wants_profile(number));
        snprintf(away, sizeof(away), "%s/.away-%s", sim_volume(), wants_profile(number));
        profiles->touched_usec[number] = sim_now_usec();
        if (is_there(path)) {
                sim_trace("hermes: profile %s is deleted", wants_profile(number));
                if (is_there(away))
                        snprintf(away, sizeof(away), "%s/.deleted-%llu", sim_volume(),
                                 (unsigned long long)sim_step());
                renameat(sim_directory, path, sim_directory, away);
        } else {
                sim_trace("hermes: profile %s is there", wants_profile(number));
                if (!sim_chance(700000) || renameat(sim_directory, away, sim_directory, path) < 0)
                        make(path);
        }
}

static int64_t due_usec(void)
{
        return profiles->due_usec;
}

const struct actor actor_profiles = {.name = "profiles", .init = init, .due_usec = due_usec, .step = step};
