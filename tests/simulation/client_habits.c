/* SPDX-License-Identifier: ISC */
/* What clients are like in a run: what they call most, whom they mean, how long they pause, who they are. Without a habit (sim.h) of
 * everything a little. */
#include "client.h"
#include "clients.h"
#include "wants.h"

struct share {
        enum call_kind method;
        unsigned share;
};

static const struct share usual[] = {
        {METHOD_START, 20},   {METHOD_STOP, 16},     {METHOD_RESTART, 8},     {METHOD_RESET, 3},
        {METHOD_SIGNAL, 4},   {METHOD_REGISTER, 12}, {METHOD_UNREGISTER, 10}, {METHOD_STATUS, 7},
        {METHOD_LIST, 4},     {METHOD_HEALTH, 4},    {METHOD_WATCH, 5},       {METHOD_RECONCILE, 3},
        {METHOD_DIAGNOSE, 1}, {METHOD_INFO, 1},      {METHOD_DESCRIPTION, 1}, {METHOD_NONSENSE, 1}};

/* How many times as often. */
static unsigned factor_of(enum call_kind method)
{
        bool asks = method == METHOD_STATUS || method == METHOD_LIST || method == METHOD_HEALTH ||
                    method == METHOD_DIAGNOSE;
        bool orders = method == METHOD_START || method == METHOD_STOP || method == METHOD_RESTART;
        unsigned factor = 1;

        if (asks && sim_habit(HABIT_LOOKERS))
                factor *= 12;
        if (orders && sim_habit(HABIT_CROWD))
                factor *= 4;
        if (method == METHOD_WATCH && sim_habit(HABIT_WATCHERS))
                factor *= 40;
        if ((method == METHOD_REGISTER || method == METHOD_UNREGISTER) && sim_habit(HABIT_CHURN))
                factor *= 6;
        if (method == METHOD_RECONCILE && sim_habit(HABIT_HERMES | HABIT_CHURN))
                factor *= 6;
        return factor;
}

enum call_kind habit_method(void)
{
        const unsigned count = sizeof(usual) / sizeof(usual[0]);
        unsigned total = 0, number;

        for (unsigned i = 0; i < count; i++)
                total += usual[i].share * factor_of(usual[i].method);
        number = sim_below(total);
        for (unsigned i = 0; i < count; i++) {
                unsigned share = usual[i].share * factor_of(usual[i].method);

                if (number < share)
                        return usual[i].method;
                number -= share;
        }
        return METHOD_START;
}

/* One of them more than the others: orders are to meet. */
const char *habit_profile(void)
{
        unsigned profiles = 0;

        while (wants_profile(profiles))
                profiles++;
        return wants_profile((unsigned)(sim_chance(sim_habit(HABIT_CROWD) ? 850000 : 500000)
                                                ? sim_settings->seed % profiles
                                                : sim_below(profiles)));
}

/* The next thing soon or late: so that what takes long has its time, too. */
int64_t habit_pause_usec(const struct client *client)
{
        unsigned kind = sim_below(100);

        if (client->slow)
                return sim_between(100000, 8000000);
        /* All at once, and then nobody for a while. */
        if (sim_habit(HABIT_CROWD | HABIT_WATCHERS) && kind < 90)
                return kind < 60 ? sim_between(0, 200)
                                 : 3000000 - sim_now_usec() % 3000000 + sim_between(0, 200);
        if (kind < 45)
                return 0;
        if (kind < 75)
                return sim_between(0, 100000);
        return kind < 96 ? sim_between(0, 5000000) : sim_between(0, 70000000);
}

uid_t habit_uid(unsigned number)
{
        if (number == 0)
                return 0;
        if (sim_habit(HABIT_WATCHERS) && number > 4)
                return CLIENTS_UID;
        return number % 5 == 4 ? CLIENTS_NOBODY : number % 2 == 0 ? 0 : CLIENTS_UID;
}
