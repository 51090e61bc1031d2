/* SPDX-License-Identifier: ISC */
#include "daemon/keep/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/edge/volume_locks.h"
#include "daemon/judge/intent.h"
#include "daemon/judge/shortage.h"
#include "daemon/keep/marker.h"
#include "daemon/keep/store.h"

#define PATH_BYTES (NAME_MAX + 64)

/* A gateway that finds one of these thinks it is running already. */
static void look_clean(int directory, struct look *look)
{
        static const char *const stale[] = {"gateway.pid", "processes.json"};

        /* Each removal may take long, and when the look is late the gateway may have been started. */
        for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]) && !atomic_load(&look->cancelled); i++)
                volume_remove(directory, stale[i]);
}

static void look_at_directory(int directory, struct look *look)
{
        struct stat found;

        if (fstat(directory, &found) == 0)
                look->which = (int64_t)((found.st_ino ^ found.st_dev * UINT64_C(0x9e3779b97f4a7c15)) >> 1);
}

/* Reads whether the gateway of `default` serves all profiles. */
static void look_at_config(int volume, struct look *look)
{
        char *text = NULL;
        int result = volume_read(volume, "config.yaml", &text);

        look->config = result == 0         ? multiplex_config_read(text)
                       : result == -ENOENT ? MULTIPLEX_CONFIG_UNSET
                                           : MULTIPLEX_CONFIG_UNREADABLE;
        free(text);
}

/* Reads what the application noted of how its last gateway ended. */
static void look_at_notes(int directory, struct look *look)
{
        char *text = NULL;

        if (volume_read(directory, "state/gateway.lifecycle.json", &text) == 0)
                look->prior_exit = prior_exit_read(text);
        free(text);
        if (strcmp(look->name, "default") == 0)
                look_at_config(directory, look);
}

/* Notes a shortage, and returns the result. What is not there, or cannot be read, is taken for such; what
 * could not be seen for want of descriptors or memory is not. */
static int noted(struct look *look, int result)
{
        if (shortage_is_why(result))
                look->shortage = result;
        return result;
}

static void look_into(int volume, int directory, struct look *look)
{
        char path[PATH_BYTES];

        snprintf(path, sizeof(path), INTENT_DIRECTORY "/%s", look->name);
        look->exists =
                directory >= 0 && !look->deleted &&
                (strcmp(look->name, "default") == 0 || noted(look, volume_look(directory, "SOUL.md")) > 0);
        look->recorded = !look->exists && !look->deleted && volume_has(volume, path);
        if (look->exists)
                look->intent_result =
                        look->with_intent ? noted(look, volume_read(volume, path, &look->intent)) : -ENOBUFS;
        snprintf(path, sizeof(path), ".svcbroker/lock/%s", look->name);
        look->locked = volume_is_locked(volume, path) > 0;
        if (!look->exists)
                return;
        look_at_directory(directory, look);
        look_at_notes(directory, look);
        look->prior_result = noted(look, volume_read(directory, "gateway_state.json", &look->prior));
        if (look->clean && !look->locked)
                look_clean(directory, look);
        /* A marker that a killed broker was about to write. */
        volume_remove_older(directory, VOLUME_TEMPORARY(MARKER_NAME), look->before_usec);
}

/* The profile's directory: a descriptor, or a negative errno. The files of `default` are the volume's own. */
static int look_at_place(int volume, struct look *look)
{
        bool own = strcmp(look->name, "default") != 0;
        int directory = own ? noted(look, volume_enter_profile(volume, look->name)) : volume;
        char path[PATH_BYTES];

        snprintf(path, sizeof(path), "profiles/.deleted/%s", look->name);
        look->deleted = own && noted(look, volume_look(volume, path)) > 0;
        look->link = directory == -EXDEV || directory == -ENOLINK || directory == -ELOOP ? directory : 0;
        return directory;
}

static void look_at_profile(int volume, struct look *look)
{
        int directory = look_at_place(volume, look);

        if (look->kind == LOOK_PROFILE)
                look_into(volume, directory, look);
        else if (directory == volume)
                look_at_config(volume, look);
        if (directory >= 0 && directory != volume)
                close(directory);
}

void look_work(struct deputy_job *job)
{
        struct look *look = (struct look *)job;
        char path[2 * PATH_BYTES];
        int volume = volume_open(look->home);

        look->opened = volume < 0 ? volume : 0;
        if (volume < 0)
                return;
        if (look->kind != LOOK_BRIEF)
                look->marked = volume_has(volume, ".svcbroker");
        switch (look->kind) {
        case LOOK_BRIEF:
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
        job->is_clear = !look->intent && !look->prior;
}

void look_clear(struct deputy_job *job)
{
        struct look *look = (struct look *)job;

        free(look->intent);
        free(look->prior);
        look->intent = look->prior = NULL;
}
