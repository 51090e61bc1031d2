/* SPDX-License-Identifier: ISC */
/*
 * What it can do:
 *
 * - client once SOCKET REQUEST: prints the reply, its NUL byte included.
 *
 * - client calls OURS FLOOR REQUEST CALLS ROUNDS: one connection to each, one call at a time; microseconds a
 * call.
 *
 * - client rate OURS FLOOR REQUEST CALLS ROUNDS CONNECTIONS: so many connections to each, a call outstanding
 * on each of them; calls a second.
 *
 * - client fill SOCKET FIRST LAST: registers the profiles bench-FIRST to bench-LAST, not to be started.
 *
 * - client drain SOCKET FIRST LAST: unregisters them.
 *
 * calls and rate take turns: CALLS of the one, CALLS of the other, ROUNDS times. They print the medians of
 * the rounds, and the median of the rounds' ratios, which a disturbance of the machine touches least.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define CONNECTIONS_MAX 120
/* More at a time would be over what a uid may have, were it not root's. */
#define FILL_CONNECTIONS 40
#define REGISTER                                                                                             \
        "{\"method\":\"io.svcbroker.Register\",\"parameters\":{\"profile\":\"bench-%ld\",\"start\":false}}"
#define UNREGISTER "{\"method\":\"io.svcbroker.Unregister\",\"parameters\":{\"profile\":\"bench-%ld\"}}"

static void once(const char *path, const char *request)
{
        int fd = bench_connect(path);
        const char *reply;
        size_t length;

        bench_send(fd, request);
        reply = bench_receive(fd, &length);
        fwrite(reply, 1, length, stdout);
        close(fd);
}

/* One of the two servers. */
struct side {
        int fds[CONNECTIONS_MAX];
        int epoll;
        size_t reply_length;
};

static void side_open(struct side *side, const char *path, long connections)
{
        side->epoll = epoll_create1(EPOLL_CLOEXEC);
        side->reply_length = 0;
        for (long i = 0; i < connections; i++) {
                struct epoll_event event = {.events = EPOLLIN};

                side->fds[i] = event.data.fd = bench_connect(path);
                if (epoll_ctl(side->epoll, EPOLL_CTL_ADD, side->fds[i], &event) < 0)
                        bench_fail("epoll: %s", strerror(errno));
        }
}

/* Both sides must say the same, always, or they do not do the same work. */
static void side_receive(struct side *side, int fd)
{
        size_t length;

        bench_receive(fd, &length);
        if (side->reply_length && length != side->reply_length)
                bench_fail("replies of %zu and of %zu bytes", side->reply_length, length);
        side->reply_length = length;
}

/* Microseconds for each. */
static double side_calls(struct side *side, const char *request, long calls)
{
        int64_t began = bench_now_nsec();

        for (long i = 0; i < calls; i++) {
                bench_send(side->fds[0], request);
                side_receive(side, side->fds[0]);
        }
        return (double)(bench_now_nsec() - began) / 1000 / (double)calls;
}

/* In a second. */
static double side_rate(struct side *side, const char *request, long calls, long connections)
{
        int64_t began = bench_now_nsec();
        long sent = 0;

        for (; sent < connections && sent < calls; sent++)
                bench_send(side->fds[sent], request);
        for (long received = 0; received < calls;) {
                struct epoll_event events[CONNECTIONS_MAX];
                int count = epoll_wait(side->epoll, events, CONNECTIONS_MAX, -1);

                for (int i = 0; i < count; i++, received++) {
                        side_receive(side, events[i].data.fd);
                        if (sent < calls) {
                                bench_send(events[i].data.fd, request);
                                sent++;
                        }
                }
        }
        return (double)calls * 1e9 / (double)(bench_now_nsec() - began);
}

/* connections 0: calls. */
static void take_turns(char **arguments, long connections)
{
        const char *request = arguments[2];
        long calls = bench_number(arguments[3]);
        long rounds = bench_number(arguments[4]);
        double *ours = calloc((size_t)rounds * 3, sizeof(*ours));
        double *floors = ours + rounds;
        double *ratios = floors + rounds;
        struct side sides[2];

        if (!ours || connections > CONNECTIONS_MAX)
                bench_fail("too many");
        side_open(&sides[0], arguments[0], connections ? connections : 1);
        side_open(&sides[1], arguments[1], connections ? connections : 1);
        /* The first round is for warming up. */
        for (long i = -1; i < rounds; i++) {
                double values[2];

                for (int s = 0; s < 2; s++)
                        values[s] = connections ? side_rate(&sides[s], request, calls, connections)
                                                : side_calls(&sides[s], request, calls);
                if (i < 0)
                        continue;
                ours[i] = values[0];
                floors[i] = values[1];
                ratios[i] = values[0] / values[1];
        }
        if (sides[0].reply_length != sides[1].reply_length)
                bench_fail("replies of %zu and of %zu bytes", sides[0].reply_length, sides[1].reply_length);
        printf("%.2f %.2f %.3f\n", bench_median(ours, (size_t)rounds), bench_median(floors, (size_t)rounds),
               bench_median(ratios, (size_t)rounds));
        free(ours);
}

/* pattern: a request with %ld for the number of the profile, our own. */
static void for_each(const char *path, const char *pattern, long first, long last)
{
        int fds[FILL_CONNECTIONS];

        for (int i = 0; i < FILL_CONNECTIONS; i++)
                fds[i] = bench_connect(path);
        for (long from = first; from <= last; from += FILL_CONNECTIONS) {
                for (long i = from; i < from + FILL_CONNECTIONS && i <= last; i++)
                        bench_send(fds[i - from], bench_numbered(pattern, i));
                for (long i = from; i < from + FILL_CONNECTIONS && i <= last; i++) {
                        size_t length;
                        const char *reply = bench_receive(fds[i - from], &length);

                        if (!strncmp(reply, "{\"error\"", 8))
                                bench_fail("bench-%ld: %.300s", i, reply);
                }
        }
        for (int i = 0; i < FILL_CONNECTIONS; i++)
                close(fds[i]);
}

int main(int argc, char **argv)
{
        if (argc == 4 && !strcmp(argv[1], "once"))
                once(argv[2], argv[3]);
        else if (argc == 7 && !strcmp(argv[1], "calls"))
                take_turns(argv + 2, 0);
        else if (argc == 8 && !strcmp(argv[1], "rate"))
                take_turns(argv + 2, bench_number(argv[7]));
        else if (argc == 5 && !strcmp(argv[1], "fill"))
                for_each(argv[2], REGISTER, bench_number(argv[3]), bench_number(argv[4]));
        else if (argc == 5 && !strcmp(argv[1], "drain"))
                for_each(argv[2], UNREGISTER, bench_number(argv[3]), bench_number(argv[4]));
        else
                bench_fail("usage: see the top of its source");
        return 0;
}
