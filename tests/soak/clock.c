/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into every program of a tree: the time of day is as far off as /run/soak.clock says, a number of seconds in eight
 * bytes. What steps a container's clock steps the machine's, and that is nobody's to move for a test.
 *
 * What the kernel stamps by itself (times of files) and waits for (a futex) is not off.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_sec;
static const int64_t none;

static int64_t offset(void)
{
        if (!offset_sec) {
                int fd = (int)syscall(SYS_openat, AT_FDCWD, "/run/soak.clock", O_RDONLY | O_CLOEXEC);
                void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*offset_sec), PROT_READ, MAP_SHARED, fd, 0);

                if (fd >= 0)
                        syscall(SYS_close, fd);
                offset_sec = map == MAP_FAILED ? &none : map;
        }
        return *offset_sec;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
        int result = (int)syscall(SYS_clock_gettime, clock, now);

        if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                now->tv_sec += offset();
        return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
        struct timespec found;

        (void)zone;
        clock_gettime(CLOCK_REALTIME, &found);
        now->tv_sec = found.tv_sec;
        now->tv_usec = found.tv_nsec / 1000;
        return 0;
}

time_t time(time_t *now)
{
        struct timespec found;

        clock_gettime(CLOCK_REALTIME, &found);
        if (now)
                *now = found.tv_sec;
        return found.tv_sec;
}
