/* SPDX-License-Identifier: ISC */
#include "client/talk/waiting.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/talk/options.h"
#include "client/terminal/look.h"
#include "proto/interface.h"

/* A wait that ends sooner is not worth a line. */
#define DRAW_FIRST_MSEC 400
#define DRAW_EVERY_MSEC 1000
#define RECONNECT_MSEC 100 /* between two tries */
#define WATCH_PATIENCE_MSEC 1000
#define COLUMNS_UNKNOWN 80

/* Listens for Ctrl-C, unless SIGINT was ignored at our start, as it is in what a shell puts in the
 * background: then it stays ignored. */
static void listen_for_interrupts(struct waiting *waiting)
{
        struct sigaction action;
        sigset_t mask;

        if (sigaction(SIGINT, NULL, &action) < 0 || action.sa_handler == SIG_IGN)
                return;
        sigemptyset(&mask);
        sigaddset(&mask, SIGINT);
        if (sigprocmask(SIG_BLOCK, &mask, &waiting->old_mask) < 0)
                return;
        waiting->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (waiting->signal_fd < 0)
                sigprocmask(SIG_SETMASK, &waiting->old_mask, NULL);
}

static void close_watch(struct waiting *waiting)
{
        svcbroker_close(waiting->watch);
        waiting->watch = NULL;
}

/* Opens a connection of its own for Watch, since no other call can follow Watch on a connection. Without
 * Watch there is still a line, which says less. */
static void open_watch(struct waiting *waiting)
{
        close_watch(waiting);
        if (svcbroker_connect(waiting->session->options->socket, WATCH_PATIENCE_MSEC, &waiting->watch) < 0)
                return;
        if (svcbroker_queue(waiting->watch, IO_SVCBROKER ".Watch", NULL, SVCBROKER_MORE) < 0)
                close_watch(waiting);
}

void waiting_begin(struct waiting *waiting, struct session *session, struct json_object *names, bool quiet)
{
        const char *terminal = getenv("TERM");
        int64_t now_msec = clock_now_msec();

        *waiting = (struct waiting){
                .session = session, .signal_fd = -1, .draw_msec = now_msec + DRAW_FIRST_MSEC};
        progress_init(&waiting->progress, names, now_msec);
        waiting->progress.printable = look_printable_of(STDERR_FILENO);
        waiting->shown = !quiet && !session->options->json && terminal && strcmp(terminal, "dumb") != 0 &&
                         isatty(STDERR_FILENO);
        if (!quiet)
                listen_for_interrupts(waiting);
        if (waiting->shown)
                open_watch(waiting);
}

void waiting_end(struct waiting *waiting)
{
        waiting_clear(waiting);
        close_watch(waiting);
        if (waiting->signal_fd >= 0) {
                close(waiting->signal_fd);
                sigprocmask(SIG_SETMASK, &waiting->old_mask, NULL);
        }
        progress_deinit(&waiting->progress);
}

static void write_all(const char *text, size_t length)
{
        ssize_t written;

        while (length > 0 && ((written = write(STDERR_FILENO, text, length)) > 0 || errno == EINTR)) {
                text += written > 0 ? written : 0;
                length -= written > 0 ? (size_t)written : 0;
        }
}

/* Moves the cursor to the start of the first line drawn. */
static void go_back(FILE *file, size_t lines)
{
        fputc('\r', file);
        if (lines > 1)
                fprintf(file, "\x1b[%zuA", lines - 1);
}

void waiting_clear(struct waiting *waiting)
{
        char text[32];
        FILE *file;

        if (waiting->drawn_lines == 0)
                return;
        file = fmemopen(text, sizeof(text), "w");
        if (!file)
                return;
        go_back(file, waiting->drawn_lines);
        fputs("\x1b[J", file);
        fclose(file);
        write_all(text, strlen(text));
        waiting->drawn_lines = 0;
}

static size_t line_columns(void)
{
        size_t columns = look_columns(STDERR_FILENO);

        return (columns > 1 ? columns : COLUMNS_UNKNOWN) - 1;
}

