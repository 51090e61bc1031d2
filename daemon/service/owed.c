/* SPDX-License-Identifier: ISC */
#include "daemon/service/owed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/tree.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "proto/name.h"
#include "proto/text.h"

static size_t find(const struct owed *owed, const char *profile)
{
        size_t at = 0;

        while (at < owed->count && strcmp(owed->names[at], profile) != 0)
                at++;
        return at;
}

bool owed_has(const struct registry *registry, const char *profile)
{
        return find(&registry->owed, profile) < registry->owed.count;
}

int owed_save(struct registry *registry)
{
        struct owed *owed = &registry->owed;
        struct text text;
        int result;

        if (!owed->unsaved)
                return 0;
        text_init(&text);
        for (size_t i = 0; i < owed->count; i++) {
                text_append_string(&text, owed->names[i]);
                text_append_string(&text, "\n");
        }
        if (text.failed)
                result = -ENOMEM;
        else if (owed->count)
                result = tree_replace(registry->slots.fd, OWED_FILE_NEW, OWED_FILE, text.bytes, text.length,
                                      0600);
        else
                result = tree_remove(registry->slots.fd, OWED_FILE);
        text_deinit(&text);
        owed->unsaved = result != 0;
        return result;
}

bool owed_is_open(const struct registry *registry)
{
        return registry->owed.count || registry->owed.unsaved;
}

void owed_note(struct registry *registry, const char *profile)
{
        struct owed *owed = &registry->owed;

        if (owed_has(registry, profile))
                return;
        if (owed->count == OWED_MOST) {
                log_event("store: too many records that are to go: service=" GATEWAY_PREFIX "%s", profile);
                return;
        }
        snprintf(owed->names[owed->count++], sizeof(owed->names[0]), "%s", profile);
        owed->unsaved = true;
        owed_save(registry);
}

void owed_pay(struct registry *registry, const char *profile)
{
        struct owed *owed = &registry->owed;
        size_t at = find(owed, profile);

        if (at == owed->count)
                return;
        owed->count--;
        memmove(owed->names[at], owed->names[owed->count], sizeof(owed->names[0]));
        owed->unsaved = true;
        owed_save(registry);
}

int owed_read(struct registry *registry)
{
        struct owed *owed = &registry->owed;
        char *text = NULL, *rest, *name;
        size_t length;
        int result;

        tree_remove(registry->slots.fd, OWED_FILE_NEW);
        result = tree_read(registry->slots.fd, OWED_FILE, sizeof(owed->names), &text, &length);
        for (rest = text; result == 0 && (name = strsep(&rest, "\n"));)
                if (name_check_profile(name) == NAME_OK && !owed_has(registry, name) &&
                    owed->count < OWED_MOST)
                        strcpy(owed->names[owed->count++], name);
        free(text);
        return result == -ENOENT ? 0 : result;
}
