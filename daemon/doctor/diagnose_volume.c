#include "daemon/doctor/diagnose.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/room.h"
#include "daemon/edge/volume.h"
#include "daemon/judge/boot_log.h"
#include "daemon/judge/intent.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

/* What is the volume's own is one job of the deputy: it may take as long as the volume does. Then come the profiles,
 * each of which may hang by itself. */
#define VOLUME_MSEC 2000
#define BOOT_LOG "logs/container-boot.log"
#define PROBE "/" VOLUME_PROBE

/* A directory below profiles/ that is a profile, or looks like one, or did not say. */
struct found_profile {
        char name[NAME_MAX + 1];
        bool hung;
        int link; /* that is not taken */
};

/* What was found; the loop's. */
struct volume_found {
        struct doctor *doctor; /* NULL: nobody wants to know any more */
        int opened;            /* 0 or a negative errno, as all of these */
        uid_t uid;
        struct room room;
        int written;
        const char *store; /* where the intent store is, or would be made */
        int logged;
        struct boot_log log;
        int listed;
        bool more; /* there are more directories than are looked at */
        struct found_profile *profiles;
        size_t count;
        struct findings newer, unreadable, lost; /* records */
};

/* The job, and what the thread found. */
struct volume_look {
        struct deputy_job job;
        struct volume_found *found; /* the loop's; NULL: it is late */
        const char *home;

        int opened;
        uid_t uid;
        struct room room;
        int written;
        const char *store;
        int logged;
        struct boot_log log;
};

/* The store is written in earnest, as only that tells of a full volume, a quota, or a file system that is
 * read-only. */
static void look_at_store(struct volume_look *look, int volume)
{
        static const char text[] = "svcctl doctor\n";
        static const char *const places[] = {INTENT_DIRECTORY PROBE, ".svcbroker" PROBE, &PROBE[1]};
        struct volume_file file = {.text = text, .length = sizeof(text) - 1, .mode = 0600};

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                file.path = places[i];
                volume_replace(volume, &file, 1, false);
                if (file.result != -ENOENT)
                        break;
        }
        look->store = file.path;
        look->written = file.result;
        if (!file.result)
                look->written = volume_remove(volume, file.path);
}

static void look_at_log(struct volume_look *look, int volume)
{
        static const char *const paths[] = {BOOT_LOG ".1", BOOT_LOG};

        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                char *text = NULL;

                look->logged = volume_read_tail(volume, paths[i], VOLUME_BOOT_LOG_BYTES, &text);
                if (look->logged == 0)
                        boot_log_read(&look->log, text);
                free(text);
        }
        if (look->log.failed)
                look->logged = -ENOMEM;
        else if (look->logged == -ENOENT)
                look->logged = 0; /* no container has started there yet */
}

static void look_work(struct deputy_job *job)
{
        struct volume_look *look = (struct volume_look *)job;
        int volume = volume_open(look->home);
        struct stat found;

        look->opened = volume < 0 ? volume : 0;
        if (volume < 0)
                return;
        if (fstat(volume, &found) < 0)
                look->opened = -errno;
        else
                look->uid = found.st_uid;
        room_read(volume, &look->room); /* all zeros: it is not known */
        look_at_store(look, volume);
        look_at_log(look, volume);
        close(volume);
}

/* What the thread allocated. */
static void look_clear(struct deputy_job *job)
{
        boot_log_deinit(&((struct volume_look *)job)->log);
}

static void look_drop(struct deputy_job *job)
{
        struct volume_look *look = (struct volume_look *)job;

        free(look->found); /* set only where the broker ends */
        free(look);
}

static void found_free(struct volume_found *found)
{
        boot_log_deinit(&found->log);
        free(found->profiles);
        free(found);
}

static void check_volume(struct doctor *doctor, const struct volume_found *found)
{
        const char *home = doctor->server->hermes_home;
        uid_t client = doctor->server->access.client_uid;
        char text[ROOM_TEXT_BYTES];

        if (found->opened)
                doctor_check(doctor, "volume", VERDICT_FAILURE,
                             "mount it, or name another with HERMES_HOME or --hermes-home", "%s: %s", home,
                             strerror(-found->opened));
        else if (found->uid != client)
                doctor_check(doctor, "volume", VERDICT_WARNING,
                             "give it to the client user, with all that is in it",
                             "%s belongs to uid %u, but the client user is %u", home, (unsigned)found->uid,
                             (unsigned)client);
        else if (room_is_short(&found->room, VOLUME_LOW_BYTES, VOLUME_LOW_INODES, VOLUME_LOW_SHARE)) {
                room_describe(&found->room, VOLUME_LOW_BYTES, VOLUME_LOW_INODES, VOLUME_LOW_SHARE, text);
                doctor_check(doctor, "volume", VERDICT_WARNING, "make room on it", "%s: only %s are left", home,
                             text);
        } else
                doctor_check(doctor, "volume", VERDICT_OK, "", "%s belongs to the client user", home);
}

