/* SPDX-License-Identifier: ISC */
#include "client/say/state.h"

#include <stddef.h>
#include <string.h>

#include "client/say/member.h"

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
        /* Not a state of the interface, but held with the cause "served": such a service needs no process. */
        {STATE_SERVED, "served", TINT_GOOD, true, false, 5, "●", "*"},
        {STATE_DOWN, "down", TINT_DIM, false, false, 6, "○", "-"},
};

#define STATES (sizeof(states) / sizeof(states[0]))

static const struct state unknown = {STATE_UNKNOWN, "unknown", TINT_PLAIN, false, false, 4, "?", "?"};

const struct state *state_at(size_t place)
{
        return place < STATES ? &states[place] : NULL;
}

const struct state *state_of(struct json_object *service)
{
        const char *name = member_string(service, "state");
        bool served = name && strcmp(name, "held") == 0 && member_is(service, "cause", "served");

        for (size_t i = 0; name && i < STATES; i++) {
                bool found = states[i].kind == STATE_SERVED ? served
                                                            : strcmp(states[i].name, name) == 0 && !served;

                if (found)
                        return &states[i];
        }
        return &unknown;
}
