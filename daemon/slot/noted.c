#include "daemon/slot/noted.h"

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
        noted->at = 0;
}

void noted_add(struct noted *noted, const char *name)
{
        if (noted->at == noted->names.length)
                noted_clear(noted);
        if (name && noted->names.length < NOTED_BYTES)
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

bool noted_take_all(struct noted *noted)
{
        bool all = noted->all;

        noted->all = false;
        if (all)
                noted_clear(noted);
        return all;
}
