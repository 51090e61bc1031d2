/* SPDX-License-Identifier: ISC */
#include "daemon/order/profiles.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/edge/volume.h"
#include "daemon/service/registry.h"
#include "daemon/order/reconcile.h"

#define WATCHED                                                                                              \
        (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
/* In the volume itself only arrivals, one of which may be profiles/. */
#define WATCHED_ABOVE (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/* A job of the store's deputy that puts the watch where profiles/ is now. */
struct arming {
        struct deputy_job job;
        struct registry *registry; /* the loop's, and not the thread's to touch */
        const char *home;
        int fd;
        int before; /* the watch descriptor that there was */

        /* What came of the job. */
        int directory;
        bool remote;
};

/* Is it a file system where no other machine, and no program, can change anything that this kernel does not
 * see? */
static bool is_local(int fd)
{
        static const unsigned long kinds[] = {EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
                                              OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC,     RAMFS_MAGIC,
                                              F2FS_SUPER_MAGIC,      0x2fc12fc1 /* ZFS */};
        struct statfs found;

        if (fstatfs(fd, &found) < 0)
                return false;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if ((unsigned long)found.f_type == kinds[i])
                        return true;
        return false;
}

static void arming_work(struct deputy_job *job)
{
        struct arming *arming = (struct arming *)job;
        char path[64];
        int volume = volume_open(arming->home);
        int entered = volume < 0 ? volume : volume_enter(volume, "profiles");
        int at = entered >= 0 ? entered : volume;

        arming->directory = -1;
        if (at >= 0) {
                /* The watch is by the descriptor of what was entered, wherever the path leads by now. */
                snprintf(path, sizeof(path), "/proc/self/fd/%d", at);
                if (arming->fd >= 0)
                        arming->directory =
                                inotify_add_watch(arming->fd, path, entered >= 0 ? WATCHED : WATCHED_ABOVE);
                arming->remote = !is_local(at);
        }
        if (arming->before >= 0 && arming->before != arming->directory)
                inotify_rm_watch(arming->fd, arming->before);
        if (entered >= 0)
                close(entered);
        if (volume >= 0)
                close(volume);
}

static void arming_drop(struct deputy_job *job)
{
        free(job);
}

static void changed(struct registry *registry)
{
        struct profiles *profiles = registry->profiles;

        if (clock_msec() - profiles->changed_msec > PROFILES_MINUTE_MSEC)
                profiles->pause_msec = PROFILES_PAUSE_MSEC;
        profiles->changed_msec = clock_msec();
        profiles->tries = PROFILES_TRIES;
        if (profiles->arming || profiles->looking)
                profiles->again = true;
        else if (profiles->open && (!timer_is_running(&profiles->timer) ||
                                    timer_left_msec(&profiles->timer) > profiles->pause_msec))
                timer_start(&profiles->timer, (uint64_t)profiles->pause_msec);
}

static void readable(uv_poll_t *poll, int status, int events)
{
        struct registry *registry = poll->data;

        (void)status;
        (void)events;
        uv_poll_stop(poll); /* until profiles/ has been looked at */
        changed(registry);
}

/* In how many milliseconds to look again; 0: not before inotify tells of something. */
static int64_t next_msec(struct profiles *profiles, bool was_changed)
{
        bool blind = profiles->fd < 0 || profiles->directory < 0 || profiles->remote;
        int64_t wait_msec = blind ? PROFILES_MINUTE_MSEC : 0;

        profiles->pause_msec = was_changed ? PROFILES_PAUSE_MSEC
                               : profiles->pause_msec * 2 < PROFILES_PAUSE_MOST_MSEC
                                       ? profiles->pause_msec * 2
                                       : PROFILES_PAUSE_MOST_MSEC;
        if (profiles->again)
                return profiles->pause_msec;
        if (profiles->tries) {
                int64_t try_msec = (int64_t)PROFILES_TRY_MSEC << (PROFILES_TRIES - profiles->tries--);

                wait_msec = wait_msec && wait_msec < try_msec ? wait_msec : try_msec;
        }
        return wait_msec;
}

static bool brings(const struct reconcile_action *action)
{
        return action->what == RECONCILE_STARTED || action->what == RECONCILE_REGISTERED ||
               action->what == RECONCILE_HELD;
}

/* A look is over. If a gateway came of it, the next look may be soon. */
static void looked(void *owner, const struct reconcile_action *actions, size_t count, int error)
{
        struct registry *registry = owner;
        struct profiles *profiles = registry->profiles;
        bool was_changed = false;
        int64_t wait_msec;

        (void)error;
        if (registry->stopping || !profiles->open)
                return;
        for (size_t at = 0; at < count; at++)
                was_changed = was_changed || brings(&actions[at]);
        profiles->looking = false;
        wait_msec = next_msec(profiles, was_changed);
        if (wait_msec)
                timer_start(&profiles->timer, (uint64_t)wait_msec);
        else
                timer_stop(&profiles->timer);
        if (profiles->polled)
                uv_poll_start(&profiles->poll, UV_READABLE, readable);
}

static void look(struct registry *registry)
{
        struct reconcile_request *request = calloc(1, sizeof(*request));

        if (!request) {
                timer_start(&registry->profiles->timer, PROFILES_MINUTE_MSEC);
                return;
        }
        registry->profiles->looking = true;
        request->watch = true;
        request->done = looked;
        request->owner = registry;
        reconcile_run(registry, request);
}

static void arming_done(struct deputy_job *job, bool late)
{
        struct arming *arming = (struct arming *)job;
        struct registry *registry = arming->registry;
        struct profiles *profiles = registry->profiles;

        profiles->arming = false;
        if (registry->stopping)
                return;
        profiles->directory = late ? -1 : arming->directory;
        profiles->remote = late || arming->remote;
        look(registry);
}

static void arm(struct registry *registry)
{
        struct profiles *profiles = registry->profiles;
        struct deputy *deputy = &registry->store.deputy;
        struct arming *arming = deputy_is_stuck(deputy, STORE_LANE_LOOKS) ? NULL : calloc(1, sizeof(*arming));

        if (!arming) {
                timer_start(&profiles->timer, PROFILES_MINUTE_MSEC);
                return;
        }
        arming->job = (struct deputy_job){.work = arming_work,
                                          .done = arming_done,
                                          .drop = arming_drop,
                                          .timeout_msec = SURVEY_PROFILE_MSEC,
                                          .lane = STORE_LANE_LOOKS};
        arming->registry = registry;
        arming->home = registry->store.home;
        arming->fd = profiles->fd;
        arming->before = profiles->directory;
        profiles->arming = true;
        deputy_run(deputy, &arming->job);
}

/* Drops what inotify has told by now, since all of it is about to be looked at: no more than its queue holds,
 * even while events come faster than they are read. */
static void discard(struct profiles *profiles)
{
        char buffer[PROFILES_READ_BYTES];

        for (unsigned reads = 0; profiles->fd >= 0 && reads < PROFILES_READS; reads++)
                if (read(profiles->fd, buffer, sizeof(buffer)) <= 0)
                        return;
}

static void expired(void *owner)
{
        struct registry *registry = owner;
        struct profiles *profiles = registry->profiles;

        if (registry->stopping || profiles->arming || profiles->looking)
                return;
        if (registry->volume_told ==
            VOLUME_TOLD_SOME) { /* the boot is not through: it looks again, and its log tells of that */
                timer_start(&profiles->timer, RECONCILE_HUNG_AGAIN_MSEC);
                return;
        }
        profiles->again = false;
        discard(profiles);
        arm(registry);
}

void profiles_look_soon(struct registry *registry)
{
        if (registry->profiles->open && !registry->stopping)
                changed(registry);
}

void profiles_open(struct registry *registry)
{
        struct profiles *profiles = registry->profiles;

        if (profiles->open || registry->boot_policy.no_gateways)
                return;
        profiles->open = true;
        profiles->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        profiles->poll.data = registry;
        if (profiles->fd >= 0 && uv_poll_init(registry->loop, &profiles->poll, profiles->fd) == 0)
                profiles->polled = true;
        else
                log_event("profiles: there is no inotify: looked at each minute");
        timer_start(&profiles->timer, PROFILES_PAUSE_MSEC);
}

void profiles_init(struct profiles *profiles, struct registry *registry)
{
        *profiles = (struct profiles){
                .fd = -1, .directory = -1, .pause_msec = PROFILES_PAUSE_MSEC, .changed_msec = INT64_MIN / 2};
        timer_init(&profiles->timer, registry->loop, expired, registry);
        registry->profiles = profiles;
}

static void closed(uv_handle_t *handle)
{
        struct registry *registry = handle->data;

        close(registry->profiles->fd);
        registry->profiles->fd = -1;
}

void profiles_close(struct profiles *profiles)
{
        profiles->open = false;
        timer_close(&profiles->timer, NULL);
        if (profiles->polled)
                uv_close((uv_handle_t *)&profiles->poll, closed);
        else if (profiles->fd >= 0)
                close(profiles->fd);
        profiles->polled = false;
}
