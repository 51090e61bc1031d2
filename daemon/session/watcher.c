/* SPDX-License-Identifier: ISC */
#include "daemon/session/watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/session/describe.h"
#include "daemon/session/peer.h"
#include "proto/sorted.h"

struct watcher {
        struct feed feed;
        struct peer *peer;
        struct watcher *next;
        uint64_t cursor; /* everything up to this revision was sent */
        uint64_t *seen;  /* bit set: the reader was told of the service with this index */
        size_t seen_words;
        char **names; /* of services, sorted; NULL: all */
        size_t count;
};

/* A removed service, which some reader of Watch has not been told of. */
struct tombstone {
        struct tombstone *next;
        uint64_t revision;
        unsigned index;
        size_t length;
        char text[]; /* the service as JSON, and behind its NUL its name */
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

static bool watcher_wants(const struct watcher *watcher, const char *name)
{
        if (!watcher->names)
                return true;
        return bsearch(&name, watcher->names, watcher->count, sizeof(*watcher->names),
                       sorted_compare_strings) != NULL;
}

/* Takes a free index for watcher.seen. False: out of memory. */
static bool index_take(struct watchers *watchers, unsigned *index)
{
        uint64_t *longer;

        for (size_t word = 0; word < watchers->index_words; word++)
                if (~watchers->index_used[word]) {
                        unsigned bit = (unsigned)__builtin_ctzll(~watchers->index_used[word]);

                        watchers->index_used[word] |= (uint64_t)1 << bit;
                        *index = (unsigned)word * 64 + bit;
                        return true;
                }
        longer = reallocarray(watchers->index_used, watchers->index_words + 1, sizeof(*longer));
        if (!longer)
                return false;
        watchers->index_used = longer;
        *index = (unsigned)watchers->index_words * 64;
        longer[watchers->index_words++] = 1;
        return true;
}

/* Gives the service the index that watchers know it by, if it has none. False: out of memory; tried again
 * when the service is told of. */
static bool service_index(struct watchers *watchers, struct service *service)
{
        if (!service->has_index)
                service->has_index = index_take(watchers, &service->index);
        return service->has_index;
}

static void index_return(struct watchers *watchers, unsigned index)
{
        watchers->index_used[index / 64] &= ~((uint64_t)1 << index % 64);
}

/* Frees the tombstones that every watcher was told of. */
static void watchers_bury(struct watchers *watchers)
{
        uint64_t told = UINT64_MAX;

        if (!watchers->stones)
                return;
        for (const struct watcher *watcher = watchers->first; watcher; watcher = watcher->next)
                if (watcher->cursor < told)
                        told = watcher->cursor;
        while (watchers->stones && watchers->stones->revision <= told) {
                struct tombstone *stone = watchers->stones;

                watchers->stones = stone->next;
                watchers->stone_count--;
                index_return(watchers, stone->index);
                free(stone);
        }
}

/* Takes the service out of the list of those that changed, if it is in there. */
static void change_take_out(struct watchers *watchers, struct service *service)
{
        if (!service->older && watchers->oldest != service)
                return;
        *(service->older ? &service->older->newer : &watchers->oldest) = service->newer;
        *(service->newer ? &service->newer->older : &watchers->newest) = service->older;
        service->older = service->newer = NULL;
}

/* Puts the service last in the list of those that changed: it has the newest revision. */
static void change_put_last(struct watchers *watchers, struct service *service)
{
        change_take_out(watchers, service);
        service->older = watchers->newest;
        *(service->older ? &service->older->newer : &watchers->oldest) = service;
        watchers->newest = service;
}

/* The first service that changed after that revision; NULL: none did. Takes as many steps as services did. */
static struct service *change_first(const struct watchers *watchers, uint64_t after)
{
        struct service *service = watchers->newest;

        if (!service || service->revision <= after)
                return NULL;
        while (service->older && service->older->revision > after)
                service = service->older;
        return service;
}

static struct tombstone *stone_first(const struct watchers *watchers, uint64_t after)
{
        struct tombstone *stone = watchers->stones;

