/* SPDX-License-Identifier: ISC */
#include "daemon/methods/health.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/order/boot.h"
#include "daemon/service/watches.h"
#include "daemon/service/persist.h"
#include "daemon/service/volume_room.h"
#include "daemon/methods/findings.h"
#include "daemon/methods/memory_check.h"
#include "daemon/methods/pieces.h"
#include "daemon/methods/places.h"
#include "proto/sysname.h"

struct health {
        struct text *problems;
        unsigned count;                                /* all problems */
        unsigned told;                                 /* those in this reply */
        unsigned left;                                 /* those that have no room in this reply */
        enum { TOLD_BEFORE, TOLD_NOW, NOT_TOLD } part; /* where the next problems belong */
        unsigned wanted;
        unsigned up;
        unsigned served;
};

static void health_problem(struct health *health, const char *problem)
{
        health->count++;
        health->left += health->part == NOT_TOLD;
        if (health->part != TOLD_NOW)
                return;
        if (health->told++)
                text_append_string(health->problems, ",");
        text_append_json_string(health->problems, problem);
}

/* The verb of a trouble that is a state of the service: the reason is put behind it. NULL: the reason says
 * enough. */
static const char *verb_of_trouble(enum trouble trouble)
{
        switch (trouble) {
        case TROUBLE_BACKOFF:
                return "is in backoff";
        case TROUBLE_FAILED:
                return "failed";
        case TROUBLE_HELD:
                return "is held";
        case TROUBLE_UNSUPERVISED:
                return "is unsupervised";
        case TROUBLE_NONE:
        case TROUBLE_UNREAD:
        case TROUBLE_NOT_STARTED:
        case TROUBLE_NOT_READY:
        case TROUBLE_NOT_ENDED:
        case TROUBLE_NOT_FINISHED:
        case TROUBLE_PAUSED:
        case TROUBLE_STOPPED:
        case TROUBLE_STALE:
        case TROUBLE_UNWANTED:
        case TROUBLE_LOGGER:
        case TROUBLE_LOG:
        case TROUBLE_LOCK:
        case TROUBLE_PIPE:
                break;
        }
        return NULL;
}

/* What a script of the slot had to do without, of which only the container's log tells otherwise. Not told
 * here if it is the trouble that the service is shown with. */
static void health_of_locks(struct health *health, const struct service *service)
{
        char why[LOCKS_PROBLEM_BYTES], problem[LIMIT_SERVICE_NAME_BYTES + LOCKS_PROBLEM_BYTES + 8];

        locks_log_problem(service, why, sizeof(why));
        if (why[0] && service->shown.trouble != TROUBLE_LOG) {
                snprintf(problem, sizeof(problem), "%s: %s", service->name, why);
                health_problem(health, problem);
        }
        if (locks_problem(service) && service->shown.trouble != TROUBLE_LOCK) {
                snprintf(problem, sizeof(problem), "%s: %s", service->name, locks_problem(service));
                health_problem(health, problem);
        }
}

static void health_of_service(struct health *health, const struct service *service)
{
        const struct view *view = &service->shown;
        const char *verb = verb_of_trouble(view->trouble);
        char reason[RECORD_REASON_BYTES];
        char problem[LIMIT_SERVICE_NAME_BYTES + RECORD_REASON_BYTES + 64];

        health->wanted += view->want_up;
        health->up += view->state == STATE_UP;
        health->served += view->state == STATE_HELD && view->cause == CAUSE_SERVED;
        if (view->trouble != TROUBLE_NONE) {
                snprintf(problem, sizeof(problem), "%s%s%s: %s", service->name, verb ? " " : "",
                         verb ? verb : "", view->reason);
                health_problem(health, problem);
        }
        if (view->trouble == TROUBLE_NONE && static_end_loops(service)) {
                static_end_reason(service, reason, sizeof(reason));
                snprintf(problem, sizeof(problem), "%s: %s", service->name, reason);
                health_problem(health, problem);
        }
        if (view->note == NOTE_GONE) {
                snprintf(problem, sizeof(problem), "%s: %s", service->name, view_note_text(view->note));
                health_problem(health, problem);
        }
        if (view->trouble != TROUBLE_LOGGER && view->log_trouble != TROUBLE_NONE) {
                service_describe_logger(service, reason, sizeof(reason));
                snprintf(problem, sizeof(problem), "%s: %s", service->name, reason);
                health_problem(health, problem);
        }
        health_of_locks(health, service);
}

