#include "client/say/state.h"

#include <stddef.h>
#include <string.h>

/* The states stand in the order in which a person is told of them. */
static const struct state states[] = {
        {STATE_FAILED, "failed", TINT_BAD, false, true, 0, "✗", "x"},
        {STATE_UNSUPERVISED, "unsupervised", TINT_BAD, false, true, 1, "✗", "x"},
        {STATE_BACKOFF, "backoff", TINT_BAD, false, true, 2, "↻", "!"},
        {STATE_HELD, "held", TINT_BUSY, false, true, 3, "◇", "="},
        {STATE_STARTING, "starting", TINT_BUSY, true, false, 4, "◐", "+"},
        {STATE_STOPPING, "stopping", TINT_BUSY, true, false, 4, "◐", "~"},
        {STATE_FINISHING, "finishing", TINT_BUSY, false, false, 4, "◐", "~"},
        {STATE_UP, "up", TINT_GOOD, true, false, 5, "●", "*"},
        /* No state of the interface, but what is held with the cause "served": it needs no process. */
        {STATE_SERVED, "served", TINT_GOOD, true, false, 5, "●", "*"},
        {STATE_DOWN, "down", TINT_DIM, false, false, 6, "○", "-"},
};

#define STATES (sizeof(states) / sizeof(states[0]))

static const struct state unknown = {STATE_UNKNOWN, "unknown", TINT_PLAIN, false, false, 4, "?", "?"};

const struct state *state_at(size_t place)
{
        return place < STATES ? &states[place] : NULL;
}

static const struct state *find_kind(enum state_kind kind)
{
        size_t i = 0;

        while (states[i].kind != kind)
                i++;
        return &states[i];
}

const struct state *state_find_cause(const char *name, const char *cause)
{
        const struct state *state = state_find(name);

        return state->kind == STATE_HELD && cause && strcmp(cause, "served") == 0 ? find_kind(STATE_SERVED)
                                                                                  : state;
}

const struct state *state_find(const char *name)
{
        for (size_t i = 0; name && i < STATES; i++) {
                if (states[i].kind != STATE_SERVED && strcmp(states[i].name, name) == 0)
                        return &states[i];
        }
        return &unknown;
}