        while (stone && stone->revision <= after)
                stone = stone->next;
        return stone;
}

static void watcher_send(struct peer *peer, const char *event, struct service *service,
                         const struct tombstone *stone)
{
        struct text *text = peer_reply_begin(peer);

        text_append_string(text, "{\"event\":\"");
        text_append_string(text, event);
        text_append_string(text, "\",\"service\":");
        if (service)
                describe_service(peer->server, service, text);
        else
                text_append(text, stone->text, stone->length);
        text_append_string(text, "}");
        peer_reply_end(peer, true);
}

/* Tells the reader of a service, or of a tombstone. If memory is too short to note that the reader was told,
 * the Watch ends, and the client may begin a new one: told all the same, the service would come as "present"
 * twice, and never as "removed". */
static void watcher_tell(struct watcher *watcher, struct service *service, const struct tombstone *stone)
{
        const char *name = stone ? stone->text + stone->length + 1 : service->name;
        unsigned index;
        bool seen;

        if (!watcher_wants(watcher, name))
                return;
        if (!stone && !service_index(&watcher->peer->server->watchers, service)) {
                peer_finish(watcher->peer);
                return;
        }
        index = stone ? stone->index : service->index;
        seen = bit_get(watcher, index);
        if (stone && !seen)
                return;
        if (!bit_set(watcher, index, !stone)) {
                peer_finish(watcher->peer);
                return;
        }
        watcher_send(watcher->peer, stone ? "removed" : seen ? "changed" : "present", service, stone);
}

/* Tells what changed since the cursor, oldest first. Telling of a service may show a change of it, which
 * moves it to the end: the reader gets its newest state, and `next` is taken before. */
static void watcher_pump(struct feed *feed, struct peer *peer)
{
        struct watcher *watcher = (struct watcher *)feed;
        struct watchers *watchers = &peer->server->watchers;
        struct service *service = change_first(watchers, watcher->cursor);
        struct tombstone *stone = stone_first(watchers, watcher->cursor);
        uint64_t until = peer->server->registry->revision;

        watchers->woken = false;
        while ((service || stone) && peer->out.length < WATCH_PUMP_BYTES &&
               peer_state_takes_calls(peer->state)) {
                bool gone = stone && (!service || stone->revision < service->revision);
                struct service *next = gone ? service : service->newer;

                watcher->cursor = gone ? stone->revision : service->revision;
                watcher_tell(watcher, gone ? NULL : service, gone ? stone : NULL);
                if (gone)
                        stone = stone->next;
                service = next && next->revision <= until ? next : NULL;
        }
        if (!service && !stone)
                watcher->cursor = peer->server->registry->revision;
        watchers_bury(watchers);
}

static bool watcher_is_behind(const struct feed *feed, const struct peer *peer)
{
        return ((const struct watcher *)feed)->cursor != peer->server->registry->revision;
}

static void watcher_free(struct feed *feed, struct peer *peer)
{
        struct watcher *watcher = (struct watcher *)feed;
        struct watchers *watchers = &peer->server->watchers;
        struct watcher **at = &watchers->first;

        while (*at != watcher)
                at = &(*at)->next;
        *at = watcher->next;
        watchers->woken = false;
        if (peer->quota)
                peer->quota->watches--;
        for (size_t i = 0; i < watcher->count; i++)
                free(watcher->names[i]);
        free(watcher->names);
        free(watcher->seen);
        free(watcher);
        watchers_bury(watchers);
}

/* Copies the names. They are sorted for bsearch(3): there may be very many names, and very many changes to
 * look up. 0 or -ENOMEM. */
static int watcher_take_names(struct watcher *watcher, struct json_object *names)
{
        watcher->names = calloc(json_object_array_length(names) + 1, sizeof(*watcher->names));
        if (!watcher->names)
                return -ENOMEM;
        for (size_t i = 0; i < json_object_array_length(names); i++) {
                watcher->names[i] = strdup(json_object_get_string(json_object_array_get_idx(names, i)));
                if (!watcher->names[i])
                        return -ENOMEM;
                watcher->count++;
                watcher->feed.bytes += strlen(watcher->names[i]) + WATCH_NAME_BYTES;
        }
        qsort(watcher->names, watcher->count, sizeof(*watcher->names), sorted_compare_strings);
        return 0;
}

int watcher_new(struct peer *peer, struct json_object *names)
{
        struct watchers *watchers = &peer->server->watchers;
        struct watcher *watcher = calloc(1, sizeof(*watcher));
        int result;

        if (!watcher)
                return -ENOMEM;
        watcher->feed = (struct feed){
                .pump = watcher_pump, .is_due = watcher_is_behind, .drop = watcher_free, .endless = true};
        watcher->peer = peer;
        watcher->next = watchers->first;
        watchers->first = watcher;
        if (peer->quota)
                peer->quota->watches++;
        result = names ? watcher_take_names(watcher, names) : 0;
        if (result)
                watcher_free(&watcher->feed, peer);
        else
                peer->request.feed = &watcher->feed; /* pumped when the call has been taken */
        return result;
}

/* Wakes all watchers, once until the first has its turn: further changes are told in the same turns. */
static void watchers_wake(struct watchers *watchers)
{
        if (watchers->woken)
                return;
        watchers->woken = true;
        for (struct watcher *watcher = watchers->first; watcher; watcher = watcher->next)
                ready_wake(&watcher->peer->ready);
}

void watchers_on_changed(struct server *server, struct service *service)
{
        change_put_last(&server->watchers, service);
        service_index(&server->watchers, service);
        describe_forget(service);
        watchers_wake(&server->watchers);
}

/* Closes each watcher that was not told of the oldest removal, as more removals wait than are kept. The
 * client may begin a new Watch. */
static void watchers_close_slowest(struct watchers *watchers)
{
        uint64_t oldest = watchers->stones->revision;

        for (struct watcher *watcher = watchers->first, *next; watcher; watcher = next) {
                next = watcher->next;
                if (watcher->cursor < oldest)
                        peer_close(watcher->peer);
        }
}

/* Makes a tombstone of the service, with a revision of its own. NULL: nobody watches, or out of memory. */
static struct tombstone *tombstone_new(struct server *server, struct service *service)
{
        struct tombstone *stone = NULL;
        struct text text;

