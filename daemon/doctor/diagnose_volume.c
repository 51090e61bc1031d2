/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/doctor/volume_found.h"
#include "daemon/judge/intent.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"
#include "proto/sysname.h"

static void check_volume(struct doctor *doctor, const struct volume_found *found)
{
        const char *home = doctor->server->hermes_home;
        uid_t client = doctor->server->access.client_uid;
        char text[ROOM_TEXT_BYTES];

        if (found->opened)
                doctor_check(doctor, "volume", VERDICT_FAILURE,
                             "mount it, or name another with HERMES_HOME or --hermes-home", "%s: %s", home,
                             sysname_error_words(-found->opened));
        else if (found->uid != client)
                doctor_check(doctor, "volume", VERDICT_WARNING,
                             "give it to the client user, with all that is in it",
                             "%s belongs to uid %u, but the client user is %u", home, (unsigned)found->uid,
                             (unsigned)client);
        else if (room_is_short(&found->room, VOLUME_LOW_BYTES, VOLUME_LOW_INODES, VOLUME_LOW_SHARE)) {
                room_describe(&found->room, VOLUME_LOW_BYTES, VOLUME_LOW_INODES, VOLUME_LOW_SHARE, text);
                doctor_check(doctor, "volume", VERDICT_WARNING, "make room on it", "%s: only %s are left",
                             home, text);
        } else
                doctor_well(doctor, "volume", "%s belongs to the client user", home);
}

/* Each kind of record is told with its remedy: one does not hide another. */
static void check_records(struct doctor *doctor, const struct volume_found *found)
{
        const struct {
                const struct findings *findings;
                const char *what, *next;
        } kinds[] = {
                {&found->newer, "written by a newer svcbrokerd: ",
                 "run that svcbrokerd again; or remove each, and order anew what is wanted"},
                {&found->unreadable,
                 "that cannot be read: ", "svcctl start or stop each: that writes it anew"},
                {&found->lost, "of profiles that are not found: ",
                 "put the profile's SOUL.md back, or svcctl unregister each"},
        };
        char line[FINDINGS_LINE_BYTES];
        struct text what, next;

        text_init(&what);
        text_init(&next);
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (!kinds[i].findings->count)
                        continue;
                text_append_string(&what, what.length ? "; and such " : "records in " INTENT_DIRECTORY " ");
                text_append_string(&what, kinds[i].what);
                text_append_string(&what, findings_line(kinds[i].findings, line));
                text_append_string(&next, next.length ? "; of the next, " : "");
                text_append_string(&next, kinds[i].next);
        }
        text_append(&what, "", 1);
        text_append(&next, "", 1);
        doctor_check(doctor, "intent_store", VERDICT_WARNING, next.failed ? "" : next.bytes, "%s",
                     what.failed ? "some records are not as they should be" : what.bytes);
        text_deinit(&what);
        text_deinit(&next);
}

static void check_store(struct doctor *doctor, const struct volume_found *found)
{
        const char *home = doctor->server->hermes_home;
        int length = (int)(strrchr(found->store, '/') ? strrchr(found->store, '/') - found->store : 0);

        if (found->written)
                doctor_check(doctor, "intent_store", VERDICT_FAILURE,
                             "make it writable for the client user, and make room: until then orders do not "
                             "survive the container",
                             "nothing can be written in %s/%.*s: %s", home, length, found->store,
                             sysname_error_words(-found->written));
        else if (found->newer.count || found->unreadable.count || found->lost.count)
                check_records(doctor, found);
        else
                doctor_well(doctor, "intent_store", "%s/%.*s can be written", home, length, found->store);
}

/* Finds profiles without a slot. unable: directories for which no slot can be made. */
static void find_without_slot(const struct doctor *doctor, const struct volume_found *found,
                              struct findings *findings, struct findings *unable)
{
        const struct registry *registry = doctor->server->registry;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        if (!registry_find(registry, GATEWAY_PREFIX "default"))
                findings_add(findings, "default", NULL);
        for (size_t i = 0; i < found->count; i++) {
                const char *profile = found->profiles[i].name;

                if (found->profiles[i].hung)
                        continue; /* these have a finding of their own */
                if (name_check_profile(profile) != NAME_OK) {
                        findings_add(unable, profile, "not a name that a gateway can have");
                        continue;
                }
                name_service_of(profile, name, sizeof(name));
                if (found->profiles[i].link)
                        findings_add(unable, profile, survey_link_text(found->profiles[i].link));
                else if (!registry_find(registry, name))
                        findings_add(findings, profile, NULL);
        }
}

static int compare_profile(const void *key, const void *element)
{
        const struct found_profile *profile = element;

        return strcmp(key, profile->name);
}

static bool has_profile(const struct volume_found *found, const char *profile)
{
        return strcmp(profile, "default") == 0 ||
               (found->named &&
                bsearch(profile, found->profiles, found->named, sizeof(*found->profiles), compare_profile));
}

