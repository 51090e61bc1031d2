/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/service/restart.h"
#include "proto/name.h"

static void check_start(struct doctor *doctor)
{
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES];

        for (const char *const *fallback = doctor->server->fallbacks; fallback && *fallback; fallback++)
                findings_add(&findings, *fallback, NULL);
        if (findings.count)
                doctor_check(doctor, "start", VERDICT_FAILURE,
                             "make it a file that root can read, and restart the broker: " CONFIG_S6_BINDIR
                             "/s6-svc -r",
                             "%s", findings_line(&findings, line));
        else
                doctor_well(doctor, "start", "the broker has every option that it was given");
}

/* The run script of the broker's logger notes here what it cannot use. Where there is no such service,
 * whoever starts the broker has its log. */
#define BROKER_LOG "svcbrokerd-log/fallback"

static void check_broker_log(struct doctor *doctor)
{
        int fd = openat(doctor->server->registry->scandir.fd, BROKER_LOG,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        char text[256] = "";
        ssize_t length = fd < 0 ? 0 : pread(fd, text, sizeof(text) - 1, 0);

        if (fd >= 0)
                close(fd);
        text[length > 0 ? length : 0] = '\0';
        for (char *at = text; (at = strchr(at, '\n'));)
                *at = at[1] ? ' ' : '\0';
        if (text[0])
                doctor_check(doctor, "broker_log", VERDICT_WARNING,
                             "to have the log kept there, make /var/log writable for root, and restart the "
                             "container",
                             "the broker's log goes to the container's log only, because these cannot be "
                             "used: %s",
                             text);
        else
                doctor_well(doctor, "broker_log",
                            "nothing is known to keep the broker's log from its directory");
}

/* Counts the profiles that are wanted and that the default gateway serves, and finds those that have a
 * process of their own all the same. */
static void check_multiplex(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        const struct service *serves = registry_find(registry, GATEWAY_PREFIX "default");
        struct findings beside = {0};
        char line[FINDINGS_LINE_BYTES];
        unsigned served = 0;

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                served += service->shown.cause == CAUSE_SERVED && service->shown.want_up;
                if (restart_is_served(service) && service->shown.pid)
                        findings_add(&beside, service->name, NULL);
        }
        if (!registry->multiplex)
                doctor_well(doctor, "multiplex", "each profile has a gateway of its own");
        else if (served && (!serves || !serves->shown.pid))
                doctor_check(doctor, "multiplex", VERDICT_WARNING,
                             "svcctl start default; or give each profile a gateway of its own again: restart "
                             "the broker "
                             "without --multiplex (GATEWAY_MULTIPLEX_PROFILES)",
                             GATEWAY_PREFIX "default does not run, though it serves %u other profile%s",
                             served, served == 1 ? "" : "s");
        else if (beside.count)
                doctor_check(
                        doctor, "multiplex", VERDICT_WARNING,
                        "restart the container: then " GATEWAY_PREFIX "default alone serves them",
                        "these have a process of their own, though the default gateway serves them too: %s",
                        findings_line(&beside, line));
        else
                doctor_well(doctor, "multiplex",
                            GATEWAY_PREFIX "default serves every profile; of the others, %u %s wanted",
                            served, served == 1 ? "is" : "are");
}

bool diagnose_container(struct doctor *doctor)
{
        check_start(doctor);
        check_broker_log(doctor);
        check_multiplex(doctor);
        return true;
}
