#include "daemon/session/watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/methods/describe.h"

#define NAME_BYTES 32 /* of one name, beside it: what malloc keeps, and where it is */
/* A pump stops after this much, until the reader took it. */
#define PUMP_BYTES (64 * 1024)

/* What changed: a living service or a tombstone. */
struct change {
        uint64_t revision;
        struct service *service;
        struct tombstone *tombstone;
};

static bool bit_get(const struct watcher *watcher, unsigned index)
{
        return index / 64 < watcher->seen_words && watcher->seen[index / 64] >> index % 64 & 1;
}

static bool bit_set(struct watcher *watcher, unsigned index, bool value)
{
        if (index / 64 >= watcher->seen_words) {
                size_t words = index / 64 + 1;
                uint64_t *seen = reallocarray(watcher->seen, words, sizeof(*seen));

                if (!seen)
                        return false;
                memset(seen + watcher->seen_words, 0, (words - watcher->seen_words) * sizeof(*seen));
                watcher->seen = seen;
                watcher->seen_words = words;
        }
        if (value)
                watcher->seen[index / 64] |= (uint64_t)1 << index % 64;
        else
                watcher->seen[index / 64] &= ~((uint64_t)1 << index % 64);
        return true;
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool watcher_wants(const struct watcher *watcher, const char *name)
{
        if (!watcher->names)
                return true;
        return bsearch(&name, watcher->names, watcher->count, sizeof(*watcher->names), compare_names) != NULL;
}

int watcher_new(struct peer *peer, struct json_object *names)
{
        struct watcher *watcher = calloc(1, sizeof(*watcher));

        if (!watcher)
                return -ENOMEM;
        peer->watcher = watcher;
        if (peer->quota)
                peer->quota->watches++;
        if (!names)
                return 0;
        watcher->names = calloc(json_object_array_length(names) + 1, sizeof(char *));
        if (!watcher->names)
                return -ENOMEM;
        for (size_t i = 0; i < json_object_array_length(names); i++) {
                watcher->names[i] = strdup(json_object_get_string(json_object_array_get_idx(names, i)));
                if (!watcher->names[i])
                        return -ENOMEM;
                watcher->count++;
                watcher->bytes += strlen(watcher->names[i]) + NAME_BYTES;
        }
        /* Very many may be told of very many changes. */
        qsort(watcher->names, watcher->count, sizeof(*watcher->names), compare_names);
        return 0;
}

void watcher_free(struct peer *peer)
{
        struct watcher *watcher = peer->watcher;

        if (!watcher)
                return;
        peer->watcher = NULL;
        if (peer->quota)
                peer->quota->watches--;
        for (size_t i = 0; i < watcher->count; i++)
                free(watcher->names[i]);
        free(watcher->names);
        free(watcher->seen);
        free(watcher);
        watcher_bury(peer->server);
}

static int change_compare(const void *left, const void *right)
{
        const struct change *a = left;
        const struct change *b = right;

        return a->revision < b->revision ? -1 : a->revision > b->revision;
}

/* Everything newer than the cursor, in order. */
static size_t watcher_collect(const struct peer *peer, struct change *changes)
{
        const struct watcher *watcher = peer->watcher;
        const struct registry *registry = peer->server->registry;
        size_t count = 0;

        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->revision > watcher->cursor)
                        changes[count++] =
                                (struct change){registry->services[i]->revision, registry->services[i], NULL};
        for (struct tombstone *stone = peer->server->tombstones; stone; stone = stone->next)
                if (stone->revision > watcher->cursor)
                        changes[count++] = (struct change){stone->revision, NULL, stone};
        qsort(changes, count, sizeof(*changes), change_compare);
        return count;
}

static void watcher_send(struct peer *peer, const char *event, struct service *service,
                         const struct tombstone *stone)
{
        struct text text;

        text_init(&text);
        text_append_string(&text, "{\"event\":\"");
        text_append_string(&text, event);
        text_append_string(&text, "\",\"service\":");
        if (service)
                describe_service(peer->server, service, &text);
        else
                text_append(&text, stone->text, stone->length);
        text_append_string(&text, "}");
        peer_reply_text(peer, &text, true);
}

