/* SPDX-License-Identifier: ISC */
#include "client/top/page.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/lib/svcbroker.h"
#include "client/log/logwindow.h"
#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/page.h"
#include "client/say/past.h"
#include "client/text/stream.h"
#include "client/text/wrap.h"
#include "client/top/help.h"

#define HOURS 24
#define USEC_PER_HOUR (INT64_C(3600) * 1000 * 1000)
/* How many events are asked for, and how many are kept when more have come. */
#define EVENTS_ASKED 200
#define EVENTS_MOST 400
/* The time between two tries. */
#define AGAIN_MSEC 1000

void page_init(struct page *page, const struct options *options)
{
        *page = (struct page){.options = options, .again_msec = ERRAND_NEVER_MSEC};
}

void page_close(struct page *page)
{
        errand_end(&page->errand);
        json_object_put(page->events);
        logwindow_close(page->window);
        free(page->problem);
        free(page->directory);
        page_init(page, page->options);
}

static void ask_history(struct page *page)
{
        struct json_object *parameters = json_object_new_object(), *names = json_object_new_array();
        bool follow = page->kind == PAGE_HISTORY;
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        json_object_array_add(names, json_object_new_string(page->name));
        json_object_object_add(parameters, "names", names);
        if (follow)
                json_object_object_add(parameters, "count", json_object_new_int(EVENTS_ASKED));
        else
                json_object_object_add(
                        parameters, "since_usec",
                        json_object_new_int64((int64_t)now.tv_sec * 1000000 - HOURS * USEC_PER_HOUR));
        if (follow)
                json_object_object_add(parameters, "follow", json_object_new_boolean(true));
        json_object_put(page->events);
        page->events = NULL;
        page->again_msec = ERRAND_NEVER_MSEC;
        errand_begin(&page->errand, page->options, "History", parameters, SVCBROKER_MORE, ERRAND_NEVER_MSEC);
}

static void open_log(struct page *page)
{
        page->again_msec = ERRAND_NEVER_MSEC;
        if (!page->directory)
                return;
        page->log_error = logwindow_open(page->directory, look_printable(), &page->window);
        if (page->log_error < 0)
                page->again_msec = clock_now_msec() + AGAIN_MSEC;
}

void page_open(struct page *page, enum page_kind kind, struct json_object *service)
{
        const char *name = member_string(service, "name");
        const char *directory = facts_log_directory(service);

        page_close(page);
        page->kind = kind;
        page->changed = true;
        page->at_end = kind == PAGE_LOG || kind == PAGE_HISTORY;
        snprintf(page->name, sizeof(page->name), "%s", name ? name : "");
        if (kind == PAGE_LOG) {
                page->directory = directory ? strdup(directory) : NULL;
                open_log(page);
        } else if (kind != PAGE_KEYS) {
                ask_history(page);
        }
}

static void take_events(struct page *page, struct json_object *events)
{
        size_t count;

        if (!page->events)
                page->events = json_object_new_array();
        for (size_t i = 0; events && i < json_object_array_length(events); i++)
                json_object_array_add(page->events, json_object_get(json_object_array_get_idx(events, i)));
        count = json_object_array_length(page->events);
        if (page->kind == PAGE_HISTORY && count > EVENTS_MOST)
                json_object_array_del_idx(page->events, 0, count - EVENTS_MOST);
}

static void note_problem(struct page *page, char *problem)
{
        free(page->problem);
        page->problem = problem;
        page->changed = true;
}

/* Takes an answer. Its error is the connection's, so it must be told before that ends. Returns true if more
 * may come. */
static bool take_answer(struct page *page, const struct answer *answer)
{
        enum outcome outcome;

        page->changed = true;
        if (answer->error) {
                note_problem(page, failure_words(answer->error, answer->parameters, page->name,
                                                 look_printable(), &outcome));
                return false;
        }
        note_problem(page, NULL);
        take_events(page, member_array(answer->parameters, "events"));
        return answer->continues;
}

static void turn_history(struct page *page)
{
        struct session session = {.options = page->options};
        struct answer answer;
        int result;

        while (errand_is_under_way(&page->errand)) {
                switch (errand_turn(&page->errand, &answer, &result)) {
                case ERRAND_NOTHING:
                        return;
                case ERRAND_BROKEN:
                        note_problem(page, session_broken_words(&session, result, look_printable()));
                        page->again_msec = clock_now_msec() + AGAIN_MSEC;
                        break;
                case ERRAND_ANSWER:
                        if (!take_answer(page, &answer))
                                errand_end(&page->errand);
                        answer_deinit(&answer);
                        break;
                }
        }
}

