/* SPDX-License-Identifier: ISC */
#include "daemon/service/volume_room.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/edge/room.h"
#include "daemon/edge/volume.h"
#include "daemon/judge/intent.h"
#include "daemon/service/registry.h"

struct volume_room {
        struct deputy_job job;
        struct store *store;
        int result; /* this and what follows is the thread's until the job is done */
        struct room room;
        int refused; /* 0 or a negative errno */
};

/* May files be made where the store is, or would be made? 0, -EACCES or -EROFS. */
static int look_at_store(int volume)
{
        static const char *const places[] = {INTENT_DIRECTORY, ".svcbroker", "."};
        int result = -ENOENT;

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && result == -ENOENT; i++)
                result = volume_may_write(volume, places[i]);
        return result == -EACCES || result == -EROFS ? result : 0;
}

static void room_work(struct deputy_job *job)
{
        struct volume_room *look = (struct volume_room *)job;
        int volume = volume_open(look->store->home);

        look->result = volume < 0 ? volume : room_read(volume, &look->room);
        if (volume < 0)
                return;
        look->refused = look_at_store(volume);
        close(volume);
}

static void room_done(struct deputy_job *job, bool late)
{
        struct volume_room *look = (struct volume_room *)job;
        struct store *store = look->store;

        store->room_known = !late && look->result == 0;
        if (!store->room_known)
                return;
        store->room = look->room;
        store->refused = -look->refused;
}

/* Only now may another look begin: earlier, each Health would cost another thread on a volume that hangs. */
static void room_drop(struct deputy_job *job)
{
        ((struct volume_room *)job)->store->room_asked = false;
        free(job);
}

void volume_room_look(struct registry *registry)
{
        struct store *store = &registry->store;
        struct volume_room *look;

        if (registry->stopping || store->room_asked ||
            deputy_is_stuck(&store->deputy, STORE_LANE_ROOT_LOOKS) ||
            (store->room_msec && clock_msec() - store->room_msec < VOLUME_ROOM_MSEC))
                return;
        look = calloc(1, sizeof(*look));
        if (!look)
                return;
        look->job = (struct deputy_job){.work = room_work,
                                        .done = room_done,
                                        .drop = room_drop,
                                        .timeout_msec = STORE_MSEC,
                                        .lane = STORE_LANE_ROOT_LOOKS};
        look->store = store;
        store->room_asked = true;
        store->room_msec = clock_msec();
        deputy_run(&store->deputy, &look->job);
}

bool volume_room(struct registry *registry, struct room *room)
{
        volume_room_look(registry);
        if (registry->store.room_known)
                *room = registry->store.room;
        return registry->store.room_known;
}

int volume_refused(struct registry *registry)
{
        volume_room_look(registry);
        return registry->store.room_known ? registry->store.refused : 0;
}