/* Each kind with its remedy: one does not hide another. */
static void check_records(struct doctor *doctor, const struct volume_found *found)
{
        const struct {
                const struct findings *findings;
                const char *what, *next;
        } kinds[] = {
                {&found->newer, "written by a newer svcbrokerd: ",
                 "run that svcbrokerd again; or remove each, and order anew what is wanted"},
                {&found->unreadable, "that cannot be read: ", "svcctl start or stop each: that writes it anew"},
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
                             strerror(-found->written));
        else if (found->newer.count || found->unreadable.count || found->lost.count)
                check_records(doctor, found);
        else
                doctor_check(doctor, "intent_store", VERDICT_OK, "", "%s/%.*s can be written", home, length,
                             found->store);
}

/* `unable`: those that no slot can be made for. */
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
                        continue; /* told of by itself */
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

static bool has_profile(const struct volume_found *found, const char *profile)
{
        if (!strcmp(profile, "default"))
                return true;
        for (size_t i = 0; i < found->count; i++)
                if (!strcmp(found->profiles[i].name, profile))
                        return true;
        return false;
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
                             "profiles/ has more than %d directories: the rest are ignored",
                             SURVEY_PROFILES);
        else if (findings.count && unable.count)
                doctor_check(doctor, "profiles", VERDICT_WARNING,
                             "svcctl register each of the first; rename the others, or put a directory where the link is",
                             "profiles without a gateway: %s; and directories for which no gateway can be "
                             "made: %s",
                             findings_line(&findings, line), findings_line(&unable, unable_line));
        else if (findings.count)
                doctor_check(doctor, "profiles", VERDICT_WARNING,
                             "svcctl register each, or remove what is no profile",
                             "profiles without a gateway: %s", findings_line(&findings, line));
        else if (unable.count)
                doctor_check(doctor, "profiles", VERDICT_WARNING,
                             "rename each, or put a directory where the link is; or remove what is no profile",
                             "directories for which no gateway can be made: %s", findings_line(&unable, line));
        else
                doctor_check(doctor, "profiles", VERDICT_OK, "", "every profile has its gateway");
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
                doctor_check(doctor, "slots", VERDICT_OK, "", "every gateway has its profile");
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
                             BOOT_LOG " cannot be read: %s", strerror(-found->logged));
        else
                doctor_check(doctor, "container_starts", VERDICT_OK, "",
                             "there is no gateway for which the last %s in startup_failed", starts);
}

/* The same names whatever happened, so that nobody takes one that is missing for one that is well. */
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
                                     "not checked: profiles/ cannot be read: %s", strerror(-found->listed));
        } else {
                check_profiles(doctor, found);
        }
        check_starts(doctor, found);
}

/* The profiles that there are, and what else looks like one. */
static void found_take_lost(struct volume_found *found, const char *profile)
{
        const struct registry *registry = found->doctor->server->registry;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        if (!registry_find(registry, name)) /* told of as one without a profile */
                findings_add(&found->lost, profile, NULL);
}

static void found_take_records(struct volume_found *found, const struct survey *survey)
{
        for (size_t i = 0; i < survey->lost_count; i++)
                found_take_lost(found, survey->lost[i]);
        for (size_t i = 0; i < survey->count; i++) {
                const struct profile_facts *facts = &survey->facts[i];

                if (!facts->hung && facts->recorded && !facts->link)
                        found_take_lost(found, facts->name);
                if (facts->hung || !facts->exists || facts->intent_result == -ENOENT || facts->intent_result == -ENOBUFS)
                        continue;
                if (facts->intent_result == -EPROTONOSUPPORT)
                        findings_add(&found->newer, facts->name, NULL);
                else if (facts->intent_result)
                        findings_add(&found->unreadable, facts->name, strerror(-facts->intent_result));
        }
}

