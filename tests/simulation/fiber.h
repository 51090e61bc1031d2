/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_FIBER_H
#define SIMULATION_FIBER_H

#include <stdbool.h>
#include <stddef.h>

/* What AddressSanitizer must be told when the stack is changed. Without it: nothing. */
struct fiber {
        const void *bottom;
        size_t size;
        void *fake;
};

#ifdef __SANITIZE_ADDRESS__
#include <dlfcn.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <stdlib.h>
#include <ucontext.h>

/* The C library's own: AddressSanitizer's does not know that it is told, and warns in each life. */
static inline void fiber_swap(ucontext_t *own, const ucontext_t *other)
{
        static int (*swap)(ucontext_t *, const ucontext_t *);

        if (!swap) {
                void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
                void *found = library ? dlsym(library, "swapcontext") : NULL;

                if (!found)
                        abort();
                swap = (int (*)(ucontext_t *, const ucontext_t *))found;
        }
        swap(own, other);
}

/* A stack that is used from its beginning again: what was on it never returned. */
static inline void fiber_renew(const struct fiber *fiber)
{
        __asan_unpoison_memory_region(fiber->bottom, fiber->size);
}

/* From our own stack to another; `ends`: nobody comes back to ours. */
static inline void fiber_leave(struct fiber *own, const struct fiber *other, bool ends)
{
        own->fake = NULL;
        __sanitizer_start_switch_fiber(ends ? NULL : &own->fake, other->bottom, other->size);
}

/* On our stack again (own), or for the first time (NULL); `from`: what is noted of the stack that we came from. */
static inline void fiber_arrive(struct fiber *own, struct fiber *from)
{
        const void *bottom;
        size_t size;

        __sanitizer_finish_switch_fiber(own ? own->fake : NULL, &bottom, &size);
        if (from)
                *from = (struct fiber){bottom, size, NULL};
}
#else
#include <ucontext.h>

static inline void fiber_swap(ucontext_t *own, const ucontext_t *other)
{
        swapcontext(own, other);
}

static inline void fiber_renew(const struct fiber *fiber)
{
        (void)fiber;
}

static inline void fiber_leave(struct fiber *own, const struct fiber *other, bool ends)
{
        (void)own;
        (void)other;
        (void)ends;
}

static inline void fiber_arrive(struct fiber *own, struct fiber *from)
{
        (void)own;
        (void)from;
}
#endif

#endif
