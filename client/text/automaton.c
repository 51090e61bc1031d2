/* SPDX-License-Identifier: ISC */
#include "client/text/automaton.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/expression.h"

/* How many sets of nodes are remembered as states, each with where a byte leads from there. When there would
 * be more, all are forgotten. */
#define STATES_MAX 512
#define SLOTS (4 * STATES_MAX) /* of the hash table that finds a state by its set */

#define WORDS (EXPRESSION_NODES_MAX / 64)

/* The states that every automaton has. START is left with the first byte; in IDLE no match has begun. */
enum { STATE_NONE = 0, STATE_MATCH, STATE_START, STATE_IDLE, STATES_FIXED };

#define UNKNOWN UINT16_MAX

struct set {
        uint64_t words[WORDS];
};

struct state {
        uint16_t next[256];
        bool matches_at_end;
        struct set set;
};

struct automaton {
        struct expression expression;
        struct set start, idle;
        size_t words;    /* how many words of a set are used */
        bool stays[256]; /* whether a byte leads from IDLE to IDLE, as far as that is known */
        size_t count;
        uint16_t slots[SLOTS]; /* 0: free */
        struct state states[STATES_MAX];
};

/* Where in the text the automaton is. */
#define AT_BEGIN 1u
#define AT_END 2u

static bool has(const struct set *set, size_t node)
{
        return set->words[node / 64] >> node % 64 & 1;
}

/* Adds a node to a set, and all nodes that are reached from it without taking a byte. */
static void reach(const struct automaton *automaton, uint16_t node, unsigned where, struct set *set)
{
        uint16_t open[2 * EXPRESSION_NODES_MAX];
        size_t count = 0;

        open[count++] = node;
        while (count > 0) {
                const struct node *next;

                node = open[--count];
                if (node == NODE_NONE || has(set, node))
                        continue;
                set->words[node / 64] |= UINT64_C(1) << node % 64;
                next = &automaton->expression.nodes[node];
                if (next->kind == NODE_FORK)
                        open[count++] = next->other;
                if (next->kind == NODE_FORK || (next->kind == NODE_BEGIN && where & AT_BEGIN) ||
                    (next->kind == NODE_END && where & AT_END))
                        open[count++] = next->next;
        }
}

static bool has_match(const struct automaton *automaton, const struct set *set)
{
        return has(set, automaton->expression.count - 1); /* the last node that was made is NODE_MATCH */
}

/* Does the block that follows for each node of a set. */
#define FOR_EACH(automaton, set, node)                                                                       \
        for (size_t word_ = 0; word_ < (automaton)->words; word_++)                                          \
                for (uint64_t left_ = (set)->words[word_];                                                   \
                     left_ && ((node) = word_ * 64 + (size_t)__builtin_ctzll(left_), true);                  \
                     left_ &= left_ - 1)

static bool matches_at_end(const struct automaton *automaton, const struct set *set, unsigned where)
{
        struct set end = {{0}};
        size_t node;

        FOR_EACH(automaton, set, node)
        {
                if (automaton->expression.nodes[node].kind == NODE_END)
                        reach(automaton, automaton->expression.nodes[node].next, where | AT_END, &end);
        }
        return has_match(automaton, &end) || has_match(automaton, set);
}

static void put(struct automaton *automaton, size_t index, const struct set *set, unsigned where)
{
        struct state *state = &automaton->states[index];

        memset(state->next, 0xff, sizeof(state->next));
        state->set = *set;
        state->matches_at_end = matches_at_end(automaton, set, where);
}

static void forget(struct automaton *automaton)
{
        memset(automaton->slots, 0, sizeof(automaton->slots));
        automaton->count = STATES_FIXED;
        put(automaton, STATE_START, &automaton->start, AT_BEGIN);
        put(automaton, STATE_IDLE, &automaton->idle, 0);
}

static bool is_same(const struct automaton *automaton, const struct set *one, const struct set *other)
{
        return memcmp(one->words, other->words, automaton->words * sizeof(*one->words)) == 0;
}

