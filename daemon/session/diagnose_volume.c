#include "daemon/session/diagnose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/model/boot_log.h"
#include "daemon/model/intent.h"
#include "proto/name.h"

/* Everything below $HERMES_HOME, in one job of the deputy: it may take as long as the volume does. */
#define VOLUME_MSEC 2000
#define PROFILES_MOST 4096 /* directories; with more, slots are not held against them */
#define BOOT_LOG "logs/container-boot.log"
#define PROBE "/.doctor"

struct volume_look {
        struct deputy_job job;
        struct doctor *doctor; /* the loop's; who waits for it to be done */
        const char *home;

        /* What was found; the deputy's until it is done. */
        int opened; /* 0 or a negative errno, as all of these */
        uid_t uid;
        int listed;
        char **names; /* directories in profiles/; those that are no profiles are "" */
        size_t count;
        int written;
        const char *store; /* where the intent store is, or would be made */
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

static void look_at_profiles(struct volume_look *look, int volume)
{
        char path[512];

        look->listed = volume_directories(volume, "profiles", PROFILES_MOST + 1, &look->names, &look->count);
        for (size_t i = 0; look->listed == 0 && i < look->count; i++) {
                int length = snprintf(path, sizeof(path), "profiles/%s/SOUL.md", look->names[i]);

                if (length >= (int)sizeof(path) || !volume_has(volume, path) ||
                    !strcmp(look->names[i], "default"))
                        look->names[i][0] = '\0';
        }
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
        look_at_store(look, volume);
        look_at_profiles(look, volume);
        look_at_log(look, volume);
        close(volume);
}

static void look_drop(struct deputy_job *job)
{
        struct volume_look *look = (struct volume_look *)job;

        volume_names_free(look->names, look->count);
        boot_log_deinit(&look->log);
        free(look);
}

static void check_volume(struct doctor *doctor, const struct volume_look *look)
{
        const char *home = doctor->server->hermes_home;
        uid_t client = doctor->server->access.client_uid;

        if (look->opened)
                doctor_check(doctor, "volume", VERDICT_FAILURE,
                             "mount it, or name another with HERMES_HOME or --hermes-home", "%s: %s", home,
                             strerror(-look->opened));
        else if (look->uid != client)
                doctor_check(doctor, "volume", VERDICT_WARNING,
                             "give it to the client user, with all that is in it",
                             "%s belongs to uid %u, the client user is %u", home, (unsigned)look->uid,
                             (unsigned)client);
        else
                doctor_check(doctor, "volume", VERDICT_OK, "", "%s belongs to the client user", home);
}

static void check_store(struct doctor *doctor, const struct volume_look *look)
{
        const char *home = doctor->server->hermes_home;
        int length = (int)(strrchr(look->store, '/') ? strrchr(look->store, '/') - look->store : 0);

        if (look->written)
                doctor_check(doctor, "intent_store", VERDICT_FAILURE,
                             "make it writable for the client user, and make room: until then orders do not "
                             "survive the container",
                             "nothing can be written in %s/%.*s: %s", home, length, look->store,
                             strerror(-look->written));
        else
                doctor_check(doctor, "intent_store", VERDICT_OK, "", "%s/%.*s can be written", home, length,
                             look->store);
}

static void find_without_slot(const struct doctor *doctor, const struct volume_look *look,
                              struct findings *findings)
{
        const struct registry *registry = doctor->server->registry;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        if (!registry_find(registry, GATEWAY_PREFIX "default"))
                findings_add(findings, "default", NULL);
        for (size_t i = 0; i < look->count; i++) {
                const char *profile = look->names[i];

                if (!*profile)
                        continue;
                if (name_check_profile(profile) != NAME_OK) {
                        findings_add(findings, profile, "not a name that a gateway can have");
                        continue;
                }
                name_service_of(profile, name, sizeof(name));
                if (!registry_find(registry, name))
                        findings_add(findings, profile, NULL);
        }
}

static bool has_profile(const struct volume_look *look, const char *profile)
{
        if (!strcmp(profile, "default"))
                return true;
        for (size_t i = 0; i < look->count; i++)
                if (!strcmp(look->names[i], profile))
                        return true;
        return false;
}

static void check_profiles(struct doctor *doctor, const struct volume_look *look)
{
        const struct registry *registry = doctor->server->registry;
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES];

