/* SPDX-License-Identifier: ISC */
#include "daemon/edge/ballast.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int take_one(int directory)
{
        int fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        if (fallocate(fd, 0, 0, BALLAST_FILE_BYTES) < 0) {
                int result = -errno;

                close(fd);
                return result;
        }
        return fd;
}

int ballast_take(struct ballast *ballast, int directory)
{
        while (ballast->count < BALLAST_FILES) {
                int fd = take_one(directory);

                if (fd < 0) {
                        ballast_drop(ballast);
                        return fd;
                }
                ballast->fds[ballast->count++] = fd;
        }
        return 0;
}

void ballast_drop(struct ballast *ballast)
{
        while (ballast->count)
                close(ballast->fds[--ballast->count]);
}
