/* SPDX-License-Identifier: ISC */
#include "daemon/order/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/service/registry.h"
#include "proto/name.h"
#include "proto/sorted.h"

#define LINE_BYTES (RECORD_REASON_BYTES + 128)

void boot_init(struct boot *boot, struct registry *registry)
{
        *boot = (struct boot){.looking = false};
        text_init(&boot->lost);
        registry->boot_state = boot;
}

void boot_deinit(struct boot *boot)
{
        text_deinit(&boot->lost);
}

void boot_look(struct registry *registry, bool looking)
{
        registry->boot_state->looking = looking;
}

void boot_begin(struct registry *registry, size_t profiles, size_t to_come)
{
        struct boot *boot = registry->boot_state;

        boot->profiles = profiles;
        boot->to_come = to_come;
        boot->missing = 0;
        text_clear(&boot->lost);
}

void boot_follow(struct registry *registry, bool follows)
{
        registry->boot_state->follows = follows;
}

bool boot_follows(const struct registry *registry)
{
        return registry->boot_state->follows;
}

void boot_made(struct registry *registry)
{
        registry->boot_state->to_come--;
}

void boot_lost(struct registry *registry, const char *profile, const char *why)
{
        struct boot *boot = registry->boot_state;

        boot->to_come--;
        boot->missing++;
        snprintf(boot->why, sizeof(boot->why), "%s", why);
        text_append(&boot->lost, profile, strlen(profile) + 1);
}

void boot_forget(struct registry *registry, const char *profile)
{
        struct boot *boot = registry->boot_state;
        struct text *lost = &boot->lost;
        size_t bytes = strlen(profile) + 1;

        for (size_t at = 0; !lost->failed && at < lost->length; at += strlen(lost->bytes + at) + 1) {
                if (strcmp(lost->bytes + at, profile) != 0)
                        continue;
                memmove(lost->bytes + at, lost->bytes + at + bytes, lost->length - at - bytes);
                lost->length -= bytes;
                boot->missing--;
                return;
        }
}

void boot_sort_lost(const struct text *text, struct boot_lost *lost)
{
        size_t count = 0;

        *lost = (struct boot_lost){0};
        for (size_t at = 0; at < text->length; at += strlen(text->bytes + at) + 1)
                count++;
        lost->names = text->failed ? NULL : reallocarray(NULL, count + 1, sizeof(*lost->names));
        for (size_t at = 0; lost->names && at < text->length; at += strlen(text->bytes + at) + 1)
                lost->names[lost->count++] = text->bytes + at;
        if (lost->names)
                qsort(lost->names, lost->count, sizeof(*lost->names), sorted_compare_strings);
}

bool boot_is_lost(const struct boot_lost *lost, const char *profile)
{
        /* Without memory for their names it is not known which profiles were lost. */
        if (!lost->names)
                return true;
        return lost->count &&
               bsearch(&profile, lost->names, lost->count, sizeof(*lost->names), sorted_compare_strings);
}

void boot_free_lost(struct boot_lost *lost)
{
        free(lost->names);
        *lost = (struct boot_lost){0};
}

unsigned boot_pause_msec(struct registry *registry)
{
        struct boot *boot = registry->boot_state;

        if (!boot->missing)
                boot->pause_msec = 0;
        else if (!boot->pause_msec)
                boot->pause_msec = BOOT_AGAIN_FIRST_MSEC;
        else if (boot->pause_msec < BOOT_AGAIN_MOST_MSEC / 2)
                boot->pause_msec *= 2;
        else
                boot->pause_msec = BOOT_AGAIN_MOST_MSEC;
        return boot->pause_msec;
}

size_t boot_missing(const struct registry *registry)
{
        const struct text *lost = &registry->boot_state->lost;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        size_t missing = 0;

        if (lost->failed)
                return registry->boot_state->missing;
        for (size_t at = 0; at < lost->length; at += strlen(lost->bytes + at) + 1) {
                name_service_of(lost->bytes + at, name, sizeof(name));
                missing += !registry_find(registry, name);
        }
        return missing;
}

void boot_check(const struct registry *registry, void (*tell)(void *owner, const char *line), void *owner)
{
        const struct boot *boot = registry->boot_state;
        size_t gateways = 0, alone = 0, missing = boot_missing(registry);
        char line[LINE_BYTES];

        if (missing) {
                snprintf(line, sizeof(line),
                         "%zu of %zu profile%s %s no gateway yet: %s: the broker tries again", missing,
                         boot->profiles, boot->profiles == 1 ? "" : "s", missing == 1 ? "has" : "have",
                         boot->why);
                tell(owner, line);
        }
        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                gateways += service->profile != NULL;
                alone += service->profile && service->shown.state == STATE_UNSUPERVISED;
        }
        if (alone > 1) {
                snprintf(line, sizeof(line),
                         "%zu of %zu gateways have no s6-supervise yet: s6-svscan was told of them, and is "
                         "told again",
                         alone, gateways);
                tell(owner, line);
        }
}

void boot_notes(const struct registry *registry, void (*tell)(void *owner, const char *line), void *owner)
{
        const struct boot *boot = registry->boot_state;
        size_t queued = 0, wanted = 0;
        char line[LINE_BYTES];

        if (boot->looking)
                tell(owner, "booting: the broker is looking for the profiles");
        if (boot->to_come) {
                snprintf(line, sizeof(line), "booting: %zu of %zu gateway%s %s no slot yet", boot->to_come,
                         boot->profiles, boot->profiles == 1 ? "" : "s", boot->to_come == 1 ? "has" : "have");
                tell(owner, line);
        }
        for (size_t i = 0; i < registry->count; i++) {
                wanted += registry->services[i]->profile && registry->services[i]->shown.want_up;
                queued += registry->services[i]->queued == QUEUED_FOR_START;
        }
        if (queued) {
                snprintf(line, sizeof(line),
                         "%zu of %zu gateway%s wanted up %s still to be started, at most %u at once", queued,
                         wanted, wanted == 1 ? "" : "s", queued == 1 ? "is" : "are",
                         registry->stagger.at_once);
                tell(owner, line);
        }
}