static void check_profiles(struct doctor *doctor, const struct volume_found *found)
{
        const struct registry *registry = doctor->server->registry;
        struct findings findings = {0}, hung = {0}, unable = {0};
        char line[FINDINGS_LINE_BYTES], unable_line[FINDINGS_LINE_BYTES];

        for (size_t i = 0; i < found->count; i++)
                if (found->profiles[i].hung)
                        findings_add(&hung, found->profiles[i].name, NULL);
        find_without_slot(doctor, found, &findings, &unable);
        if (hung.count)
                doctor_check(doctor, "profiles", VERDICT_FAILURE,
                             "see to the file system that is mounted there, or to what keeps it busy",
                             "profiles whose directory does not answer: %s", findings_line(&hung, line));
        else if (found->more)
                doctor_check(doctor, "profiles", VERDICT_WARNING, "remove what is no profile",
                             "profiles/ has more than %d directories: the rest are ignored", SURVEY_PROFILES);
        else if (findings.count && unable.count)
                doctor_check(doctor, "profiles", VERDICT_WARNING,
                             "svcctl register each of the first; rename the others, or put a directory where "
                             "the link is",
                             "profiles without a gateway: %s; and directories for which no gateway can be "
                             "made: %s",
                             findings_line(&findings, line), findings_line(&unable, unable_line));
        else if (findings.count)
                doctor_check(doctor, "profiles", VERDICT_WARNING,
                             "svcctl register each, or remove what is no profile",
                             "profiles without a gateway: %s", findings_line(&findings, line));
        else if (unable.count)
                doctor_check(
                        doctor, "profiles", VERDICT_WARNING,
                        "rename each, or put a directory where the link is; or remove what is no profile",
                        "directories for which no gateway can be made: %s", findings_line(&unable, line));
        else
                doctor_well(doctor, "profiles", "every profile has its gateway");
        findings = (struct findings){0};
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->profile && !has_profile(found, registry->services[i]->profile))
                        findings_add(&findings, registry->services[i]->name, NULL);
        if (found->more)
                doctor_check(doctor, "slots", VERDICT_WARNING, "remove what is no profile",
                             "not checked: profiles/ has more than %d directories", SURVEY_PROFILES);
        else if (findings.count)
                doctor_check(doctor, "slots", VERDICT_WARNING,
                             "svcctl unregister each, or put the profile's SOUL.md back",
                             "gateways without a profile: %s", findings_line(&findings, line));
        else
                doctor_well(doctor, "slots", "every gateway has its profile");
}

static void check_starts(struct doctor *doctor, const struct volume_found *found)
{
        unsigned most = doctor->server->failed_starts;
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES];
        char starts[48] = "container start ended";

        if (most != 1)
                snprintf(starts, sizeof(starts), "%u container starts all ended", most);
        for (size_t i = 0; i < found->log.count; i++)
                if (found->log.profiles[i].failures >= most)
                        findings_add(&findings, found->log.profiles[i].name, NULL);
        if (findings.count)
                doctor_check(doctor, "container_starts", VERDICT_FAILURE,
                             "see its log in logs/gateways/, mend its configuration, and start it",
                             "the last %s in startup_failed for %s", starts, findings_line(&findings, line));
        else if (found->logged)
                doctor_check(doctor, "container_starts", VERDICT_WARNING, "look at " BOOT_LOG " yourself",
                             BOOT_LOG " cannot be read: %s", sysname_error_words(-found->logged));
        else
                doctor_well(doctor, "container_starts",
                            "there is no gateway for which the last %s in startup_failed", starts);
}

/* Whatever happened, the checks have these names, so that nobody takes a missing one for one that is well. */
static void check_nothing(struct doctor *doctor)
{
        static const char *const names[] = {"intent_store", "profiles", "slots", "container_starts"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                doctor_check(doctor, names[i], VERDICT_WARNING, "see to the volume first",
                             "not checked: the volume cannot be read");
}

static void check_found(struct doctor *doctor, const struct volume_found *found)
{
        check_volume(doctor, found);
        if (found->opened) {
                check_nothing(doctor);
                return;
        }
        check_store(doctor, found);
        if (found->listed) {
                for (int i = 0; i < 2; i++)
                        doctor_check(doctor, i ? "slots" : "profiles", VERDICT_WARNING,
                                     "see to the volume's profiles/ directory",
                                     "not checked: profiles/ cannot be read: %s",
                                     sysname_error_words(-found->listed));
        } else {
                check_profiles(doctor, found);
        }
        check_starts(doctor, found);
}

void diagnose_volume(struct doctor *doctor)
{
        const struct volume_found *found = doctor->volume;

        if (found->state == VOLUME_KNOWN) {
                check_found(doctor, found);
                return;
        }
        doctor_check(doctor, "volume", VERDICT_FAILURE,
                     "see to the file system it is on (a dead NFS server?), then to the broker's log",
                     "%s: the volume does not answer", doctor->server->hermes_home);
        check_nothing(doctor);
}
