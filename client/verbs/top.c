/* SPDX-License-Identifier: ISC */
#include "client/verbs/top.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/talk/session.h"
#include "client/terminal/look.h"
#include "client/top/command.h"
#include "client/top/picture.h"
#include "client/top/top.h"
#include "client/verbs/verb.h"

/* How often a picture is drawn when nothing happens, since ages go on. */
#define DRAW_EVERY_MSEC 1000
/* How long after an event a picture is drawn, so that many events share one. */
#define DRAW_AFTER_MSEC 40

#define READ_BYTES 512
/* How many letters that come at once, if more than one of them does not move, nobody can have typed: they
 * were pasted, on a terminal that does not say so. What follows within PASTE_MSEC belongs to the same
 * text. */
#define PASTE_LETTERS 4
#define PASTE_MSEC 100

#define POLL_FDS (4 + ORDERS_MOST)

static bool is_over(const struct top *top)
{
        return top->ended || top->terminal_lost || top->memory_short || feed_is_over(&top->feed);
}

static void draw(struct top *top)
{
        char **lines = picture_compose(top);
        char *output = NULL;
        size_t length;

        if (!lines || canvas_draw(&top->canvas, lines, &output, &length) < 0)
                top->memory_short = true;
        else if (output && screen_write(output, length) < 0)
                top->terminal_lost = true;
        free(output);
        if (lines)
                pane_free_lines(lines, top->rows);
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
        screen_size(&top->rows, &top->columns);
        top->memory_short = canvas_resize(&top->canvas, top->rows, top->columns) < 0;
        draw_soon(top, 0);
}

/* The keys that came at once. */
struct typed {
        struct keys keys[READ_BYTES]; /* the decoder's state after each key */
        enum key key[READ_BYTES];
        size_t count;
};

static void decode(struct top *top, const unsigned char *bytes, size_t length, struct typed *typed)
{
        typed->count = 0;
        for (size_t i = 0; i < length; i++) {
                enum key key = keys_take(&top->keys, bytes[i]);

                if (key == KEY_NONE)
                        continue;
                typed->keys[typed->count] = top->keys;
                typed->key[typed->count++] = key;
        }
}

/* Whether the keys seem to be pasted. Text that is searched for does not count: it is no order, however it
 * comes. */
static bool seems_pasted(struct top *top, const struct typed *typed)
{
        bool searching = top->asking == ASKING_SEARCH;
        size_t letters = 0, others = 0;
        int64_t now_msec = clock_now_msec();

        for (size_t i = 0; i < typed->count; i++) {
                bool text = typed->key[i] == KEY_TEXT;
                char letter = text ? (char)typed->keys[i].byte : '\0';

                if (searching || letter == '/') {
                        searching = typed->key[i] != KEY_ENTER && typed->key[i] != KEY_ESCAPE;
                        continue;
                }
                letters += text;
                others += text && !command_is_move(letter);
        }
        if (letters < PASTE_LETTERS || others < 2)
                return now_msec < top->paste_msec;
        top->paste_msec = now_msec + PASTE_MSEC;
        return true;
}

static void take_keys(struct top *top)
{
        unsigned char bytes[READ_BYTES];
        ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));
        struct typed typed;
        struct keys after;
        bool pasted;

        if (length < 0 && errno != EINTR && errno != EAGAIN)
                top->terminal_lost = true;
        if (length <= 0)
                return;
        decode(top, bytes, (size_t)length, &typed);
        after = top->keys;
        pasted = seems_pasted(top, &typed);
        for (size_t i = 0; i < typed.count && !top->ended; i++) {
                top->keys = typed.keys[i];
                if (top->keys.escaped)
                        command_take(top, KEY_ESCAPE, false);
                /* A key with Alt is no order either. */
                command_take(top, typed.key[i], pasted || top->keys.escaped);
        }
        top->keys = after;
        top->escape_msec = keys_patience(&after) < 0 ? INT64_MAX : clock_now_msec() + keys_patience(&after);
        draw_soon(top, 0);
}

/* Gives up a key sequence: if nothing came behind an Escape, it was that key. */
static void give_up_sequence(struct top *top)
{
        enum key key = keys_give_up(&top->keys);

        top->escape_msec = INT64_MAX;
        if (key != KEY_NONE) {
                command_take(top, key, false);
                draw_soon(top, 0);
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
                /* The terminal's size may have changed with each of these events. */
                resize(top);
        }
}

static int64_t earlier(int64_t one_msec, int64_t other_msec)
{
        return one_msec < other_msec ? one_msec : other_msec;
}

