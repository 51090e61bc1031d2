/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include "daemon/bounds.h"
#include "daemon/service/locks.h"
#include "daemon/service/registry.h"

/* Loggers that cannot use their directories: looked at anew, as far as that is done in time. */
static void check_log_directories(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES], why[LOCKS_PROBLEM_BYTES];

        for (size_t i = 0; i < registry->count; i++) {
                locks_log_problem(registry->services[i], why, sizeof(why));
                if (why[0])
                        findings_add(&findings, registry->services[i]->name, why);
        }
        if (findings.count)
                doctor_check(doctor, "log_directories", VERDICT_FAILURE,
                             "give logs/gateways/PROFILE to the client user, or remove it; its logger tries "
                             "again within a minute, and at once after svcctl reset",
                             "%s", findings_line(&findings, line));
        else
                doctor_well(doctor, "log_directories", "every logger that runs uses its directory");
}

static void check_locks(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES];

        for (size_t i = 0; i < registry->count; i++)
                if (locks_problem(registry->services[i]))
                        findings_add(&findings, registry->services[i]->name, NULL);
        if (findings.count)
                doctor_check(doctor, "locks", VERDICT_WARNING,
                             "see that .svcbroker/lock on the volume can be written, and that its file "
                             "system supports locks; then restart each gateway, and until then let no other "
                             "container use this volume",
                             "these gateways run without their locks on the volume: %s",
                             findings_line(&findings, line));
        else
                doctor_well(doctor, "locks", "every gateway that runs holds its lock on the volume");
}

bool diagnose_locks(struct doctor *doctor)
{
        struct registry *registry = doctor->server->registry;

        if (!doctor->locks_until_msec) {
                doctor->locks_until_msec = clock_msec() + LOCKS_LOOK_MSEC;
                locks_look_all(registry);
                return false;
        }
        if (locks_is_looking(registry) && clock_msec() < doctor->locks_until_msec) {
                doctor->idle = true;
                return false;
        }
        doctor->locks_until_msec = 0;
        check_log_directories(doctor);
        check_locks(doctor);
        return true;
}
