/* SPDX-License-Identifier: ISC */
/* Faults that come by themselves, between two steps of the others: kills, storms, what befalls the volume and the clock. */
#include <fcntl.h>
#include <stdio.h>

#include "core.h"
#include "s6.h"

#define SECOND INT64_C(1000000)
#define PAUSE_USEC (4 * SECOND) /* between two of them, about */

static struct faults {
        int64_t due_usec;
        bool gone; /* the volume is away */
        int64_t back_usec;
} * faults;

static void faults_init(void)
{
        faults = sim_alloc(sizeof(*faults));
        faults->due_usec = core->now_usec + sim_between(0, PAUSE_USEC);
        power_init();
}

/* As one that is unmounted for a while. What has it open keeps it. */
static void take_volume(void)
{
        sim_trace("fault: the volume is gone");
        renameat(sim_directory, "volume", sim_directory, SIM_VOLUME_AWAY);
        faults->gone = true;
        faults->back_usec = core->now_usec + sim_between(SECOND / 10, 20 * SECOND);
}

static void put_volume_back(void)
{
        if (!faults->gone)
                return;
        sim_trace("fault: the volume is back");
        renameat(sim_directory, SIM_VOLUME_AWAY, sim_directory, "volume");
        faults->gone = false;
}

static void fault_of_volume(void)
{
        int64_t until = core->now_usec + sim_between(SECOND / 100, sim_below(3) ? 3 * SECOND : 30 * SECOND);

        switch (sim_below(6)) {
        case 0:
                sim_trace("fault: the volume hangs");
                core->volume_hung_until_usec = until;
                break;
        case 1:
        case 2:
                core->volume_slow_msec = 1 + sim_below(1500);
                core->volume_slow_until_usec = until;
                sim_trace("fault: the volume is slow: %u ms", core->volume_slow_msec);
                break;
        case 3:
                sim_trace("fault: the volume is read-only");
                core->volume_read_only_until_usec = until;
                break;
        case 4:
                sim_trace("fault: the volume is full");
                core->volume_full_until_usec = until;
                break;
        default:
                if (!faults->gone)
                        take_volume();
        }
}

static void storm(enum sim_fault_kind kind, const char *what)
{
        unsigned number = (unsigned)__builtin_ctz(kind);

        core->storm_rate[number] = 20000 + sim_below(600000);
        core->storm_until_usec[number] = core->now_usec + sim_between(SECOND / 1000, 3 * SECOND);
        sim_trace("fault: a storm of %s", what);
}

static void fault_of_clock(void)
{
        if (sim_below(2)) {
                core->now_usec += sim_between(SECOND / 10, 12 * SECOND);
                sim_trace("fault: nobody had the processor for a while");
                return;
        }
        core->utc_offset_usec += sim_between(-7200 * SECOND, 7200 * SECOND);
        sim_trace("fault: UTC jumps");
}

_Noreturn static void restart_container(bool power)
{
        bool keeps_run = !power && sim_below(2);

        sim_trace("fault: %s, /run %s", power ? "the machine loses its power" : "the container is restarted",
                  keeps_run ? "is kept" : "is lost");
        if (power)
                power_cut();
        s6_container_restart(keeps_run);
        sim_broker_not_before(core->now_usec + sim_between(SECOND / 10, 3 * SECOND));
        sim_broker_kill("it is in the container");
}

static void fault_of_s6(void)
{
        if (sim_below(12) == 0)
                restart_container(false);
        s6_fault_supervision();
}

static void fault_of_broker(void)
{
        if (sim_below(4))
                sim_broker_kill("between two of its turns");
        sim_broker_terminate();
}

static void befall(enum sim_fault_kind kind)
{
        switch (kind) {
        case FAULT_KILL:
                fault_of_broker();
                break;
        case FAULT_DISK:
                storm(kind, "errors of the disk");
                break;
        case FAULT_VOLUME:
                fault_of_volume();
                break;
        case FAULT_MEMORY:
                storm(kind, "no memory");
                break;
        case FAULT_DESCRIPTORS:
                storm(kind, "no descriptors");
                break;
        case FAULT_S6:
                fault_of_s6();
                break;
        case FAULT_CLOCK:
                fault_of_clock();
                break;
        case FAULT_INOTIFY:
                core->inotify_late_until_usec = core->now_usec + sim_between(1000, INOTIFY_LATE_USEC);
                sim_trace("fault: inotify is late");
                break;
        case FAULT_GATEWAYS:
                s6_fault_gateways();
                break;
        case FAULT_POWER:
                restart_container(true);
        case FAULT_CLIENTS: /* they see to it */
        case FAULT_ALL:
                break;
        }
}

static int64_t faults_due_usec(void)
{
        if (faults->gone && faults->back_usec < faults->due_usec)
                return faults->back_usec;
        return core->quiet || !(core->settings.faults & ~(unsigned)FAULT_CLIENTS) ? SIM_NEVER
                                                                                  : faults->due_usec;
}

static void faults_step(void)
{
        unsigned kinds = core->settings.faults & ~(unsigned)FAULT_CLIENTS;
        unsigned chosen = sim_below((unsigned)__builtin_popcount(kinds));

        if (faults->gone && faults->back_usec <= core->now_usec) {
                put_volume_back();
                return;
        }
        faults->due_usec = core->now_usec + sim_between(0, 2 * PAUSE_USEC);
        while (chosen--)
                kinds &= kinds - 1;
        befall((enum sim_fault_kind)(kinds & -kinds));
}

void faults_cease(void)
{
        put_volume_back();
        if (core->settings.faults & FAULT_CLOCK &&
            core->settings.habits) { /* somebody has seen that it was wrong */
                core->utc_offset_usec += sim_between(-7200 * SECOND, SECOND);
                sim_trace("fault: UTC is set");
        }
        core->volume_hung_until_usec = core->volume_slow_until_usec = 0;
        core->volume_read_only_until_usec = core->volume_full_until_usec = 0;
        core->inotify_late_until_usec = 0;
        workers_wake();
}

static bool faults_at_rest(void)
{
        return !faults->gone;
}

/* As at a boot whose volume is mounted later than the broker begins. */
static void faults_begin(void)
{
        if (!sim_habit(HABIT_PATHS) || !sim_fault(FAULT_VOLUME, 300000))
                return;
        if (sim_below(3) == 0 && !faults->gone)
                take_volume();
        else
                core->volume_hung_until_usec = core->now_usec + sim_between(SECOND, 30 * SECOND);
}

const struct actor actor_faults = {.name = "faults",
                                   .init = faults_init,
                                   .begin = faults_begin,
                                   .due_usec = faults_due_usec,
                                   .step = faults_step,
                                   .at_rest = faults_at_rest};