static int64_t next_msec(const struct top *top)
{
        int64_t next_msec = earlier(feed_next_msec(&top->feed), top->draw_msec);

        next_msec = earlier(next_msec, top->escape_msec);
        next_msec = earlier(next_msec, page_next_msec(&top->page));
        for (size_t i = 0; i < top->orders.count; i++)
                next_msec = earlier(next_msec, errand_next_msec(&top->orders.given[i].errand));
        return next_msec;
}

/* Waits until there is something to do. */
static void pause_top(struct top *top)
{
        int64_t left_msec = next_msec(top) - clock_now_msec();
        struct pollfd poll_fds[POLL_FDS] = {
                {.fd = STDIN_FILENO, .events = POLLIN},
                {.fd = top->screen.signal_fd, .events = POLLIN},
                {.fd = feed_fd(&top->feed), .events = POLLIN},
        };
        nfds_t count = 3;

        poll_fds[count].fd = page_fd(&top->page, &poll_fds[count].events);
        count++;
        for (size_t i = 0; i < top->orders.count; i++, count++)
                poll_fds[count].fd = errand_fd(&top->orders.given[i].errand, &poll_fds[count].events);
        if (poll(poll_fds, count, left_msec < 0 ? 0 : left_msec > INT_MAX ? INT_MAX : (int)left_msec) < 0)
                return;
        if (poll_fds[1].revents)
                take_signals(top);
        if (poll_fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
                top->terminal_lost = true;
        else if (poll_fds[0].revents)
                take_keys(top);
        else if (clock_now_msec() >= top->escape_msec)
                give_up_sequence(top);
}

static void take_what_came(struct top *top)
{
        size_t waiting = top->messages.count;

        feed_turn(&top->feed);
        page_turn(&top->page);
        orders_turn(&top->orders, &top->messages);
        if (top->feed.changed || top->page.changed || top->messages.count != waiting)
                draw_soon(top, DRAW_AFTER_MSEC);
        /* Messages behind a question can wait. */
        if (top->asking == ASKING_NOTHING && messages_next_msec(&top->messages) <= clock_now_msec())
                draw_soon(top, 0);
        top->feed.changed = top->page.changed = false;
}

static void show(struct top *top)
{
        resize(top);
        while (!is_over(top)) {
                take_what_came(top);
                if (!is_over(top) && clock_now_msec() >= top->draw_msec) {
                        draw(top);
                        command_follow_choice(top);
                }
                if (!is_over(top))
                        pause_top(top);
        }
}

/* Tells why `top` ended. The terminal has been given back, so what is printed now stays there. */
static enum outcome conclude(const struct top *top)
{
        const struct feed *feed = &top->feed;

        if (top->signal_number > 0)
                raise(top->signal_number); /* our parent is to see which signal ended us */
        if (feed->refusal.error)
                return session_refused(feed->session, &feed->refusal, "top");
        if (feed->result < 0 || top->memory_short)
                return session_broken(feed->session, top->memory_short ? -ENOMEM : feed->result);
        return top->terminal_lost ? OUTCOME_FAILED : OUTCOME_DONE; /* the loss cannot be told to anybody */
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

static void init(struct top *top, struct session *session, struct json_object *parameters)
{
        feed_init(&top->feed, session, parameters);
        canvas_init(&top->canvas);
        view_init(&top->view);
        page_init(&top->page, session->options);
        pane_init(&top->list, look_colour());
        pane_init(&top->page_pane, look_colour());
        top->escape_msec = INT64_MAX;
}

static void deinit(struct top *top)
{
        orders_deinit(&top->orders);
        messages_deinit(&top->messages);
        page_close(&top->page);
        view_deinit(&top->view);
        canvas_deinit(&top->canvas);
        usages_deinit(&top->usages);
        feed_deinit(&top->feed);
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
        init(&top, session, parameters);
        if (screen_open(&top.screen) == 0) {
                show(&top);
                screen_close(&top.screen);
                outcome = conclude(&top);
        } else {
                failure_print("top", "the terminal cannot be set up", "use 'svcctl watch'");
                outcome = OUTCOME_FAILED;
        }
        deinit(&top);
        return outcome;
}

const struct verb verb_top = {
        .name = "top",
        .usage = "[NAME]...",
        .summary = "show them as they change, and take orders by key",
        .options = OPTIONS_SELECT,
        .patterns = true,
        .words_max = WORDS_ANY,
        .live = true,
        .run = top_run,
};