/* What cannot be watched is told of late, and what cannot be read may be told of wrongly. */
static void health_of_looks(const struct registry *registry, struct health *health)
{
        size_t polled = watches_lacking(registry);
        size_t again = 0;
        int error = 0;
        char problem[256];

        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->again.what) {
                        error = registry->services[i]->again.error;
                        again++;
                }
        if (polled) {
                snprintf(problem, sizeof(problem),
                         "%zu service%s or director%s cannot be watched (inotify: %s), and %s looked at "
                         "each second: %s",
                         polled, polled == 1 ? "" : "s", polled == 1 ? "y" : "ies",
                         registry->watch.error ? sysname_error_words(-registry->watch.error)
                                               : "there is room again",
                         polled == 1 ? "is" : "are",
                         registry->watch.fd < 0 ? "raise fs.inotify.max_user_instances"
                                                : "raise fs.inotify.max_user_watches");
                health_problem(health, problem);
        }
        if (again) {
                snprintf(problem, sizeof(problem),
                         "some files of %zu service%s cannot be read or written (%s): the broker tries "
                         "again, and until then what it tells of them may be old",
                         again, again == 1 ? "" : "s", sysname_error_words(error));
                health_problem(health, problem);
        }
}

static void health_of_place(void *owner, const char *line)
{
        health_problem(owner, line);
}

static void health_of_broker(struct server *server, struct health *health)
{
        if (server->access.client_uid == server->access.own_uid)
                health_problem(health,
                               "no boundary: the broker runs as the client user, who can do all that it can");
        else if (!server->rights.can_switch)
                health_problem(health, "the broker lacks CAP_SETUID or CAP_SETGID: files cannot be given to "
                                       "the client group");
        if (server->loose_path[0]) {
                char problem[FINDINGS_LINE_BYTES + 128];

                snprintf(problem, sizeof(problem),
                         "users other than root can write where root's PATH leads, so what root runs by "
                         "name may be theirs: %s",
                         server->loose_path);
                health_problem(health, problem);
        }
        for (const char *const *fallback = server->fallbacks; fallback && *fallback; fallback++) {
                char problem[FINDINGS_LINE_BYTES];

                snprintf(problem, sizeof(problem),
                         "the broker could not use all that it was to be started "
                         "with: %s",
                         *fallback);
                health_problem(health, problem);
        }
        if (!server->rights.supervisor_kills)
                health_problem(health, "s6-supervise lacks CAP_KILL: the broker signals gateways itself; "
                                       "give the container CAP_KILL");
        if (scandir_is_running(&server->registry->scandir) == 0)
                health_problem(
                        health,
                        "no s6-svscan runs on the scan directory: nothing can be registered or restarted");
}

/* Room on the file system of the slots: s6 writes there at each change, and every slot needs some. */
static void health_of_room(struct server *server, struct health *health)
{
        struct registry *registry = server->registry;
        char text[ROOM_TEXT_BYTES], problem[256];
        struct room room;

        registry_read_room(registry, &room);
        if (!room_is_short(&room, ROOM_LOW_BYTES, ROOM_LOW_INODES, ROOM_LOW_SHARE))
                return;
        room_describe(&room, ROOM_LOW_BYTES, ROOM_LOW_INODES, ROOM_LOW_SHARE, text);
        snprintf(problem, sizeof(problem),
                 "the file system of the slots is nearly full: %s are left, which are kept for the gateways "
                 "that are registered already",
                 text);
        health_problem(health, problem);
}

static void health_of_volume_room(struct registry *registry, struct health *health)
{
        char text[ROOM_TEXT_BYTES], problem[256];
        struct room room;

        /* health_of_volume() tells of a record that could not be written for want of room. */
        if (!volume_room(registry, &room) || registry->store.failure == ENOSPC ||
            !room_is_short(&room, VOLUME_LOW_BYTES, VOLUME_LOW_INODES, VOLUME_LOW_SHARE))
                return;
        room_describe(&room, VOLUME_LOW_BYTES, VOLUME_LOW_INODES, VOLUME_LOW_SHARE, text);
        snprintf(problem, sizeof(problem), "the volume is nearly full: %s are left", text);
        health_problem(health, problem);
}

/* Tells that the volume cannot be written, even when no record waits: what is ordered then would be lost with
 * the container. */
static void health_of_writing(struct registry *registry, struct health *health)
{
        int refused = volume_refused(registry);
        char problem[256];

        if (!refused || registry->store.failure)
                return;
        snprintf(problem, sizeof(problem),
                 "the client user cannot write to the volume: %s: orders do not outlive this container",
                 sysname_error_words(refused));
        health_problem(health, problem);
}