static void turn_log(struct page *page)
{
        int result = page->window ? logwindow_look(page->window) : 0;

        if (result > 0)
                page->changed = true;
        if (result >= 0)
                return;
        logwindow_close(page->window);
        page->window = NULL;
        page->log_error = result;
        page->changed = true;
        page->again_msec = clock_now_msec() + AGAIN_MSEC;
}

void page_turn(struct page *page)
{
        bool again = page->kind != PAGE_NONE && clock_now_msec() >= page->again_msec;

        if (page->kind == PAGE_LOG) {
                if (again)
                        open_log(page);
                turn_log(page);
        } else if (page->kind != PAGE_NONE) {
                if (again)
                        ask_history(page);
                turn_history(page);
        }
}

int page_fd(const struct page *page, short *events)
{
        *events = POLLIN;
        return page->window ? logwindow_fd(page->window) : errand_fd(&page->errand, events);
}

int64_t page_next_msec(const struct page *page)
{
        int64_t next_msec = errand_next_msec(&page->errand);

        if (page->window && logwindow_is_behind(page->window))
                return clock_now_msec();
        return page->again_msec < next_msec ? page->again_msec : next_msec;
}

static void write_log(const struct page *page, const struct look *look, size_t rows, FILE *file)
{
        size_t count = page->window ? logwindow_count(page->window) : 0;

        if (!page->window) {
                wrap_print(file,
                           page->directory ? page_log_problem(page->log_error)
                                           : "it has no log directory; see the container's log",
                           look->printable, 0, 0, look->columns);
                return;
        }
        /* Every line takes a row at least. */
        for (size_t i = rows > 0 && rows < count ? count - rows : 0; i < count; i++)
                wrap_line(file, logwindow_line(page->window, i), 0, 2, look->columns);
        if (count == 0)
                fputs("nothing yet\n", file);
}

static void write_why(const struct page *page, struct json_object *service, const struct look *look,
                      FILE *file)
{
        char ends[PAST_TEXT_BYTES], line[PAST_TEXT_BYTES + 64];
        char *text = service ? page_why_text(service, look) : NULL;

        fputs(text ? text : "it is gone: nobody has such a service any more\n", file);
        free(text);
        if (!*past_ends(page->events, HOURS, ends))
                return;
        snprintf(line, sizeof(line), "It %s; h tells more.", ends);
        wrap_print(file, line, look->printable, 0, 0, look->columns);
}

static void write_history(const struct page *page, const struct look *look, FILE *file)
{
        size_t count = page->events ? json_object_array_length(page->events) : 0;

        for (size_t i = 0; i < count; i++)
                past_write_nameless(file, json_object_array_get_idx(page->events, i), look);
        if (page->problem)
                wrap_line(file, page->problem, 0, 0, look->columns);
        else if (count == 0)
                fputs(page->events ? "nothing is known of before\n" : "asking the broker\n", file);
}

char *page_contents(const struct page *page, struct json_object *service, const struct look *look,
                    size_t rows)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        if (!file)
                return NULL;
        switch (page->kind) {
        case PAGE_NONE:
                break;
        case PAGE_KEYS:
                help_write(file, look);
                break;
        case PAGE_WHY:
                write_why(page, service, look, file);
                break;
        case PAGE_HISTORY:
                write_history(page, look, file);
                break;
        case PAGE_LOG:
                write_log(page, look, rows, file);
                break;
        }
        return stream_text(file, &text);
}

const char *page_title(const struct page *page, struct json_object *service, char *buffer)
{
        const char *problem = member_string(service, "log_problem");

        switch (page->kind) {
        case PAGE_NONE:
                buffer[0] = '\0';
                break;
        case PAGE_KEYS:
                snprintf(buffer, PAGE_TITLE_BYTES, "keys");
                break;
        case PAGE_WHY:
                snprintf(buffer, PAGE_TITLE_BYTES, "%s: why", page->name);
                break;
        case PAGE_HISTORY:
                snprintf(buffer, PAGE_TITLE_BYTES, "%s: history", page->name);
                break;
        case PAGE_LOG:
                snprintf(buffer, PAGE_TITLE_BYTES, "%s: log%s%.256s", page->name, problem ? "; " : "",
                         problem ? problem : "");
                break;
        }
        return buffer;
}
