/* SPDX-License-Identifier: ISC */
/* Preloaded into the broker: each sync takes 300 ms more, as on a volume that is on the other side of a network. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void pause_before(void)
{
        const struct timespec pause = {.tv_nsec = 300000000};

        nanosleep(&pause, NULL);
}

int fsync(int fd)
{
        pause_before();
        return (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
        pause_before();
        return (int)syscall(SYS_syncfs, fd);
}
