#include "client/verbs.h"

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

#include "client/canvas.h"
#include "client/duration.h"
#include "client/keys.h"
#include "client/member.h"
#include "client/names.h"
#include "client/options.h"
#include "client/pane.h"
#include "client/roster.h"
#include "client/screen.h"
#include "client/session.h"
#include "client/show.h"
#include "client/svcbroker.h"
#include "client/waiting.h"
#include "proto/interface.h"

/* Ages go on. */
#define DRAW_EVERY_MSEC 1000
/* Events that come in a storm share a picture. */
#define DRAW_AFTER_MSEC 40
#define RECONNECT_MSEC 100 /* between two tries */
#define RECONNECT_PATIENCE_MSEC 1000
/* So long after a new connection, all that there is has been told. */
#define SETTLE_MSEC 1000
/* How long the title says that the broker was away. */
#define NOTICE_MSEC 10000
#define NEVER_MSEC INT64_MAX
#define TITLE_BYTES 512

struct top {
        struct session *session;
        struct json_object *parameters; /* of Watch; NULL: everything */
        struct screen screen;
        struct canvas canvas;
        struct pane pane;
        struct keys keys;
        struct roster roster;
        int64_t draw_msec;    /* when to draw next */
        int64_t answer_msec;  /* until when the broker is to answer at all; NEVER_MSEC: it has */
        int64_t settle_msec;  /* when all has been told; NEVER_MSEC: it has been, or nothing has */
        int64_t connect_msec; /* when to try again; NEVER_MSEC: connected */
        int64_t away_msec;    /* since when the broker is away; 0: it is not */
        int64_t notice_msec;  /* until when that is worth telling */
        int64_t absence_msec; /* how long it was */
        bool settled;
        bool ended;
        bool terminal_lost;
        int result;        /* why, if it is the connection or memory; else 0 */
        int signal_number; /* why, if it was a signal; else 0 */
        struct answer refusal;
};

/* The table as `status` prints it. free() it; NULL when out of memory. */
static char *table_text(const struct top *top)
{
        struct json_object *services = roster_array(&top->roster);
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        if (file && services && (top->roster.count > 0 || top->settled))
                show_services(file, services, top->pane.colour);
        if (file && fclose(file) != 0) {
                free(text);
                text = NULL;
        }
        json_object_put(services);
        return text;
}

static void write_title(const struct top *top, char *title)
{
        int64_t now_msec = waiting_now_msec();
        char duration[DURATION_TEXT_BYTES], summary[ROSTER_SUMMARY_BYTES];

        if (top->away_msec > 0)
                snprintf(title, TITLE_BYTES, "the broker is away, for %s; this is how it was",
                         duration_format((now_msec - top->away_msec) / 1000 * 1000, duration));
        else if (now_msec < top->notice_msec)
                snprintf(title, TITLE_BYTES, "the broker is back, was away for %s",
                         duration_format(top->absence_msec, duration));
        else if (top->roster.count == 0 && !top->settled)
                snprintf(title, TITLE_BYTES, "asking the broker");
        else
                snprintf(title, TITLE_BYTES, "%s", roster_summary(&top->roster, summary));
}

static bool is_over(const struct top *top)
{
        return top->ended || top->terminal_lost || top->result < 0;
}

static void send_picture(struct top *top, char **lines)
{
        char *output = NULL;
        size_t length;

        top->result = lines ? canvas_draw(&top->canvas, lines, &output, &length) : -ENOMEM;
        if (top->result == 0 && output && screen_write(output, length) < 0)
                top->terminal_lost = true;
        free(output);
}

static void draw(struct top *top)
{
        char title[TITLE_BYTES], corner[16];
        struct pane_text text = {.title = title,
                                 .corner = corner,
                                 .alarm = top->away_msec > 0,
                                 .heading = top->roster.count > 0};
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
        top->draw_msec = waiting_now_msec() + DRAW_EVERY_MSEC;
}

static void draw_soon(struct top *top, int delay_msec)
{
        int64_t then_msec = waiting_now_msec() + delay_msec;

        if (then_msec < top->draw_msec)
                top->draw_msec = then_msec;
}

static void resize(struct top *top)
{
        screen_size(&top->pane.rows, &top->pane.columns);
        top->result = canvas_resize(&top->canvas, top->pane.rows, top->pane.columns);
        draw_soon(top, 0);
}

/* Health is answered at once, also where there is nothing that Watch could tell of. */
static int queue_calls(struct top *top)
{
        struct svcbroker *connection = top->session->connection;
        const char *text = NULL;
        int result = svcbroker_queue(connection, IO_SVCBROKER ".Health", NULL, 0);

        if (result == 0 && top->parameters) {
                text = json_object_to_json_string_ext(top->parameters, JSON_C_TO_STRING_PLAIN);
                result = text ? 0 : -ENOMEM;
        }
        return result < 0 ? result : svcbroker_queue(connection, IO_SVCBROKER ".Watch", text, SVCBROKER_MORE);
}

static void begin_watch(struct top *top)
{
        top->result = queue_calls(top);
        top->connect_msec = NEVER_MSEC;
        top->settle_msec = NEVER_MSEC;
        top->answer_msec = waiting_now_msec() + session_patience(top->session);
        top->settled = false;
        roster_doubt(&top->roster);
}

static void note_absence(struct top *top)
{
        int64_t now_msec = waiting_now_msec();

        session_close(top->session);
        if (top->away_msec == 0)
                top->away_msec = now_msec;
        top->settle_msec = NEVER_MSEC;
        top->answer_msec = NEVER_MSEC;
        top->connect_msec = now_msec + RECONNECT_MSEC;
        draw_soon(top, 0);
}

