/* SPDX-License-Identifier: ISC */
#include "daemon/slot/noted.h"

#include <errno.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/service/registry.h"

void noted_init(struct noted *noted, struct registry *registry, bool (*step)(struct ready *ready))
{
        *noted = (struct noted){.registry = registry};
        text_init(&noted->names);
        ready_init(&noted->ready, &registry->ready, step);
}

void noted_deinit(struct noted *noted)
{
        ready_remove(&noted->ready);
        text_deinit(&noted->names);
}

static void noted_clear(struct noted *noted)
{
        text_clear(&noted->names);
        noted->at = noted->whole_bytes = 0;
}

void noted_add(struct noted *noted, const char *name)
{
        if (noted->at == noted->names.length)
                noted_clear(noted);
        if (name && noted->names.length - noted->whole_bytes < NOTED_BYTES)
                text_append(&noted->names, name, strlen(name) + 1);
        else
                noted->all = true;
        noted->all = noted->all || noted->names.failed;
        ready_wake(&noted->ready);
}

const char *noted_take(struct noted *noted)
{
        const char *name = noted->names.bytes + noted->at;

        if (noted->at >= noted->names.length)
                return NULL;
        noted->at += strlen(name) + 1;
        return name;
}

bool noted_has_more(const struct noted *noted)
{
        return noted->at < noted->names.length;
}

bool noted_take_all(struct noted *noted)
{
        bool all = noted->all;

        noted->all = false;
        if (all)
                noted_clear(noted);
        return all;
}

int noted_whole(struct noted *noted, struct text *names)
{
        text_deinit(&noted->names);
        noted->names = *names;
        text_init(names);
        noted->at = 0;
        noted->whole_bytes = noted->names.length;
        if (!noted->names.failed)
                return 0;
        text_deinit(&noted->names);
        text_init(&noted->names);
        noted->whole_bytes = 0;
        return -ENOMEM;
}

bool noted_is_whole(const struct noted *noted)
{
        return noted->at < noted->whole_bytes;
}