        if (!server->watchers.first)
                return NULL;
        text_init(&text);
        describe_service(server, service, &text);
        if (!text.failed)
                stone = malloc(sizeof(*stone) + text.length + strlen(service->name) + 2);
        if (stone) {
                *stone = (struct tombstone){.revision = ++server->registry->revision,
                                            .index = service->index,
                                            .length = text.length};
                memcpy(stone->text, text.bytes, text.length);
                stone->text[text.length] = '\0';
                strcpy(stone->text + text.length + 1, service->name);
        }
        text_deinit(&text);
        return stone;
}

void watchers_on_gone(struct server *server, struct service *service)
{
        struct watchers *watchers = &server->watchers;
        struct tombstone **at = &watchers->stones;
        bool is_told_of = service->has_index;
        struct tombstone *stone = is_told_of ? tombstone_new(server, service) : NULL;

        change_take_out(watchers, service);
        if (!is_told_of)
                return;
        if (!stone) {
                index_return(watchers, service->index);
                return;
        }
        while (*at)
                at = &(*at)->next;
        *at = stone;
        watchers_wake(watchers);
        if (++watchers->stone_count > LIMIT_REMOVED_EVENTS)
                watchers_close_slowest(watchers);
}

void watchers_deinit(struct watchers *watchers)
{
        while (watchers->stones) {
                struct tombstone *stone = watchers->stones;

                watchers->stones = stone->next;
                free(stone);
        }
        free(watchers->index_used);
        *watchers = (struct watchers){0};
}
