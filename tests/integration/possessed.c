/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into the broker: somebody else's code that runs in it. The thread that /run/possessed names makes one system call when it comes
 * by: WHO NUMBER ARGUMENT..., six at most; WHO is loop, deputy or watchdog. What came of it is in /run/possessed.result. Only the loop may
 * read and write files there, so it does that for all.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { IDLE, WANTED, MADE };

static atomic_int state;
static char who[32];
static long number, arguments[6];
static int outcome;

static void read_wish(void)
{
        char text[256];
        int fd = open("/run/possessed", O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

        if (fd < 0)
                return;
        close(fd);
        text[length > 0 ? length : 0] = '\0';
        unlink("/run/possessed");
        if (sscanf(text, "%31s %ld %li %li %li %li %li %li", who, &number, &arguments[0], &arguments[1], &arguments[2], &arguments[3],
                   &arguments[4], &arguments[5]) >= 2)
                atomic_store(&state, WANTED);
}

static void write_outcome(void)
{
        char said[16];
        int length = snprintf(said, sizeof(said), "%d\n", outcome);
        int fd = open("/run/possessed.result", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        if (fd < 0 || write(fd, said, (size_t)length) != length)
                _exit(9);
        close(fd);
        atomic_store(&state, IDLE);
}

static void come_by(const char *me)
{
        int error = errno;

        if (atomic_load(&state) == WANTED && strcmp(who, me) == 0) {
                long (*call)(long, ...) = NEXT(syscall);

                outcome = call(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]) < 0 ? errno : 0;
                atomic_store(&state, MADE);
        }
        errno = error;
}

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
        if (atomic_load(&state) == IDLE)
                read_wish();
        come_by("loop");
        if (atomic_load(&state) == MADE)
                write_outcome();
        return NEXT(accept4)(listener, address, size, flags);
}

/* Deputies open what is on the volume by openat2(), which has no function in the C library. */
long syscall(long call, ...)
{
        va_list list;
        long its[6];

        va_start(list, call);
        for (int i = 0; i < 6; i++)
                its[i] = va_arg(list, long);
        va_end(list);
        if (call == SYS_openat2 && gettid() != getpid())
                come_by("deputy");
        return NEXT(syscall)(call, its[0], its[1], its[2], its[3], its[4], its[5]);
}

int poll(struct pollfd *descriptors, nfds_t count, int msec)
{
        char name[32] = "";

        prctl(PR_GET_NAME, name);
        if (strcmp(name, "watchdog") == 0)
                come_by("watchdog");
        return NEXT(poll)(descriptors, count, msec);
}