static void health_of_volume(const struct registry *registry, struct health *health)
{
        size_t waiting = persist_waiting(registry);
        size_t blind = registry->boot_policy.no_gateways ? persist_blind(registry) : 0;
        char problem[LIMIT_SERVICE_NAME_BYTES + 256];
        const char *hung;

        if (registry->volume_told == VOLUME_TOLD_NONE)
                health_problem(health,
                               "the volume cannot be looked at, so its profiles are not known yet: the "
                               "broker tries again");
        if (blind) { /* without gateways of its own to look for, the broker does not ask the volume */
                snprintf(problem, sizeof(problem),
                         "what the volume has recorded of %zu gateway%s is not known: give each its order "
                         "and its variables again",
                         blind, blind == 1 ? "" : "s");
                health_problem(health, problem);
        }
        if (registry->profiles_more) {
                snprintf(problem, sizeof(problem),
                         "profiles/ on the volume has more than %d directories: the rest are ignored; "
                         "remove what is no profile, and run 'svcctl reconcile'",
                         SURVEY_PROFILES);
                health_problem(health, problem);
        }
        /* If the whole volume does not answer, its profiles' directories are not to blame. */
        for (unsigned at = 0; !store_is_stuck(&registry->store) &&
                              registry->volume_told != VOLUME_TOLD_NONE &&
                              (hung = deputy_next_hung(&registry->store.deputy, &at));) {
                snprintf(problem, sizeof(problem),
                         "the directory of the profile %s on the volume does not answer", hung);
                health_problem(health, problem);
        }
        if (!waiting)
                return;
        snprintf(problem, sizeof(problem),
                 "what is wanted of %zu gateway%s is not recorded on the volume yet: %s: the broker tries "
                 "again",
                 waiting, waiting == 1 ? "" : "s",
                 persist_problem(registry->store.failure) ?: "it is being written");
        if (registry->store.failure)
                health_problem(health, problem);
}

static void health_of_memory(struct server *server, struct health *health)
{
        char problem[256];

        if (memory_check(server, problem, sizeof(problem)))
                health_problem(health, problem);
}

static void health_of_all_else(struct server *server, struct health *health)
{
        struct registry *registry = server->registry;

        health_of_broker(server, health);
        places_check(server, health_of_place, health);
        health_of_looks(registry, health);
        boot_check(registry, health_of_place, health);
        health_of_room(server, health);
        health_of_memory(server, health);
        health_of_volume_room(registry, health);
        health_of_writing(registry, health);
        health_of_volume(registry, health);
}

/* Tells of the services from the place `from` on, until the problems take more than `most` bytes. Returns the
 * last service of which all is told, or NULL. */
static const struct service *health_of_services(const struct registry *registry, size_t from, size_t most,
                                                struct health *health)
{
        const struct service *last = NULL;

        for (size_t i = 0; i < registry->count; i++) {
                health->part = i < from ? TOLD_BEFORE : health->problems->length > most ? NOT_TOLD : TOLD_NOW;
                health_of_service(health, registry->services[i]);
                if (health->part == TOLD_NOW)
                        last = registry->services[i];
        }
        health->part = TOLD_NOW;
        return last;
}

static void health_note(void *owner, const char *line)
{
        struct text *notes = owner;

        text_append_string(notes, notes->length ? "," : "[");
        text_append_json_string(notes, line);
}

/* Appends the notes: lines about what is no problem, but worth knowing. */
static void health_write_notes(const struct registry *registry, struct text *text)
{
        struct text notes;

        text_init(&notes);
        boot_notes(registry, health_note, &notes);
        if (notes.length) {
                text_append_member(text, "notes");
                text_append(text, notes.bytes, notes.length);
                text_append_string(text, "]");
        }
        text->failed = text->failed || notes.failed;
        text_deinit(&notes);
}

bool health_write(struct server *server, char *after, struct text *text)
{
        const struct registry *registry = server->registry;
        const struct service *last;
        struct text problems;
        struct health health = {.problems = &problems, .part = after && after[0] ? TOLD_BEFORE : TOLD_NOW};
        char further[64];

        text_init(&problems);
        halts_look_at_all(server->registry);
        health_of_all_else(server, &health);
        last = health_of_services(registry, after && after[0] ? registry_behind(registry, after) : 0,
                                  after ? PIECE_BYTES : HEALTH_BYTES, &health);
        if (!after && health.left) {
                snprintf(further, sizeof(further), "and more problems (%u), which Health tells with \"more\"",
                         health.left);
                health_problem(&health, further);
        }
        text_append_string(text, health.count ? "{\"healthy\":false,\"problems\":["
                                              : "{\"healthy\":true,\"problems\":[");
        text_append(text, problems.bytes, problems.length);
        text_append_string(text, "]");
        text_append_member_int(text, "services", (int64_t)registry->count);
        text_append_member_int(text, "wanted", health.wanted);
        text_append_member_int(text, "up", health.up);
        if (registry->multiplex)
                text_append_member_int(text, "served", health.served);
        health_write_notes(registry, text);
        text_append_string(text, "}");
        text->failed = text->failed || problems.failed;
        text_deinit(&problems);
        if (!after || !health.left || !last)
                return false;
        snprintf(after, LIMIT_SERVICE_NAME_BYTES + 1, "%s", last->name);
        return true;
}
