/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/order/boot.h"
#include "daemon/config.h"
#include "daemon/edge/template.h"
#include "daemon/methods/places.h"
#include "proto/sysname.h"

static void check_template(struct doctor *doctor)
{
        char *culprit = NULL;
        const char *why = "";

        if (template_check(doctor->server->template_path, &culprit, &why))
                doctor_check(doctor, "template", VERDICT_FAILURE,
                             "install the template as it was: until then no gateway can be registered",
                             "%s: %s", culprit ? culprit : doctor->server->template_path, why);
        else
                doctor_well(doctor, "template", "%s is whole", doctor->server->template_path);
        free(culprit);
}

/* How many places are not as they were, and the first of them: Health tells of each. */
struct places_found {
        unsigned count;
        char line[PLACES_LINE_BYTES];
};

static void tell_place(void *owner, const char *line)
{
        struct places_found *found = owner;

        if (!found->count++)
                snprintf(found->line, sizeof(found->line), "%s", line);
}

static void check_places(struct doctor *doctor)
{
        struct places_found found = {0};

        if (places_check(doctor->server, tell_place, &found))
                doctor_check(doctor, "places", VERDICT_FAILURE,
                             "put it back, or restart the broker: " CONFIG_S6_BINDIR "/s6-svc -r", "%s%s",
                             found.line, found.count > 1 ? "; and others, which Health names" : "");
        else
                doctor_well(doctor, "places", "every directory is where it was");
}

static void check_orders(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        struct findings found = {0}, again = {0};
        char line[FINDINGS_LINE_BYTES];

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                if (trouble_is_stuck(service->shown.trouble))
                        findings_add(&found, service->name, service->shown.reason);
                if (service->again.what)
                        findings_add(&again, service->name, sysname_error_words(service->again.error));
        }
        if (found.count)
                doctor_check(doctor, "orders", VERDICT_FAILURE,
                             "'svcctl why NAME' says what to do; continue an s6-supervise that is stopped "
                             "with kill -CONT, or end it with kill -KILL: s6-svscan starts another",
                             "%s", findings_line(&found, line));
        else if (again.count)
                doctor_check(
                        doctor, "orders", VERDICT_FAILURE,
                        "see which bound of the container is reached (descriptors, memory, space in /run)",
                        "some files cannot be read or written of %s", findings_line(&again, line));
        else
                doctor_well(doctor, "orders",
                            "every order is taken, and carried out in "
                            "time");
}

/* A boot that is not through is nobody's fault, and only a warning. */
static void check_boot(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        const struct boot *boot = registry->boot_state;
        size_t missing = boot_missing(registry);

        if (missing)
                doctor_check(doctor, "boot", VERDICT_FAILURE,
                             "mend that; the broker tries again by itself, and at once after svcctl "
                             "reconcile",
                             "%zu of %zu profile%s %s no gateway yet: %s", missing, boot->profiles,
                             boot->profiles == 1 ? "" : "s", missing == 1 ? "has" : "have", boot->why);
        else if (boot->to_come)
                doctor_check(doctor, "boot", VERDICT_WARNING, "wait for the broker",
                             "%zu of %zu gateway%s %s no slot yet: the broker goes on", boot->to_come,
                             boot->profiles, boot->profiles == 1 ? "" : "s",
                             boot->to_come == 1 ? "has" : "have");
        else
                doctor_well(doctor, "boot", "every profile that was found has its gateway");
}

static void check_services(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        struct findings alone = {0}, mute = {0};
        char line[FINDINGS_LINE_BYTES], reason[RECORD_REASON_BYTES];

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                if (service->shown.state == STATE_UNSUPERVISED) {
                        findings_add(&alone, service->name, NULL);
                } else if (service->shown.log_trouble != TROUBLE_NONE) {
                        service_describe_logger(service, reason, sizeof(reason));
                        findings_add(&mute, service->name, reason);
                } else if (service->shown.trouble == TROUBLE_PIPE) {
                        findings_add(&mute, service->name, service->shown.reason);
                }
        }
        if (alone.count)
                doctor_check(doctor, "supervision", VERDICT_FAILURE,
                             "see whether s6-svscan has reached its services_max, and run " CONFIG_S6_BINDIR
                             "/s6-svscanctl -a; a gateway can be unregistered and registered again",
                             "no s6-supervise runs for %s", findings_line(&alone, line));
        else
                doctor_well(doctor, "supervision", "every service has its s6-supervise");
        if (mute.count)
                doctor_check(doctor, "loggers", VERDICT_WARNING,
                             "look at the container's log for what s6-log says, and start it again "
                             "with " CONFIG_S6_BINDIR "/s6-svc -u",
                             "the logger does not run, so nothing is logged, of %s",
                             findings_line(&mute, line));
        else
                doctor_well(doctor, "loggers", "every logger runs that has something to log");
}

bool diagnose_services(struct doctor *doctor)
{
        check_template(doctor);
        check_boot(doctor);
        check_services(doctor);
        check_orders(doctor);
        check_places(doctor);
        return true;
}