        find_without_slot(doctor, look, &findings);
        if (findings.count)
                doctor_check(doctor, "profiles", VERDICT_WARNING,
                             "svcctl register each, or remove what is no profile",
                             "profiles without a gateway: %s", findings_line(&findings, line));
        else
                doctor_check(doctor, "profiles", VERDICT_OK, "", "every profile has its gateway");
        findings = (struct findings){0};
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->profile && !has_profile(look, registry->services[i]->profile))
                        findings_add(&findings, registry->services[i]->name, NULL);
        if (look->count > PROFILES_MOST)
                doctor_check(doctor, "slots", VERDICT_WARNING, "remove what is no profile",
                             "profiles/ has more than %d directories: not looked at", PROFILES_MOST);
        else if (findings.count)
                doctor_check(doctor, "slots", VERDICT_WARNING,
                             "svcctl unregister each, or put the profile's SOUL.md back",
                             "gateways without a profile: %s", findings_line(&findings, line));
        else
                doctor_check(doctor, "slots", VERDICT_OK, "", "every gateway has its profile");
}

static void check_starts(struct doctor *doctor, const struct volume_look *look)
{
        unsigned most = doctor->server->failed_starts;
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES];

        for (size_t i = 0; i < look->log.count; i++)
                if (look->log.profiles[i].failures >= most)
                        findings_add(&findings, look->log.profiles[i].name, NULL);
        if (findings.count)
                doctor_check(doctor, "container_starts", VERDICT_FAILURE,
                             "see its log in logs/gateways/, mend its configuration, and start it",
                             "the last %u container starts all ended in startup_failed for %s", most,
                             findings_line(&findings, line));
        else if (look->logged)
                doctor_check(doctor, "container_starts", VERDICT_WARNING, "look at " BOOT_LOG " yourself",
                             BOOT_LOG " cannot be read: %s", strerror(-look->logged));
        else
                doctor_check(doctor, "container_starts", VERDICT_OK, "",
                             "no gateway's last %u container starts all ended in startup_failed", most);
}

/* The same names whatever happened, so that nobody takes one that is missing for one that is well. */
static void check_nothing(struct doctor *doctor)
{
        static const char *const names[] = {"intent_store", "profiles", "slots", "container_starts"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                doctor_check(doctor, names[i], VERDICT_WARNING, "see to the volume first",
                             "not looked at: the volume cannot be");
}

static void check_found(struct doctor *doctor, const struct volume_look *look)
{
        check_volume(doctor, look);
        if (look->opened) {
                check_nothing(doctor);
                return;
        }
        check_store(doctor, look);
        if (look->listed) {
                for (int i = 0; i < 2; i++)
                        doctor_check(doctor, i ? "slots" : "profiles", VERDICT_WARNING,
                                     "see to the volume's profiles/ directory",
                                     "not looked at: profiles/ cannot be read: %s", strerror(-look->listed));
        } else {
                check_profiles(doctor, look);
        }
        check_starts(doctor, look);
}

static void look_done(struct deputy_job *job, bool late)
{
        struct volume_look *look = (struct volume_look *)job;
        struct doctor *doctor = look->doctor;

        look->doctor = NULL;
        if (!doctor) {
                if (!late)
                        look_drop(job);
                return;
        }
        /* What a late one has found is the deputy's still. */
        if (late)
                doctor->volume = NULL;
        doctor_volume_done(doctor);
}

void diagnose_volume_end(struct doctor *doctor)
{
        struct volume_look *look = doctor->volume;

        doctor->volume = NULL;
        if (look) {
                check_found(doctor, look);
                look_drop(&look->job);
                return;
        }
        doctor_check(doctor, "volume", VERDICT_FAILURE,
                     "see to the file system it is on (a dead NFS server?), then to the broker's log",
                     "%s: the volume does not answer", doctor->server->hermes_home);
        check_nothing(doctor);
}

/* The one place that knows whose thread it is. */
static struct deputy *volume_deputy(struct doctor *doctor)
{
        return &doctor->server->registry->store.deputy;
}

void diagnose_volume_begin(struct doctor *doctor)
{
        /* Behind a job that hangs this one would wait in vain. */
        bool stuck = deputy_is_stuck(volume_deputy(doctor));
        struct volume_look *look = stuck ? NULL : calloc(1, sizeof(*look));

        if (!look) {
                doctor->checks.failed = !stuck;
                doctor->volume_done = true;
                return;
        }
        look->job = (struct deputy_job){
                .work = look_work, .done = look_done, .drop = look_drop, .timeout_msec = VOLUME_MSEC};
        look->doctor = doctor;
        look->home = doctor->server->hermes_home;
        boot_log_init(&look->log);
        doctor->volume = look;
        deputy_run(volume_deputy(doctor), &look->job);
}

void diagnose_volume_drop(struct doctor *doctor)
{
        struct volume_look *look = doctor->volume;

        doctor->volume = NULL;
        if (look && !look->doctor)
                look_drop(&look->job);
        else if (look)
                look->doctor = NULL;
}
