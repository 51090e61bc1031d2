/* SPDX-License-Identifier: ISC */
#include "client/verbs/top.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/list.h"
#include "client/talk/feed.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/talk/session.h"
#include "client/terminal/canvas.h"
#include "client/terminal/keys.h"
#include "client/terminal/look.h"
#include "client/terminal/pane.h"
#include "client/terminal/screen.h"
#include "client/text/duration.h"
#include "client/usage/usage.h"
#include "client/verbs/verb.h"

/* Ages go on. */
#define DRAW_EVERY_MSEC 1000
/* So often, at most, processes are looked at, however often a picture is drawn. */
#define LOOK_EVERY_MSEC 900
/* From this share of its limit on, in hundredths, the title tells of the memory of the container. */
#define CONTAINER_TOLD_SHARE 75
/* Events that come in a storm share a picture. */
#define DRAW_AFTER_MSEC 40
/* How long the title says that the broker was away. */
#define NOTICE_MSEC 10000
#define TITLE_BYTES 512

struct top {
        struct feed feed;
        struct screen screen;
        struct canvas canvas;
        struct pane pane;
        struct keys keys;
        struct usages usages;
        char container[LIST_CONTAINER_BYTES];
        int64_t draw_msec; /* when to draw next */
        bool ended;
        bool terminal_lost;
        bool memory_short;
        int signal_number; /* why it ended, if it was a signal; else 0 */
};

/* The container is told of when it may soon be full. */
static void add_usage(struct top *top, struct json_object *services)
{
        struct json_object *document = json_object_new_object();

        top->usages.least_msec = LOOK_EVERY_MSEC;
        usages_add(&top->usages, services,
                   top->feed.away_msec == FEED_NEVER_MSEC && session_sees_processes(top->feed.session),
                   false);
        usage_add_container(document);
        top->container[0] = '\0';
        if (list_container_share(document) >= CONTAINER_TOLD_SHARE)
                list_container(document, top->container);
        json_object_put(document);
}

/* The table as `status` prints it; "" while nothing is known. free() it; NULL when out of memory. */
static char *table_text(struct top *top)
{
        struct json_object *services;
        struct look look;
        char *text;

        if (top->feed.roster.count == 0 && !top->feed.settled)
                return strdup("");
        services = roster_array(&top->feed.roster);
        add_usage(top, services);
        look_init(&look);
        look.columns = top->pane.columns;
        top->pane.ellipsis = look.utf8 ? "…" : "~";
        text = services ? list_table(services, &look) : NULL;
        json_object_put(services);
        return text;
}

static void write_title(const struct top *top, char *title)
{
        int64_t now_msec = clock_now_msec();
        char duration[DURATION_TEXT_BYTES], summary[ROSTER_SUMMARY_BYTES];

        if (top->feed.away_msec != FEED_NEVER_MSEC)
                snprintf(title, TITLE_BYTES, "the broker is away, for %s; this is how it was",
                         duration_format((now_msec - top->feed.away_msec) / 1000 * 1000, duration));
        else if (top->feed.back_msec != FEED_NEVER_MSEC && now_msec - top->feed.back_msec < NOTICE_MSEC)
                snprintf(title, TITLE_BYTES, "the broker is back; it was away for %s",
                         duration_format(top->feed.absence_msec, duration));
        else if (top->feed.roster.count == 0 && !top->feed.settled)
                snprintf(title, TITLE_BYTES, "asking the broker");
        else
                snprintf(title, TITLE_BYTES, "%s%s%s", roster_summary(&top->feed.roster, summary),
                         *top->container ? "; " : "", top->container);
}

static bool is_over(const struct top *top)
{
        return top->ended || top->terminal_lost || top->memory_short || feed_is_over(&top->feed);
}

static void send_picture(struct top *top, char **lines)
{
        char *output = NULL;
        size_t length;

        if (!lines || canvas_draw(&top->canvas, lines, &output, &length) < 0)
                top->memory_short = true;
        else if (output && screen_write(output, length) < 0)
                top->terminal_lost = true;
        free(output);
}

static void draw(struct top *top)
{
        char title[TITLE_BYTES], corner[16];
        struct pane_text text = {.title = title,
                                 .corner = corner,
                                 .alarm = top->feed.away_msec != FEED_NEVER_MSEC,
                                 .heading = top->feed.roster.count > 0};
        char *table = table_text(top);
        time_t now = time(NULL);
        struct tm local;
        char **lines;

        write_title(top, title);
        if (!localtime_r(&now, &local) || strftime(corner, sizeof(corner), "%T", &local) == 0)
                corner[0] = '\0';
        text.table = table;
        lines = table ? pane_compose(&top->pane, &text) : NULL;
        send_picture(top, lines);
        if (lines)
                pane_free_lines(lines, top->pane.rows);
        free(table);
        top->draw_msec = clock_now_msec() + DRAW_EVERY_MSEC;
}

static void draw_soon(struct top *top, int delay_msec)
{
        int64_t then_msec = clock_now_msec() + delay_msec;

        if (then_msec < top->draw_msec)
                top->draw_msec = then_msec;
}

