/* SPDX-License-Identifier: ISC */
/*
 * Notes every function that svcbrokerd enters and leaves, for tools/walk: linked into a build that has -finstrument-functions,
 * it fills /run/walk. Not installed, and part of no other build.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOTES_MOST (1 << 22)
#define UNSEEN __attribute__((no_instrument_function))

struct note {
        uint64_t function; /* its place in the program's file */
        uint32_t thread;
        uint32_t entered;
};

static struct note *notes;
static atomic_uint count;
static uintptr_t base;

UNSEEN static int find_base(struct dl_phdr_info *info, size_t size, void *owner)
{
        base = info->dlpi_addr; /* of the first one, the program */
        return 1;
}

__attribute__((constructor)) UNSEEN static void begin(void)
{
        size_t bytes = NOTES_MOST * sizeof(*notes);
        void *place;
        int fd;

        if (strcmp(program_invocation_short_name, "svcbrokerd") != 0)
                return;
        dl_iterate_phdr(find_base, NULL);
        fd = open("/run/walk", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return;
        place = ftruncate(fd, (off_t)bytes) < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (place != MAP_FAILED)
                notes = place;
}

UNSEEN static void note(void *function, uint32_t entered)
{
        unsigned at = notes ? atomic_fetch_add(&count, 1) : NOTES_MOST;

        if (at >= NOTES_MOST)
                return;
        notes[at].thread = (uint32_t)syscall(SYS_gettid);
        notes[at].entered = entered;
        notes[at].function = (uintptr_t)function - base;
}

UNSEEN void __cyg_profile_func_enter(void *function, void *caller)
{
        note(function, 1);
}

UNSEEN void __cyg_profile_func_exit(void *function, void *caller)
{
        note(function, 0);
}