/* Returns the state of a set, which is made if there is none yet. */
static uint16_t find(struct automaton *automaton, const struct set *set)
{
        uint64_t hash = 0, any = 0;
        size_t slot;

        if (has_match(automaton, set))
                return STATE_MATCH;
        for (size_t i = 0; i < automaton->words; i++) {
                hash = (hash ^ set->words[i]) * UINT64_C(0x9e3779b97f4a7c15);
                hash ^= hash >> 29;
                any |= set->words[i];
        }
        if (!any)
                return STATE_NONE;
        if (is_same(automaton, set, &automaton->idle))
                return STATE_IDLE;
        for (slot = hash % SLOTS; automaton->slots[slot]; slot = (slot + 1) % SLOTS)
                if (is_same(automaton, &automaton->states[automaton->slots[slot]].set, set))
                        return automaton->slots[slot];
        if (automaton->count == STATES_MAX) {
                forget(automaton);
                slot = hash % SLOTS;
        }
        automaton->slots[slot] = (uint16_t)automaton->count;
        put(automaton, automaton->count, set, 0);
        return (uint16_t)automaton->count++;
}

/* Works out where a byte leads that was not met in that state before. */
static uint16_t step(struct automaton *automaton, uint16_t from, unsigned char byte)
{
        const struct set before = automaton->states[from].set;
        struct set set = automaton->idle;
        uint16_t to;
        size_t node;

        FOR_EACH(automaton, &before, node)
        {
                const struct node *taken = &automaton->expression.nodes[node];

                if (taken->kind == NODE_BYTES && expression_node_takes(taken, byte))
                        reach(automaton, taken->next, 0, &set);
        }
        to = find(automaton, &set);
        if (is_same(automaton, &automaton->states[from].set, &before)) /* `from` was not forgotten */
                automaton->states[from].next[byte] = to;
        if (from == STATE_IDLE)
                automaton->stays[byte] = to == STATE_IDLE;
        return to;
}

struct automaton *automaton_new(const char *expression)
{
        struct automaton *made = calloc(1, sizeof(*made));

        if (!made || !expression_parse(expression, &made->expression)) {
                free(made);
                return NULL;
        }
        made->words = made->expression.count / 64 + 1;
        if (made->words > WORDS)
                made->words = WORDS;
        reach(made, made->expression.first, AT_BEGIN, &made->start);
        reach(made, made->expression.first, 0, &made->idle);
        forget(made);
        return made;
}

void automaton_free(struct automaton *automaton)
{
        free(automaton);
}

bool automaton_is_loose(const struct automaton *automaton)
{
        return automaton->expression.loose;
}

bool automaton_can_scan(const struct automaton *automaton)
{
        return is_same(automaton, &automaton->start, &automaton->idle) &&
               !automaton->states[STATE_IDLE].matches_at_end;
}

/* Returns the state that a byte leads to. Nothing leads further from one up to STATE_MATCH. */
static uint16_t lead(struct automaton *automaton, uint16_t state, char byte)
{
        uint16_t next = automaton->states[state].next[(unsigned char)byte];

        return next == UNKNOWN ? step(automaton, state, (unsigned char)byte) : next;
}

/* Skips bytes that begin nothing, as most of a text does. */
static const char *skip_idle(const struct automaton *automaton, const char *text, const char *end)
{
        const bool *stays = automaton->stays;
        const unsigned char *at = (const unsigned char *)text;

        while (end - (const char *)at >= 8 && stays[at[0]] & stays[at[1]] & stays[at[2]] & stays[at[3]] &
                                                      stays[at[4]] & stays[at[5]] & stays[at[6]] &
                                                      stays[at[7]])
                at += 8;
        while ((const char *)at < end && stays[*at])
                at++;
        return (const char *)at;
}

/* At a newline a match begins anew. An expression that takes a newline, like [[:space:]], may find a line
 * that does not match, but misses none. */
const char *automaton_scan(struct automaton *automaton, const char *begin, const char *end)
{
        uint16_t state = STATE_IDLE;

        for (; begin < end; begin++) {
                if (state == STATE_IDLE && (begin = skip_idle(automaton, begin, end)) == end)
                        return NULL;
                if (*begin == '\n' && automaton->states[state].matches_at_end)
                        return begin;
                state = lead(automaton, state, *begin);
                if (state == STATE_MATCH)
                        return begin;
        }
        return automaton->states[state].matches_at_end ? end : NULL;
}

bool automaton_finds(struct automaton *automaton, const char *text, size_t length)
{
        const char *end = text + length;
        uint16_t state = STATE_START;

        if (has_match(automaton, &automaton->start))
                return true;
        for (; text < end; text++) {
                if (state == STATE_IDLE && (text = skip_idle(automaton, text, end)) == end)
                        break;
                state = lead(automaton, state, *text);
                if (state <= STATE_MATCH)
                        return state == STATE_MATCH;
        }
        return automaton->states[state].matches_at_end;
}