static void resize(struct top *top)
{
        screen_size(&top->pane.rows, &top->pane.columns);
        top->memory_short = canvas_resize(&top->canvas, top->pane.rows, top->pane.columns) < 0;
        draw_soon(top, 0);
}

static void take_keys(struct top *top)
{
        unsigned char bytes[64];
        ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));

        if (length < 0 && errno != EINTR && errno != EAGAIN)
                top->terminal_lost = true;
        for (ssize_t i = 0; i < length; i++) {
                enum key key = keys_take(&top->keys, bytes[i]);

                if (key == KEY_QUIT)
                        top->ended = true;
                if (key == KEY_REDRAW)
                        canvas_forget(&top->canvas);
                if (key != KEY_NONE) {
                        pane_move(&top->pane, key);
                        draw_soon(top, 0);
                }
        }
}

static void take_signals(struct top *top)
{
        enum screen_event event;

        while (!is_over(top) && (event = screen_next(&top->screen, &top->signal_number)) != SCREEN_NOTHING) {
                switch (event) {
                case SCREEN_NOTHING:
                        break;
                case SCREEN_SUSPEND:
                        top->terminal_lost = screen_suspend(&top->screen) < 0;
                        break;
                case SCREEN_REDRAW:
                        top->terminal_lost = screen_renew(&top->screen) < 0;
                        break;
                case SCREEN_RESIZED:
                        break;
                case SCREEN_INTERRUPT:
                case SCREEN_END:
                        top->ended = true;
                        return;
                }
                /* Its size may be another one after each of them. */
                resize(top);
        }
}

/* Waits until there is something to do. */
static void pause_top(struct top *top)
{
        int64_t next_msec = feed_next_msec(&top->feed);
        int64_t left_msec = (next_msec < top->draw_msec ? next_msec : top->draw_msec) - clock_now_msec();
        struct pollfd poll_fds[] = {
                {.fd = STDIN_FILENO, .events = POLLIN},
                {.fd = top->screen.signal_fd, .events = POLLIN},
                {.fd = feed_fd(&top->feed), .events = POLLIN},
        };

        if (poll(poll_fds, 3, left_msec < 0 ? 0 : left_msec > INT_MAX ? INT_MAX : (int)left_msec) <= 0)
                return;
        if (poll_fds[1].revents)
                take_signals(top);
        if (poll_fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
                top->terminal_lost = true;
        else if (poll_fds[0].revents)
                take_keys(top);
}

static void show(struct top *top)
{
        resize(top);
        while (!is_over(top)) {
                feed_turn(&top->feed);
                if (top->feed.changed)
                        draw_soon(top, DRAW_AFTER_MSEC);
                top->feed.changed = false;
                if (!is_over(top) && clock_now_msec() >= top->draw_msec)
                        draw(top);
                if (!is_over(top))
                        pause_top(top);
        }
}

/* The terminal is a person's again, so that what is said now stays there. */
static enum outcome conclude(const struct top *top)
{
        const struct feed *feed = &top->feed;

        if (top->signal_number > 0)
                raise(top->signal_number); /* whoever started us is to see what ended us */
        if (feed->refusal.error)
                return session_refused(feed->session, &feed->refusal, "top");
        if (feed->result < 0 || top->memory_short)
                return session_broken(feed->session, top->memory_short ? -ENOMEM : feed->result);
        return top->terminal_lost ? OUTCOME_FAILED : OUTCOME_DONE; /* the former with nobody to tell it */
}

static enum outcome resolve(struct session *session, struct json_object **parameters)
{
        struct json_object *names;
        enum outcome outcome;

        *parameters = NULL;
        if (session->options->words_count == 0 && !select_is_asked(session->options))
                return OUTCOME_DONE;
        outcome = names_resolve(session, &names);
        if (!names)
                return outcome;
        *parameters = json_object_new_object();
        json_object_object_add(*parameters, "names", names);
        return OUTCOME_DONE;
}

enum outcome top_run(struct session *session)
{
        struct top top = {0};
        struct json_object *parameters;
        enum outcome outcome;

        if (!screen_is_there()) {
                failure_print("top", "needs a terminal that can be drawn on",
                              "use 'svcctl watch': a line for each change");
                return OUTCOME_USAGE;
        }
        outcome = resolve(session, &parameters);
        if (outcome != OUTCOME_DONE)
                return outcome;
        feed_init(&top.feed, session, parameters);
        canvas_init(&top.canvas);
        pane_init(&top.pane, look_colour());
        if (screen_open(&top.screen) == 0) {
                show(&top);
                screen_close(&top.screen);
                outcome = conclude(&top);
        } else {
                failure_print("top", "the terminal cannot be set up", "use 'svcctl watch'");
                outcome = OUTCOME_FAILED;
        }
        canvas_deinit(&top.canvas);
        usages_deinit(&top.usages);
        feed_deinit(&top.feed);
        return outcome;
}

const struct verb verb_top = {
        .name = "top",
        .usage = "[NAME]...",
        .summary = "show them as they change, until q is typed",
        .options = OPTIONS_SELECT,
        .patterns = true,
        .words_max = WORDS_ANY,
        .live = true,
        .run = top_run,
};
