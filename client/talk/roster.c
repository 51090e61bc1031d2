/* SPDX-License-Identifier: ISC */
#include "client/talk/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/state.h"
#include "proto/sorted.h"

void roster_init(struct roster *roster)
{
        *roster = (struct roster){0};
}

void roster_deinit(struct roster *roster)
{
        for (size_t i = 0; i < roster->count; i++)
                json_object_put(roster->entries[i].service);
        free(roster->entries);
        roster_init(roster);
}

static const char *name_of(const struct roster_entry *entry)
{
        return member_string(entry->service, "name");
}

static int compare(const void *name, const void *entry)
{
        return strcmp(name, name_of(entry));
}

/* Returns the entry of the service of that name; NULL: there is none. */
static struct roster_entry *find(const struct roster *roster, const char *name)
{
        if (roster->count == 0)
                return NULL;
        return bsearch(name, roster->entries, roster->count, sizeof(*roster->entries), compare);
}

static int make_room(struct roster *roster)
{
        size_t capacity = roster->capacity ? roster->capacity * 2 : 16;
        struct roster_entry *entries;

        if (roster->count < roster->capacity)
                return 0;
        entries = reallocarray(roster->entries, capacity, sizeof(*entries));
        if (!entries)
                return -ENOMEM;
        roster->entries = entries;
        roster->capacity = capacity;
        return 0;
}

static void drop(struct roster *roster, struct roster_entry *entry)
{
        json_object_put(entry->service);
        roster->count--;
        memmove(entry, entry + 1, (size_t)(roster->entries + roster->count - entry) * sizeof(*entry));
}

/* Makes a place for an entry among the others, by name. NULL when out of memory. */
static struct roster_entry *insert(struct roster *roster, const char *name)
{
        struct roster_entry *entry;

        if (make_room(roster) < 0)
                return NULL;
        entry = roster->entries +
                sorted_place(name, roster->entries, roster->count, sizeof(*roster->entries), compare);
        memmove(entry + 1, entry, (size_t)(roster->entries + roster->count - entry) * sizeof(*entry));
        roster->count++;
        return entry;
}

int roster_take(struct roster *roster, const char *event, struct json_object *service)
{
        const char *name = member_string(service, "name");
        struct roster_entry *entry;

        if (!event || !name)
                return 0;
        entry = find(roster, name);
        if (strcmp(event, "removed") == 0) {
                if (entry)
                        drop(roster, entry);
                return 0;
        }
        if (entry)
                json_object_put(entry->service);
        else
                entry = insert(roster, name);
        if (!entry)
                return -ENOMEM;
        *entry = (struct roster_entry){json_object_get(service), true};
        return 0;
}

void roster_doubt(struct roster *roster)
{
        for (size_t i = 0; i < roster->count; i++)
                roster->entries[i].confirmed = false;
}

bool roster_settle(struct roster *roster)
{
        size_t before = roster->count;

        for (size_t i = roster->count; i-- > 0;) {
                if (!roster->entries[i].confirmed)
                        drop(roster, roster->entries + i);
        }
        return roster->count != before;
}

struct json_object *roster_find(const struct roster *roster, const char *name)
{
        struct roster_entry *entry = find(roster, name);

        return entry ? entry->service : NULL;
}

struct json_object *roster_array(const struct roster *roster)
{
        struct json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < roster->count; i++) {
                if (json_object_array_add(array, json_object_get(roster->entries[i].service)) < 0) {
                        json_object_put(roster->entries[i].service);
                        json_object_put(array);
                        return NULL;
                }
        }
        return array;
}

static size_t count_state(const struct roster *roster, const struct state *state)
{
        size_t count = 0;

        for (size_t i = 0; i < roster->count; i++) {
                struct json_object *service = roster->entries[i].service;

                count += state_of(service) == state;
        }
        return count;
}

const char *roster_summary(const struct roster *roster, char *buffer)
{
        const char *separator = ": ";
        FILE *file = fmemopen(buffer, ROSTER_SUMMARY_BYTES, "w");

        buffer[0] = '\0';
        if (!file)
                return buffer;
        fprintf(file, "%zu service%s", roster->count, roster->count == 1 ? "" : "s");
        for (size_t i = 0; state_at(i); i++) {
                size_t count = count_state(roster, state_at(i));

                if (count == 0)
                        continue;
                fprintf(file, "%s%zu %s", separator, count, state_at(i)->name);
                separator = ", ";
        }
        fclose(file);
        buffer[ROSTER_SUMMARY_BYTES - 1] = '\0';
        return buffer;
}
