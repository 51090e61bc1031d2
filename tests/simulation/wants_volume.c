/* SPDX-License-Identifier: ISC */
#include "wants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The record of a profile on the world's volume, read by other means than the broker's. */

static int mark_of(struct json_object *environment)
{
        struct json_object *mark = NULL;

        if (!json_object_is_type(environment, json_type_object) ||
            json_object_object_length(environment) == 0)
                return WANTS_NO_ENVIRONMENT;
        if (!json_object_object_get_ex(environment, "MARK", &mark))
                return WANTS_ANY_ENVIRONMENT;
        return atoi(json_object_get_string(mark));
}

/* False: there is no such file. What is no JSON is NULL. */
static bool read_json(const char *path, struct json_object **object)
{
        static char text[65536];
        bool is_away = faccessat(sim_directory, SIM_VOLUME_AWAY, F_OK, 0) == 0;
        int volume =
                openat(sim_directory, is_away ? SIM_VOLUME_AWAY : "volume", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = openat(volume, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        ssize_t length;

        close(volume);
        *object = NULL;
        if (fd < 0)
                return errno != ENOENT && errno != ENOTDIR;
        length = read(fd, text, sizeof(text) - 1);
        close(fd);
        text[length < 0 ? 0 : length] = '\0';
        *object = json_tokener_parse(text);
        return true;
}

static const char *string_of(struct json_object *object, const char *name)
{
        struct json_object *member = NULL;

        return json_object_is_type(object, json_type_object) &&
                               json_object_object_get_ex(object, name, &member) &&
                               json_object_is_type(member, json_type_string)
                       ? json_object_get_string(member)
                       : "";
}

bool wants_read(const char *profile, struct wants_record *record)
{
        char path[128];
        struct json_object *object, *member = NULL;
        const char *want;

        snprintf(path, sizeof(path), ".svcbroker/intent/%s", profile);
        *record = (struct wants_record){.want = WANT_NOTHING, .environment = WANTS_NO_ENVIRONMENT};
        if (!read_json(path, &object))
                return true;
        want = string_of(object, "want");
        record->want = strcmp(want, "up") == 0 ? WANT_UP : strcmp(want, "down") == 0 ? WANT_DOWN : 0;
        if (json_object_is_type(object, json_type_object))
                json_object_object_get_ex(object, "environment", &member);
        record->environment = mark_of(member);
        json_object_put(object);
        return record->want != 0;
}

unsigned wants_read_state(const char *profile)
{
        char path[128];
        struct json_object *object;
        const char *state;
        unsigned want;

        if (strcmp(profile, "default") == 0)
                snprintf(path, sizeof(path), "gateway_state.json");
        else
                snprintf(path, sizeof(path), "profiles/%s/gateway_state.json", profile);
        if (!read_json(path, &object))
                return 0;
        state = string_of(object, "desired_state");
        if (!*state)
                state = string_of(object, "gateway_state");
        want = strcmp(state, "running") == 0 || strcmp(state, "draining") == 0 ||
                               strcmp(state, "degraded") == 0
                       ? WANT_UP
                       : WANT_DOWN;
        json_object_put(object);
        return want;
}
