/* SPDX-License-Identifier: ISC */
/* The broker's memory: what it asks for may not be there. What libraries ask for is. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

static bool fails(void)
{
        if (!sim_inside || !sim_fault(FAULT_MEMORY, 100))
                return false;
        core->faults_met++;
        sim_trace("fault: no memory");
        errno = ENOMEM;
        return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
        return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
        return fails() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *place, size_t size);
void *__wrap_realloc(void *place, size_t size);
void *__wrap_realloc(void *place, size_t size)
{
        return fails() ? NULL : __real_realloc(place, size);
}

void *__real_reallocarray(void *place, size_t count, size_t size);
void *__wrap_reallocarray(void *place, size_t count, size_t size);
void *__wrap_reallocarray(void *place, size_t count, size_t size)
{
        return fails() ? NULL : __real_reallocarray(place, count, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
        return fails() ? NULL : __real_strdup(text);
}

/* What is freed holds nothing any more: who looks at it all the same does not find what was there. */
void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
        if (memory && sim_inside)
                memset(memory, 0xdd, malloc_usable_size(memory));
        __real_free(memory);
}
