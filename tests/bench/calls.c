/* SPDX-License-Identifier: ISC */
/*
 * calls SOCKET REQUEST CALLS [connect]: so many calls on one connection, one after the other, each until its
 * last reply; or each on a connection of its own. It times nothing: what each costs the server is counted
 * from outside. "@" in the request is the number of the call, from 1 on. An error is a
 * reply, too.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static bool continues(const char *bytes, size_t length)
{
        static const char more[] = ",\"continues\":true}";

        return length >= sizeof(more) && memcmp(bytes + length - sizeof(more), more, sizeof(more)) == 0;
}

static void call(int fd, const char *request)
{
        const char *reply;
        size_t length;

        bench_send(fd, request);
        do {
                reply = bench_receive(fd, &length);
        } while (continues(reply, length));
}

/* The request with the number in the place of its "@". */
static void write_request(char *to, size_t size, const char *request, long number)
{
        const char *at = strchr(request, '@');

        if (at)
                snprintf(to, size, "%.*s%ld%s", (int)(at - request), request, number, at + 1);
        else
                snprintf(to, size, "%s", request);
}

int main(int argc, char **argv)
{
        bool connects = argc == 5 && !strcmp(argv[4], "connect");
        int fd = -1;

        if (argc != 4 && !connects)
                bench_fail("usage: calls SOCKET REQUEST CALLS [connect]");
        for (long i = 1; i <= bench_number(argv[3]); i++) {
                char request[1024];

                write_request(request, sizeof(request), argv[2], i);
                if (fd < 0)
                        fd = bench_connect(argv[1]);
                call(fd, request);
                if (connects) {
                        close(fd);
                        fd = -1;
                }
        }
        return 0;
}