static void watcher_tell(struct peer *peer, const struct change *change)
{
        struct watcher *watcher = peer->watcher;
        const struct tombstone *stone = change->tombstone;
        const char *name = stone ? stone->text + stone->length + 1 : change->service->name;
        unsigned index = stone ? stone->index : change->service->index;
        bool indexed = stone || change->service->has_index;
        bool seen = indexed && bit_get(watcher, index);

        if (!watcher_wants(watcher, name) || (stone && !seen))
                return;
        if (indexed && !bit_set(watcher, index, !stone))
                peer->closing = true;
        watcher_send(peer, stone ? "removed" : seen ? "changed" : "present", change->service, stone);
}

void watcher_pump(struct peer *peer)
{
        struct watcher *watcher = peer->watcher;
        const struct registry *registry = peer->server->registry;
        struct change *changes;
        size_t count, told = 0;

        if (!watcher || peer->closing || !peer_is_drained(peer) || watcher->cursor == registry->revision)
                return;
        changes = reallocarray(NULL, registry->count + peer->server->tombstone_count + 1, sizeof(*changes));
        if (!changes) {
                peer->closing = true;
                return;
        }
        count = watcher_collect(peer, changes);
        for (; told < count && peer->out.length < PUMP_BYTES && !peer->closing; told++) {
                watcher_tell(peer, &changes[told]);
                watcher->cursor = changes[told].revision;
        }
        if (told == count)
                watcher->cursor = registry->revision;
        free(changes);
        watcher_bury(peer->server);
}

bool watcher_is_behind(const struct peer *peer)
{
        return peer->watcher && peer->watcher->cursor != peer->server->registry->revision;
}

static bool server_has_watchers(const struct server *server)
{
        for (size_t i = 0; i < SERVER_PEERS; i++)
                if (server->peers[i] && server->peers[i]->watcher)
                        return true;
        return false;
}

/* More removals than are kept: whoever has not read the oldest is closed, and may begin anew. */
static void watcher_close_slowest(struct server *server)
{
        uint64_t oldest = server->tombstones->revision;

        for (size_t i = 0; i < SERVER_PEERS; i++) {
                struct peer *peer = server->peers[i];

                if (peer && peer->watcher && peer->watcher->cursor < oldest)
                        peer_close(peer);
        }
}

void watcher_on_gone(struct server *server, struct service *service)
{
        struct registry *registry = server->registry;
        struct tombstone *stone = NULL;
        struct tombstone **at = &server->tombstones;
        struct text text;

        if (!service->has_index)
                return;
        if (server_has_watchers(server)) {
                text_init(&text);
                describe_service(server, service, &text);
                stone = text.failed ? NULL : malloc(sizeof(*stone) + text.length + strlen(service->name) + 2);
                if (stone) {
                        *stone = (struct tombstone){.revision = ++registry->revision,
                                                    .index = service->index,
                                                    .length = text.length};
                        memcpy(stone->text, text.bytes, text.length);
                        stone->text[text.length] = 0;
                        strcpy(stone->text + text.length + 1, service->name);
                }
                text_deinit(&text);
        }
        if (!stone) {
                server_return_index(server, service->index);
                return;
        }
        while (*at)
                at = &(*at)->next;
        *at = stone;
        if (++server->tombstone_count > LIMIT_REMOVED_EVENTS)
                watcher_close_slowest(server);
}

void watcher_bury(struct server *server)
{
        uint64_t told = UINT64_MAX;

        for (size_t i = 0; i < SERVER_PEERS; i++) {
                const struct peer *peer = server->peers[i];

                if (peer && peer->watcher && peer->watcher->cursor < told)
                        told = peer->watcher->cursor;
        }
        while (server->tombstones && server->tombstones->revision <= told) {
                struct tombstone *stone = server->tombstones;

                server->tombstones = stone->next;
                server->tombstone_count--;
                server_return_index(server, stone->index);
                free(stone);
        }
}
