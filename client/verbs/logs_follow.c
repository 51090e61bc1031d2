/* SPDX-License-Identifier: ISC */
#include "client/verbs/logs.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/member.h"
#include "client/talk/feed.h"
#include "client/talk/options.h"
#include "client/talk/select.h"
#include "client/terminal/output.h"

/* How many lines are shown before a look whether anybody reads them. */
#define LINES_A_TURN 1000

struct following {
        struct logs *logs;
        struct feed feed;
        bool feeds; /* the feed is used, and tells of services that come to match */
};

static int64_t left_usec(const struct options *options)
{
        struct timespec now;

        if (options->until_usec == OPTIONS_NO_UNTIL)
                return INT64_MAX;
        clock_gettime(CLOCK_REALTIME, &now);
        return options->until_usec - ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

/* Shows lines that have come. Returns true if there are more. */
static bool show_turn(struct logs *logs)
{
        struct logmerge_entry entry;

        for (int i = 0; i < LINES_A_TURN; i++) {
                enum logmerge_turn turn = logmerge_next(logs->merge, &entry);

                if (turn != LOGMERGE_LINE)
                        return turn == LOGMERGE_BUSY;
                loglines_show(&logs->lines, &entry);
        }
        return true;
}

/* Adds the logs of services that match by now, and are not followed yet. */
static void add_new(struct following *following)
{
        struct json_object *services = roster_array(&following->feed.roster);

        following->feed.changed = false;
        for (size_t i = 0; services && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                const char *name = member_string(service, "name");

                if (member_string(service, "log_directory") && !logmerge_has(following->logs->merge, name) &&
                    !json_object_object_get_ex(following->logs->refused, name, NULL) &&
                    select_takes(following->logs->options, services, service))
                        logs_add(following->logs, service);
        }
        json_object_put(services);
}

static void turn_feed(struct following *following)
{
        if (!following->feeds)
                return;
        feed_turn(&following->feed);
        if (following->feed.changed)
                add_new(following);
        if (!feed_is_over(&following->feed))
                return;
        fflush(stdout);
        failure_print("logs", "the broker tells of no more services",
                      "start it again to follow gateways that are new");
        feed_deinit(&following->feed);
        following->feeds = false;
}

static int patience_msec(const struct following *following, int64_t until_usec)
{
        int patience_msec = logmerge_patience_msec(following->logs->merge);
        int feed_msec = following->feeds ? clock_left_msec(feed_next_msec(&following->feed)) : INT_MAX;

        if (feed_msec < patience_msec)
                patience_msec = feed_msec;
        return until_usec / 1000 < patience_msec ? (int)(until_usec / 1000) + 1 : patience_msec;
}

/* Waits until there may be more lines. Returns false if nobody reads what is shown. */
static bool pause_until_more(const struct following *following, int timeout_msec)
{
        struct pollfd poll_fds[] = {
                {.fd = STDOUT_FILENO, .events = 0},
                {.fd = logmerge_fd(following->logs->merge), .events = POLLIN},
                {.fd = following->feeds ? feed_fd(&following->feed) : -1, .events = POLLIN},
        };

        if (!output_flush() || ferror(stdout))
                return false;
        return poll(poll_fds, 3, timeout_msec) <= 0 || !(poll_fds[0].revents & (OUTPUT_UNREAD | POLLNVAL));
}

static void follow(struct following *following)
{
        struct logs *logs = following->logs;

        for (;;) {
                int64_t until_usec = left_usec(logs->options);
                bool more;

                logmerge_look(logs->merge);
                more = show_turn(logs);
                turn_feed(following);
                if (!following->feeds && logmerge_count(logs->merge) == 0)
                        return;
                /* Lines that were written before --until were there at the last look. */
                if (until_usec <= 0 && !more)
                        return;
                if (!pause_until_more(following, more ? 0 : patience_msec(following, until_usec)))
                        return;
        }
}

void logs_follow(struct logs *logs, struct session *session)
{
        struct following following = {.logs = logs};

        /* Where only names were given, nothing more is asked of the broker. */
        following.feeds = logs->options->all || select_is_asked(logs->options);
        if (following.feeds)
                feed_init(&following.feed, session, NULL);
        else
                session_close(session);
        follow(&following);
        if (following.feeds)
                feed_deinit(&following.feed);
}
