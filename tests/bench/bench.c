/* SPDX-License-Identifier: ISC */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void bench_fail(const char *format, ...)
{
        va_list arguments;

        fprintf(stderr, "%s: ", program_invocation_short_name);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        exit(EXIT_FAILURE);
}

int64_t bench_now_nsec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

long bench_number(const char *text)
{
        char *end;
        long number = strtol(text, &end, 10);

        if (end == text || *end || number < 1)
                bench_fail("%s: not a number", text);
        return number;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a;
        double y = *(const double *)b;

        return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
        qsort(values, count, sizeof(*values), compare);
        return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

const char *bench_numbered(const char *pattern, long number)
{
        static char request[1024];
        const char *at = strstr(pattern, "%ld");

        if (!at)
                bench_fail("%s: has no %%ld", pattern);
        snprintf(request, sizeof(request), "%.*s%ld%s", (int)(at - pattern), pattern, number, at + 3);
        return request;
}

int bench_connect(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (strlen(path) >= sizeof(address.sun_path))
                bench_fail("%s: too long for a socket", path);
        strcpy(address.sun_path, path);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                bench_fail("%s: %s", path, strerror(errno));
        return fd;
}

void bench_send(int fd, const char *request)
{
        size_t length = strlen(request) + 1;

        if (send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
                bench_fail("a request was not sent: %s", strerror(errno));
}

const char *bench_receive(int fd, size_t *length)
{
        static char *bytes;
        static size_t capacity;
        size_t used = 0;

        do {
                ssize_t got;

                if (capacity - used < 65536) {
                        capacity = capacity ? capacity * 2 : 131072;
                        bytes = realloc(bytes, capacity);
                        if (!bytes)
                                bench_fail("out of memory");
                }
                got = recv(fd, bytes + used, capacity - used, 0);
                if (got <= 0)
                        bench_fail("no reply: %s", got ? strerror(errno) : "the connection was closed");
                used += (size_t)got;
        } while (bytes[used - 1]);
        *length = used;
        return bytes;
}

void bench_call(int fd, const char *request)
{
        const char *reply;
        size_t length;

        bench_send(fd, request);
        reply = bench_receive(fd, &length);
        if (!strncmp(reply, "{\"error\"", 8))
                bench_fail("%s: %.200s", request, reply);
}

int bench_spawn(const char *const argv[])
{
        static const char *const environment[] = {
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HERMES_HOME=/opt/data",
                NULL};
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int result, status;

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        result = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, (char *const *)environment);
        posix_spawn_file_actions_destroy(&actions);
        if (result)
                bench_fail("%s: %s", argv[0], strerror(result));
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
                bench_fail("%s: did not exit", argv[0]);
        return WEXITSTATUS(status);
}
