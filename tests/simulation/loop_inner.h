/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_LOOP_INNER_H
#define SIMULATION_LOOP_INNER_H

#include "core.h"

/* What loop.c, a turn, and loop_handles.c, what there is to be turned, have in common. */

enum { CLOSING = 1, CLOSED = 2, ACTIVE = 4, REF = 8 };

#define HANDLES_MOST 8192

struct loop_state {
        uv_handle_t *handles[HANDLES_MOST]; /* not closed, in the order of their beginning */
        unsigned char skipped[HANDLES_MOST];
        unsigned count;
        uv_handle_t *closing; /* the last one first, as libuv has it */
};
extern struct loop_state loop_state;

void handle_drop(const uv_handle_t *handle);

static inline bool handle_is_active(const uv_handle_t *handle, uv_handle_type type)
{
        return handle->type == type && handle->flags & ACTIVE;
}

/* Whose turn it is among those of a kind. */
static inline intptr_t handle_place(const uv_handle_t *handle)
{
        return (intptr_t)handle->u.reserved[0];
}

#endif
