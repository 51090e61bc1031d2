/* SPDX-License-Identifier: ISC */
/*
 * starve SOCKET UID GID SAMPLES REQUEST: how long root waits for its Health, and for its own Stop of one
 * gateway, while that uid floods the broker with REQUEST: 40 connections, up to 16 calls ahead on each.
 * Prints the 99th percentiles in microseconds: Health, Health with no flood, Stop, Stop with none. They take
 * turns.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define CONNECTIONS 40
#define AHEAD 16
/* Root asks every so often, and orders every tenth time. */
#define PAUSE_NSEC 5000000
#define STOP_EVERY 10

static const char health[] = "{\"method\":\"io.svcbroker.Health\"}";
static const char stop[] =
        "{\"method\":\"io.svcbroker.Stop\",\"parameters\":{\"names\":[\"gateway-bench-1\"]}}";

static int compare(const void *left, const void *right)
{
        double a = *(const double *)left, b = *(const double *)right;

        return (a > b) - (a < b);
}

static double percentile_99(double *values, size_t count)
{
        qsort(values, count, sizeof(*values), compare);
        return values[count * 99 / 100];
}

/* Sends and reads as much as goes, until it is killed. */
static void flood(const char *path, const char *request)
{
        size_t length = strlen(request) + 1, all = length * AHEAD;
        char *calls = malloc(all);
        static char replies[1 << 18];
        struct pollfd polls[CONNECTIONS];
        size_t sent[CONNECTIONS] = {0};

        for (size_t i = 0; calls && i < AHEAD; i++)
                memcpy(calls + i * length, request, length);
        for (int i = 0; i < CONNECTIONS; i++)
                polls[i] = (struct pollfd){.fd = bench_connect(path), .events = POLLIN | POLLOUT};
        while (calls && poll(polls, CONNECTIONS, -1) > 0) {
                for (int i = 0; i < CONNECTIONS; i++) {
                        ssize_t done = polls[i].revents & POLLOUT
                                               ? send(polls[i].fd, calls + sent[i], all - sent[i],
                                                      MSG_DONTWAIT | MSG_NOSIGNAL)
                                               : 0;

                        if (done > 0)
                                sent[i] = (sent[i] + (size_t)done) % all;
                        if (polls[i].revents & (POLLIN | POLLHUP))
                                (void)!recv(polls[i].fd, replies, sizeof(replies), MSG_DONTWAIT);
                }
        }
        _exit(1);
}

static pid_t flood_begin(const char *path, uid_t uid, gid_t gid, const char *request)
{
        pid_t pid = fork();
        char *directory;

        if (pid)
                return pid;
        /* Where the path leads may be root's to enter (/proc/PID/root): from there on it is everybody's. */
        directory = strndup(path, (size_t)(strrchr(path, '/') - path));
        if (!directory || chdir(directory) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
                bench_fail("not uid %d: %s", (int)uid, strerror(errno));
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        flood(strrchr(path, '/') + 1, request);
        return 0;
}

static double call_usec(int fd, const char *request)
{
        int64_t began = bench_now_nsec();

        bench_call(fd, request);
        return (double)(bench_now_nsec() - began) / 1000;
}

static void measure(int fd, size_t samples, double *healths, double *stops)
{
        double *times[2] = {calloc(samples, sizeof(double)), calloc(samples, sizeof(double))};
        size_t stopped = 0;

        for (size_t i = 0; times[0] && times[1] && i < samples; i++) {
                nanosleep(&(struct timespec){.tv_nsec = PAUSE_NSEC}, NULL);
                times[0][i] = call_usec(fd, health);
                if (i % STOP_EVERY == 0)
                        times[1][stopped++] = call_usec(fd, stop);
        }
        if (!stopped)
                bench_fail("out of memory");
        *healths = percentile_99(times[0], samples);
        *stops = percentile_99(times[1], stopped);
        free(times[0]);
        free(times[1]);
}

int main(int argc, char **argv)
{
        double values[4];
        size_t samples;
        pid_t pid;
        int fd;

        if (argc != 6)
                bench_fail("usage: see the top of its source");
        fd = bench_connect(argv[1]);
        samples = (size_t)bench_number(argv[4]);
        measure(fd, samples, &values[1], &values[3]);
        pid = flood_begin(argv[1], (uid_t)bench_number(argv[2]), (gid_t)bench_number(argv[3]), argv[5]);
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        measure(fd, samples, &values[0], &values[2]);
        if (waitpid(pid, NULL, WNOHANG))
                bench_fail("the flood ended by itself");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        printf("%.0f %.0f %.0f %.0f\n", values[0], values[1], values[2], values[3]);
        return 0;
}