static void found_take(struct volume_found *found, const struct survey *survey)
{
        found->more = survey->more;
        found->listed = survey->late ? -ETIMEDOUT : survey->result;
        if (found->listed)
                return;
        found_take_records(found, survey);
        found->profiles = calloc(survey->count + survey->invalid_count + 1, sizeof(*found->profiles));
        if (!found->profiles)
                found->listed = -ENOMEM;
        for (size_t i = 1; found->profiles && i < survey->count; i++) { /* behind `default` */
                struct found_profile *profile = &found->profiles[found->count];

                snprintf(profile->name, sizeof(profile->name), "%s", survey->facts[i].name);
                profile->hung = survey->facts[i].hung;
                profile->link = survey->facts[i].link;
                found->count += survey->facts[i].hung || survey->facts[i].exists || survey->facts[i].link;
        }
        for (size_t i = 0; found->profiles && i < survey->invalid_count; i++)
                if (survey->invalid_souls[i] && strcmp(survey->invalid[i], "default") != 0)
                        snprintf(found->profiles[found->count++].name, sizeof(found->profiles[0].name), "%s",
                                 survey->invalid[i]);
}

static void surveyed(struct survey *survey)
{
        struct volume_found *found = survey->owner;

        if (!found->doctor) {
                found_free(found);
                return;
        }
        found_take(found, survey);
        doctor_volume_done(found->doctor);
}

static bool look_take(struct volume_look *look, struct volume_found *found)
{
        const struct boot_log *log = &look->log;

        found->opened = look->opened;
        found->uid = look->uid;
        found->room = look->room;
        found->written = look->written;
        found->store = look->store;
        found->logged = look->logged;
        /* A copy, since what the thread allocated is the thread's to free. */
        found->log.profiles = calloc(log->count + 1, sizeof(log->profiles[0]));
        if (!found->log.profiles)
                return false;
        found->log.count = log->count;
        if (log->count)
                memcpy(found->log.profiles, log->profiles, log->count * sizeof(log->profiles[0]));
        return true;
}

static void look_done(struct deputy_job *job, bool late)
{
        struct volume_look *look = (struct volume_look *)job;
        struct volume_found *found = look->found;
        struct doctor *doctor = found->doctor;
        struct survey *survey;

        look->found = NULL;
        if (!doctor || late || !look_take(look, found)) {
                found_free(found);
                if (doctor) {
                        doctor->volume = NULL;
                        doctor_volume_done(doctor);
                }
                return;
        }
        survey = found->opened ? NULL : survey_new(NULL, 0);
        if (!survey) {
                found->listed = -ENOMEM; /* of no matter where it could not be opened */
                doctor_volume_done(doctor);
                return;
        }
        survey->root = look->job.lane == STORE_LANE_ROOT_LOOKS;
        survey->look_invalid = true;
        survey->done = surveyed;
        survey->owner = found;
        survey_run(&doctor->server->registry->store, survey);
}

void diagnose_volume_end(struct doctor *doctor)
{
        struct volume_found *found = doctor->volume;

        doctor->volume = NULL;
        if (found) {
                check_found(doctor, found);
                found_free(found);
                return;
        }
        doctor_check(doctor, "volume", VERDICT_FAILURE,
                     "see to the file system it is on (a dead NFS server?), then to the broker's log",
                     "%s: the volume does not answer", doctor->server->hermes_home);
        check_nothing(doctor);
}

void diagnose_volume_begin(struct doctor *doctor, bool root)
{
        struct deputy *deputy = &doctor->server->registry->store.deputy;
        unsigned lane = root ? STORE_LANE_ROOT_LOOKS : STORE_LANE_LOOKS;
        /* Behind jobs that hang this one would wait in vain. */
        bool stuck = deputy_is_stuck(deputy, lane);
        struct volume_look *look = stuck ? NULL : calloc(1, sizeof(*look));
        struct volume_found *found = look ? calloc(1, sizeof(*found)) : NULL;

        doctor->volume = found;
        if (!found) {
                free(look);
                doctor->checks.failed = !stuck;
                doctor->volume_done = true;
                return;
        }
        found->doctor = doctor;
        look->job = (struct deputy_job){.work = look_work,
                                        .done = look_done,
                                        .clear = look_clear,
                                        .drop = look_drop,
                                        .timeout_msec = VOLUME_MSEC,
                                        .lane = lane};
        look->found = found;
        look->home = doctor->server->hermes_home;
        boot_log_init(&look->log);
        deputy_run(deputy, &look->job);
}

void diagnose_volume_drop(struct doctor *doctor)
{
        struct volume_found *found = doctor->volume;

        doctor->volume = NULL;
        if (found && doctor->volume_done)
                found_free(found);
        else if (found)
                found->doctor = NULL; /* whoever is at it frees it */
}
