/*
 * Preloaded into the broker: somebody else's code that runs in it. A thread that comes by makes the one system call that /run/possessed
 * names, WHO NUMBER ARGUMENT..., six at most; WHO is loop, deputy or watchdog. What came of it is in /run/possessed.result, where it goes on.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *who_am_i(void)
{
        char name[32] = "";

        if (gettid() == getpid())
                return "loop";
        prctl(PR_GET_NAME, name);
        return strcmp(name, "watchdog") == 0 ? "watchdog" : "deputy";
}

static void come_by(void)
{
        long (*call)(long, ...) = NEXT(syscall);
        char text[256], said[64], who[32];
        long number, arguments[6] = {0};
        int error = errno;
        int fd = open("/run/possessed", O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
                close(fd);
        text[length > 0 ? length : 0] = '\0';
        if (sscanf(text, "%31s %ld %li %li %li %li %li %li", who, &number, &arguments[0], &arguments[1], &arguments[2], &arguments[3],
                   &arguments[4], &arguments[5]) >= 2 && strcmp(who, who_am_i()) == 0 && rename("/run/possessed", "/run/possessed.taken") == 0) {
                long result = call(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);

                length = snprintf(said, sizeof(said), "%d\n", result < 0 ? errno : 0);
                fd = open("/run/possessed.result", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                if (fd < 0 || write(fd, said, (size_t)length) != length)
                        _exit(9);
                close(fd);
        }
        errno = error;
}

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
        come_by();
        return NEXT(accept4)(listener, address, size, flags);
}

/* Deputies open what is on the volume by openat2(), which has no function in the C library. */
long syscall(long number, ...)
{
        va_list list;
        long arguments[6];

        va_start(list, number);
        for (int i = 0; i < 6; i++)
                arguments[i] = va_arg(list, long);
        va_end(list);
        if (number == SYS_openat2 && gettid() != getpid())
                come_by();
        return NEXT(syscall)(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

int poll(struct pollfd *descriptors, nfds_t count, int msec)
{
        if (gettid() != getpid())
                come_by();
        return NEXT(poll)(descriptors, count, msec);
}
