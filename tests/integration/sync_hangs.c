/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into the broker: the first sync after /run/sync-hangs is there takes until /run/sync-goes is. For a file system that is
 * busy with what others have written to it.
 */
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_int taken;

static int is_there(const char *path)
{
        struct stat info;

        return stat(path, &info) == 0;
}

static void hang(void)
{
        const struct timespec moment = {.tv_nsec = 10000000};

        if (!is_there("/run/sync-hangs") || atomic_exchange(&taken, 1))
                return;
        while (!is_there("/run/sync-goes"))
                nanosleep(&moment, NULL);
}

int fsync(int fd)
{
        hang();
        return (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
        hang();
        return (int)syscall(SYS_syncfs, fd);
}