/* Draws new lines over the old ones, in one write, so that nothing is blank in between. */
static void draw(struct waiting *waiting)
{
        char *lines = progress_text(&waiting->progress, clock_now_msec(), line_columns());
        char *output = NULL;
        size_t size, count = 0;
        FILE *file = open_memstream(&output, &size);

        if (lines && file) {
                go_back(file, waiting->drawn_lines);
                for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
                        fprintf(file, "%s%s\x1b[K", count++ > 0 ? "\r\n" : "", line);
                fputs("\x1b[J", file);
        }
        if (file && fclose(file) == 0 && lines) {
                write_all(output, size);
                waiting->drawn_lines = count;
        }
        free(output);
        free(lines);
        waiting->draw_msec = clock_now_msec() + DRAW_EVERY_MSEC;
}

static void take_events(struct waiting *waiting)
{
        struct svcbroker_reply reply;
        int result = 0;

        while (waiting->watch && (result = svcbroker_receive(waiting->watch, 0, &reply)) == 0 &&
               !reply.error) {
                struct json_object *event = json_tokener_parse(reply.parameters);

                progress_note(&waiting->progress, member_object(event, "service"), clock_now_msec());
                json_object_put(event);
                /* Lines that are shown are kept up to date; the first ones are drawn when their time
                 * comes. */
                if (waiting->drawn_lines > 0)
                        waiting->draw_msec = clock_now_msec();
        }
        if (result != -ETIMEDOUT)
                close_watch(waiting);
}

/* Waits until one of the connections has something, or the deadline. Returns true if Ctrl-C came. */
static bool pause_until(struct waiting *waiting, int connection_fd, int64_t deadline_msec)
{
        struct pollfd poll_fds[] = {
                {.fd = connection_fd, .events = POLLIN},
                {.fd = waiting->signal_fd, .events = POLLIN},
                {.fd = -1, .events = POLLIN},
        };
        struct signalfd_siginfo interrupt;

        if (waiting->shown) {
                take_events(waiting);
                if (waiting->watch)
                        poll_fds[2].fd = svcbroker_fd(waiting->watch);
                if (clock_now_msec() >= waiting->draw_msec)
                        draw(waiting);
                if (waiting->draw_msec < deadline_msec)
                        deadline_msec = waiting->draw_msec;
        }
        if (poll(poll_fds, 3, clock_left_msec(deadline_msec)) < 0)
                return false;
        /* The signal is read, so that it is not delivered when waiting_end() unblocks it again. */
        return (poll_fds[1].revents & POLLIN) &&
               read(waiting->signal_fd, &interrupt, sizeof(interrupt)) == sizeof(interrupt);
}

enum waited waiting_receive(struct waiting *waiting, int64_t deadline_msec, struct answer *answer,
                            int *result)
{
        for (;;) {
                *result = session_take(waiting->session, 0, answer);
                if (*result == 0)
                        return WAITED_ANSWER;
                if (*result != -ETIMEDOUT || clock_now_msec() >= deadline_msec)
                        return WAITED_BROKEN;
                if (pause_until(waiting, svcbroker_fd(waiting->session->connection), deadline_msec))
                        return WAITED_INTERRUPTED;
        }
}

enum waited waiting_reconnect(struct waiting *waiting, int64_t deadline_msec, int *result)
{
        close_watch(waiting);
        waiting->progress.lost = true;
        do {
                int64_t next_msec = clock_now_msec() + RECONNECT_MSEC;

                while (clock_now_msec() < next_msec) {
                        if (pause_until(waiting, -1, next_msec))
                                return WAITED_INTERRUPTED;
                }
                *result = session_reconnect(waiting->session, session_patience(waiting->session));
        } while (*result < 0 && clock_now_msec() < deadline_msec);
        if (*result < 0)
                return WAITED_BROKEN;
        waiting->progress.lost = false;
        if (waiting->shown)
                open_watch(waiting);
        return WAITED_ANSWER;
}
