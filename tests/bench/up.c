/* SPDX-License-Identifier: ISC */
/*
 * What the supervisors of peers.py run: says at its first instruction when that is, and stays until a signal ends it.
 * The time (CLOCK_MONOTONIC, in nanoseconds, eight bytes) goes to the datagram socket `up.socket` beside this program;
 * who receives it learns the pid by SCM_CREDENTIALS, as seen from there. Arguments are for those who look at it.
 */
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

int main(void)
{
        int64_t now = bench_now_nsec();
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char self[sizeof(address.sun_path)] = "";
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
                return 1;
        if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/up.socket", dirname(self)) >=
            sizeof(address.sun_path))
                return 1;
        if (fd < 0 || sendto(fd, &now, sizeof(now), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
                bench_fail("up.socket: cannot be reached");
        close(fd);
        for (;;)
                pause();
}
