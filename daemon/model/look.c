#include "daemon/model/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/model/intent.h"
#include "daemon/model/store.h"

#define PATH_BYTES (NAME_MAX + 64)

static void look_path(const struct look *look, const char *file, char path[2 * PATH_BYTES])
{
        char directory[PATH_BYTES];

        store_profile_path(look->name, directory, sizeof(directory));
        snprintf(path, 2 * PATH_BYTES, "%s%s", directory, file);
}

/* A gateway that finds one of these thinks it is running already. */
static void look_clean(int volume, struct look *look)
{
        static const char *const stale[] = {"gateway.pid", "processes.json"};
        char path[2 * PATH_BYTES];

        /* Each may take long, and who is late may find that the gateway was started. */
        for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]) && !atomic_load(&look->cancelled); i++) {
                look_path(look, stale[i], path);
                volume_remove(volume, path);
        }
}

static void look_at_profile(int volume, struct look *look)
{
        char path[2 * PATH_BYTES];

        look_path(look, "SOUL.md", path);
        look->exists = !strcmp(look->name, "default") || volume_has(volume, path);
        snprintf(path, sizeof(path), ".svcbroker/lock/%s", look->name);
        look->locked = volume_is_locked(volume, path) > 0;
        if (!look->exists)
                return;
        snprintf(path, sizeof(path), INTENT_DIRECTORY "/%s", look->name);
        look->intent_result = look->with_intent ? volume_read(volume, path, &look->intent) : -ENOBUFS;
        look_path(look, "gateway_state.json", path);
        look->prior_result = volume_read(volume, path, &look->prior);
        if (look->clean && !look->locked)
                look_clean(volume, look);
        /* A marker that a killed broker was about to write. */
        look_path(look, VOLUME_TEMPORARY(STORE_MARKER), path);
        volume_remove_older(volume, path, look->before_usec);
}

void look_work(struct deputy_job *job)
{
        struct look *look = (struct look *)job;
        char path[2 * PATH_BYTES];
        int volume = volume_open(look->home);

        look->opened = volume < 0 ? volume : 0;
        if (volume < 0)
                return;
        look->marked = volume_has(volume, ".svcbroker");
        switch (look->kind) {
        case LOOK_PROFILE:
                look_at_profile(volume, look);
                break;
        case LOOK_SOUL:
                snprintf(path, sizeof(path), "profiles/%s/SOUL.md", look->name);
                look->exists = volume_has(volume, path);
                break;
        case LOOK_GONE:
                snprintf(path, sizeof(path), "profiles/%s", look->name);
                look->gone = volume_look(volume, path) == 0;
                break;
        }
        close(volume);
}

void look_clear(struct deputy_job *job)
{
        struct look *look = (struct look *)job;

        free(look->intent);
        free(look->prior);
        look->intent = look->prior = NULL;
}
