#include "client/talk/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/state.h"

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

/* Where it is, or where it would be put in. */
static size_t find(const struct roster *roster, const char *name, bool *there)
{
        size_t low = 0, high = roster->count;

        *there = false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(member_string(roster->entries[middle].service, "name"), name);

                if (order == 0) {
                        *there = true;
                        return middle;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
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

static void drop(struct roster *roster, size_t at)
{
        json_object_put(roster->entries[at].service);
        roster->count--;
        memmove(roster->entries + at, roster->entries + at + 1,
                (roster->count - at) * sizeof(*roster->entries));
}

int roster_take(struct roster *roster, const char *event, struct json_object *service)
{
        const char *name = member_string(service, "name");
        bool there;
        size_t at;

        if (!event || !name)
                return 0;
        at = find(roster, name, &there);
        if (strcmp(event, "removed") == 0) {
                if (there)
                        drop(roster, at);
                return 0;
        }
        if (there) {
                json_object_put(roster->entries[at].service);
        } else {
                if (make_room(roster) < 0)
                        return -ENOMEM;
                memmove(roster->entries + at + 1, roster->entries + at,
                        (roster->count - at) * sizeof(*roster->entries));
                roster->count++;
        }
        roster->entries[at] = (struct roster_entry){json_object_get(service), true};
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
                        drop(roster, i);
        }
        return roster->count != before;
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

static size_t count_state(const struct roster *roster, const char *state)
{
        size_t count = 0;

        for (size_t i = 0; i < roster->count; i++) {
                struct json_object *service = roster->entries[i].service;
                const struct state *other =
                        state_find_cause(member_string(service, "state"), member_string(service, "cause"));

                count += strcmp(other->name, state) == 0;
        }
        return count;
}

const char *roster_summary(const struct roster *roster, char *buffer)
{
        static const char *const states[] = {"failed",   "unsupervised", "backoff", "held",   "starting",
                                             "stopping", "finishing",    "up",      "served", "down"};
        const char *separator = ": ";
        FILE *file = fmemopen(buffer, ROSTER_SUMMARY_BYTES, "w");

        buffer[0] = '\0';
        if (!file)
                return buffer;
        fprintf(file, "%zu service%s", roster->count, roster->count == 1 ? "" : "s");
        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
                size_t count = count_state(roster, states[i]);

                if (count == 0)
                        continue;
                fprintf(file, "%s%zu %s", separator, count, states[i]);
                separator = ", ";
        }
        fclose(file);
        buffer[ROSTER_SUMMARY_BYTES - 1] = '\0';
        return buffer;
}