/* It answers again. */
static void note_return(struct top *top)
{
        int64_t now_msec = waiting_now_msec();

        if (top->away_msec == 0)
                return;
        top->absence_msec = now_msec - top->away_msec;
        top->notice_msec = now_msec + NOTICE_MSEC;
        top->away_msec = 0;
        draw_soon(top, 0);
}

/* Of a broker that is being started again, not of one that nobody could talk to. */
static bool is_absence(int result)
{
        return result == -ENOENT || result == -ECONNREFUSED || result == -ECONNRESET ||
               result == -ETIMEDOUT || result == -EAGAIN || result == -ENODATA || result == -EPIPE;
}

static void reconnect(struct top *top)
{
        int result = session_reconnect(top->session, RECONNECT_PATIENCE_MSEC);

        if (result == 0)
                begin_watch(top);
        else if (is_absence(result))
                top->connect_msec = waiting_now_msec() + RECONNECT_MSEC;
        else
                top->result = result;
}

static void take_answer(struct top *top, struct answer *answer)
{
        if (answer->error) {
                top->refusal = *answer;
                top->ended = true;
                return;
        }
        note_return(top);
        top->answer_msec = NEVER_MSEC;
        if (!top->settled)
                top->settle_msec = waiting_now_msec() + SETTLE_MSEC; /* the others come right behind */
        top->result = roster_take(&top->roster, member_string(answer->parameters, "event"),
                                  member_object(answer->parameters, "service"));
        answer_deinit(answer);
        draw_soon(top, DRAW_AFTER_MSEC);
}

static void take_events(struct top *top)
{
        while (!is_over(top)) {
                struct answer answer;
                int result = session_take(top->session, 0, &answer);

                if (result == -ETIMEDOUT)
                        return;
                if (result == 0)
                        take_answer(top, &answer);
                else if (is_absence(result))
                        return note_absence(top);
                else
                        top->result = result;
        }
}

static void take_keys(struct top *top)
{
        unsigned char bytes[64];
        ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));

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

static int64_t earliest(int64_t one, int64_t other)
{
        return one < other ? one : other;
}

/* Until there is something to do. */
static void pause_top(struct top *top)
{
        int64_t next_msec = earliest(earliest(top->draw_msec, top->settle_msec),
                                     earliest(top->connect_msec, top->answer_msec));
        int64_t left_msec = next_msec - waiting_now_msec();
        struct pollfd poll_fds[] = {
                {.fd = STDIN_FILENO, .events = POLLIN},
                {.fd = top->screen.signal_fd, .events = POLLIN},
                {.fd = top->session->connection ? svcbroker_fd(top->session->connection) : -1,
                 .events = POLLIN},
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

static void look_at_clock(struct top *top)
{
        int64_t now_msec = waiting_now_msec();

        if (now_msec >= top->connect_msec)
                reconnect(top);
        if (now_msec >= top->answer_msec && top->away_msec == 0)
                top->result = -ETIMEDOUT;
        else if (now_msec >= top->answer_msec)
                note_absence(top);
        if (now_msec >= top->settle_msec) {
                top->settle_msec = NEVER_MSEC;
                top->settled = true;
                roster_settle(&top->roster);
                draw_soon(top, 0);
        }
}

static void run(struct top *top)
{
        begin_watch(top);
        resize(top);
        while (!is_over(top)) {
                if (top->session->connection)
                        take_events(top);
                look_at_clock(top);
                if (!is_over(top) && waiting_now_msec() >= top->draw_msec)
                        draw(top);
                if (!is_over(top))
                        pause_top(top);
        }
}

/* The terminal is a person's again, so that what is said now stays there. */
static enum outcome conclude(struct top *top)
{
        enum outcome outcome = OUTCOME_DONE;

        if (top->signal_number > 0)
                raise(top->signal_number); /* whoever started us is to see what ended us */
        if (top->result < 0)
                outcome = session_broken(top->session, top->result);
        else if (top->refusal.error)
                outcome = session_refused(top->session, &top->refusal, "top");
        else if (top->terminal_lost)
                outcome = OUTCOME_FAILED; /* nobody to tell it */
        return outcome;
}

static enum outcome resolve(struct session *session, struct json_object **parameters)
{
        struct json_object *names;
        enum outcome outcome;

        *parameters = NULL;
        if (session->options->words_count == 0)
                return OUTCOME_DONE;
        outcome = names_resolve(session, &names);
        if (outcome != OUTCOME_DONE)
                return outcome;
        *parameters = json_object_new_object();
        json_object_object_add(*parameters, "names", names);
        return OUTCOME_DONE;
}

enum outcome verb_top(struct session *session)
{
        struct top top = {.session = session, .settle_msec = NEVER_MSEC};
        enum outcome outcome;

        if (!screen_is_there()) {
                failure_print("top", "needs a terminal that can be drawn on",
                              "use 'svcctl watch': a line for each change");
                return OUTCOME_USAGE;
        }
        outcome = resolve(session, &top.parameters);
        if (outcome != OUTCOME_DONE)
                return outcome;
        canvas_init(&top.canvas);
        pane_init(&top.pane, show_colour());
        roster_init(&top.roster);
        if (screen_open(&top.screen) == 0) {
                run(&top);
                screen_close(&top.screen);
                outcome = conclude(&top);
        } else {
                failure_print("top", "the terminal cannot be set up", "use 'svcctl watch'");
                outcome = OUTCOME_FAILED;
        }
        answer_deinit(&top.refusal);
        roster_deinit(&top.roster);
        canvas_deinit(&top.canvas);
        json_object_put(top.parameters);
        return outcome;
}
