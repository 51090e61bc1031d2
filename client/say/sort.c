/* SPDX-License-Identifier: ISC */
#include "client/say/sort.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/facts.h"

struct entry {
        struct json_object *service;
        struct facts facts;
};

static int compare_name(const struct facts *left, const struct facts *right)
{
        return strcmp(left->name, right->name);
}

static int compare_state(const struct facts *left, const struct facts *right)
{
        return (left->state->rank > right->state->rank) - (left->state->rank < right->state->rank);
}

/* Compares so that the larger number comes first. */
static int compare_numbers(int64_t left, int64_t right)
{
        return (left < right) - (left > right);
}

static int compare_age(const struct facts *left, const struct facts *right)
{
        return compare_numbers(right->since_usec, left->since_usec);
}

static int compare_restarts(const struct facts *left, const struct facts *right)
{
        return compare_numbers(left->restarts, right->restarts);
}

static int compare_pid(const struct facts *left, const struct facts *right)
{
        return compare_numbers(left->pid, right->pid);
}

static int compare_memory(const struct facts *left, const struct facts *right)
{
        return compare_numbers(left->memory_bytes, right->memory_bytes);
}

static int compare_cpu(const struct facts *left, const struct facts *right)
{
        return compare_numbers(left->cpu_permille, right->cpu_permille);
}

int sort_by_attention(const struct facts *left, const struct facts *right)
{
        bool left_first = facts_need_attention(left), right_first = facts_need_attention(right);
        int result;

        if (left_first != right_first)
                return left_first ? -1 : 1;
        result = compare_state(left, right);
        return result ? result : compare_name(left, right);
}

/* All orders; the first KEYS_ASKED_FOR of them are SORT_KEYS. */
static const struct {
        const char *word;
        int (*compare)(const struct facts *left, const struct facts *right);
} keys[] = {
        {"name", compare_name}, {"state", compare_state},
        {"age", compare_age},   {"restarts", compare_restarts},
        {"pid", compare_pid},   {"memory", compare_memory},
        {"cpu", compare_cpu},   {SORT_ATTENTION, sort_by_attention},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))
#define KEYS_ASKED_FOR 5

static size_t place_of(const char *word)
{
        size_t i = 0;

        while (i < KEYS && strcmp(keys[i].word, word) != 0)
                i++;
        return i;
}

bool sort_is_key(const char *word)
{
        return place_of(word) < KEYS_ASKED_FOR;
}

const char *sort_next(const char *key)
{
        return keys[(place_of(key) + 1) % KEYS].word;
}

static int compare_entries(const void *one, const void *other, void *key)
{
        const struct entry *left = one, *right = other;
        int result = keys[*(const size_t *)key].compare(&left->facts, &right->facts);

        return result ? result : compare_name(&left->facts, &right->facts);
}

struct json_object *sort_services(struct json_object *services, const char *key)
{
        size_t count = json_object_array_length(services), place = place_of(key);
        struct entry *entries = calloc(count + 1, sizeof(*entries));
        struct json_object *sorted = entries ? json_object_new_array() : NULL;

        for (size_t i = 0; sorted && i < count; i++) {
                entries[i].service = json_object_array_get_idx(services, i);
                facts_read(entries[i].service, &entries[i].facts);
        }
        if (sorted && place < KEYS)
                qsort_r(entries, count, sizeof(*entries), compare_entries, &place);
        for (size_t i = 0; sorted && i < count; i++)
                json_object_array_add(sorted, json_object_get(entries[i].service));
        free(entries);
        return sorted;
}
