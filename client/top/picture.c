/* SPDX-License-Identifier: ISC */
#include "client/top/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/member.h"
#include "client/say/sort.h"
#include "client/terminal/look.h"
#include "client/text/duration.h"
#include "client/text/printable.h"
#include "client/text/stream.h"
#include "client/text/width.h"
#include "client/text/wrap.h"
#include "client/top/help.h"
#include "client/top/top.h"

/* The least time between two looks at processes, however often a picture is drawn. */
#define LOOK_EVERY_MSEC 900
/* The share of its limit, in per cent, from which on the title tells of the container's memory. */
#define CONTAINER_TOLD_SHARE 75
/* How long the title says that the broker was away. */
#define NOTICE_MSEC 10000
#define TITLE_BYTES 512
#define CORNER_BYTES 16
#define RULE_BEGIN 2 /* columns of a rule before its title */
/* The rows from which on there is room for a log below the list. */
#define ROWS_FOR_BOTH 16

bool picture_is_page(const struct top *top)
{
        if (top->page.kind == PAGE_NONE)
                return false;
        return top->page.kind != PAGE_LOG || top->page_whole || top->rows < ROWS_FOR_BOTH;
}

/* Adds what the services take, and notes the container's memory when that may soon be full. */
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

static char *empty_text(const struct top *top)
{
        const char *state = view_filter(&top->view);
        char *text = NULL;

        if (!state || top->feed.roster.count == 0)
                return NULL;
        return asprintf(&text, "no service is %s now; f shows others, F all\n", state) < 0 ? NULL : text;
}

/* Returns the table as `list` prints it; "" while nothing is known: free() it. NULL when out of memory. */
static char *table_text(struct top *top, struct look *look)
{
        struct list_form form = {.sorted = true, .marked = top->list.colour ? NULL : top->view.chosen};
        struct json_object *services;
        char *text;
        int result;

        if (top->feed.roster.count == 0 && !top->feed.settled)
                return strdup("");
        services = roster_array(&top->feed.roster);
        add_usage(top, services);
        result = services ? view_take(&top->view, services, top->feed.settled) : -1;
        json_object_put(services);
        if (result < 0)
                return NULL;
        text = view_count(&top->view) == 0 ? empty_text(top) : NULL;
        return text ? text : list_table_as(top->view.services, look, form);
}

/* Writes a title about a broker that is or was away. Returns false if there is nothing to say. */
static bool write_absence(const struct top *top, char *title)
{
        int64_t now_msec = clock_now_msec();
        char duration[DURATION_TEXT_BYTES];

        if (top->feed.away_msec != FEED_NEVER_MSEC)
                snprintf(title, TITLE_BYTES, "the broker is away, for %s; this is how it was",
                         duration_format((now_msec - top->feed.away_msec) / 1000 * 1000, duration));
        else if (top->feed.back_msec != FEED_NEVER_MSEC && now_msec - top->feed.back_msec < NOTICE_MSEC)
                snprintf(title, TITLE_BYTES, "the broker is back; it was away for %s",
                         duration_format(top->feed.absence_msec, duration));
        else
                return false;
        return true;
}

static void write_title(const struct top *top, char *title)
{
        const char *filter = view_filter(&top->view);
        bool sorted = strcmp(top->view.sort, SORT_ATTENTION) != 0;
        char summary[ROSTER_SUMMARY_BYTES];

        if (write_absence(top, title))
                return;
        if (top->feed.roster.count == 0 && !top->feed.settled)
                snprintf(title, TITLE_BYTES, "asking the broker");
        else
                snprintf(title, TITLE_BYTES, "%s%s%s%s%s%s%s%s", filter ? "only " : "", filter ? filter : "",
                         filter ? " of " : "", roster_summary(&top->feed.roster, summary),
                         sorted ? "; by " : "", sorted ? top->view.sort : "", *top->container ? "; " : "",
                         top->container);
}

static void write_clock(char *corner)
{
        time_t now = time(NULL);
        struct tm local;

        if (!localtime_r(&now, &local) || strftime(corner, CORNER_BYTES, "%T", &local) == 0)
                corner[0] = '\0';
}

/* Wraps a text into as many lines as it needs, of which the pane shows some: free() it. NULL: no text, or out
 * of memory. */
static char *fold(const char *text, size_t columns)
{
        char *folded = NULL;
        size_t size;
        FILE *file = text ? open_memstream(&folded, &size) : NULL;

        if (file)
                wrap_line(file, text, 0, 0, columns);
        return stream_text(file, &folded);
}

/* Returns the question that is asked, or else the message to be read: free() it. NULL: there is neither. */
static char *foot_text(struct top *top, bool *alarm)
{
        enum printable printable = look_printable();
        const struct message *message;
        char *words = NULL, *text = NULL, *folded;

        *alarm = false;
        switch (top->asking) {
        case ASKING_KILL:
                words = printable_text(top->asked, printable);
                *alarm = true;
                if (words && asprintf(&text, "kill %s with SIGKILL? y: yes; any other key: no", words) < 0)
                        text = NULL;
                break;
        case ASKING_SEARCH:
                words = printable_text(top->search.text, printable);
                if (words && asprintf(&text, "/%s_", words) < 0)
                        text = NULL;
                break;
        case ASKING_NOTHING:
                message = messages_now(&top->messages, clock_now_msec());
                *alarm = message && message->alarm;
                return fold(message ? message->text : NULL, top->columns);
        }
        free(words);
        folded = fold(text, top->columns);
        free(text);
        return folded;
}

/* Finds the lines of the table's row at that place, not counting its heading, and marks them. */
static void find_row(const char *table, size_t place, struct pane_text *text)
{
        size_t row = SIZE_MAX, line = 0;

        table += strcspn(table, "\n");
        table += *table == '\n';
        for (; *table; line++) {
                row += *table != ' ' || row == SIZE_MAX;
                if (row == place && text->marked_count++ == 0)
                        text->marked = line;
                table += strcspn(table, "\n");
                table += *table == '\n';
        }
}

static size_t count_lines(const char *text)
{
        size_t count = 0;

        for (; (text = strchr(text, '\n')); text++)
                count++;
        return count;
}

/* Makes the rule that parts the page from the list above, even where nothing is coloured. */
static char *rule_text(const char *title, const struct look *look)
{
        size_t width = width_of(title) + RULE_BEGIN + 2;
        const char *dash = look->utf8 ? "─" : "-";
        char *rule = NULL;
        size_t size;
        FILE *file = open_memstream(&rule, &size);

        for (size_t i = 0; file && i < RULE_BEGIN; i++)
                fputs(dash, file);
        if (file)
                fprintf(file, " %s ", title);
        for (; file && width < look->columns; width++)
                fputs(dash, file);
        return stream_text(file, &rule);
}

static char *page_title_text(const struct top *top, struct json_object *service, const struct look *look)
{
        char title[TITLE_BYTES];
        char *printable, *rule;

        if (!picture_is_page(top) || !write_absence(top, title))
                page_title(&top->page, service, title);
        printable = printable_text(title, look->printable);
        if (picture_is_page(top) || !printable)
                return printable;
        rule = rule_text(printable, look);
        free(printable);
        return rule;
}

static char **compose_page(struct top *top, const char *foot, bool alarm, const struct look *look)
{
        struct json_object *service = roster_find(&top->feed.roster, top->page.name);
        bool whole = picture_is_page(top);
        char corner[CORNER_BYTES] = "";
        struct pane_text text = {.corner = corner,
                                 .alarm = whole && top->feed.away_msec != FEED_NEVER_MSEC,
                                 .lines = true,
                                 .uncounted = !whole,
                                 .foot = foot,
                                 .foot_alarm = alarm,
                                 .hints = whole ? help_page_hints() : help_hints()};
        char *contents, *printable, **lines = NULL;

        if (whole)
                write_clock(corner);
        printable = page_title_text(top, service, look);
        contents = page_contents(&top->page, service, look, whole ? 0 : top->page_pane.rows);
        text.title = printable;
        text.table = contents;
        if (top->page.at_end)
                top->page_pane.first = SIZE_MAX / 2;
        if (printable && contents)
                lines = pane_compose(&top->page_pane, &text);
        free(printable);
        free(contents);
        return lines;
}

static char **compose_list(struct top *top, const char *table, const char *foot, bool alarm)
{
        char title[TITLE_BYTES], corner[CORNER_BYTES];
        struct pane_text text = {.title = title,
                                 .corner = corner,
                                 .alarm = top->feed.away_msec != FEED_NEVER_MSEC,
                                 .table = table,
                                 .heading = view_count(&top->view) > 0,
                                 .keyless = top->list.rows < top->rows,
                                 .foot = foot,
                                 .foot_alarm = alarm,
                                 .hints = help_hints()};

        write_title(top, title);
        write_clock(corner);
        if (view_chosen(&top->view))
                find_row(table, top->view.place, &text);
        return pane_compose(&top->list, &text);
}

/* Composes the list above, which has no more rows than it needs, and the log below. */
static char **compose_both(struct top *top, const char *table, const char *foot, bool alarm,
                           const struct look *look)
{
        size_t needed = count_lines(table) + 1, half = (top->rows + 1) / 2;
        char **above, **below, **lines = NULL;

        top->list.rows = needed < half ? needed : half;
        top->page_pane.rows = top->rows - top->list.rows;
        above = compose_list(top, table, NULL, false);
        below = compose_page(top, foot, alarm, look);
        if (above && below)
                lines = reallocarray(above, top->rows + 1, sizeof(*lines));
        if (lines) {
                memcpy(lines + top->list.rows, below, top->page_pane.rows * sizeof(*lines));
                free(below);
                return lines;
        }
        if (above)
                pane_free_lines(above, top->list.rows);
        if (below)
                pane_free_lines(below, top->page_pane.rows);
        return NULL;
}

static void look_at(const struct top *top, struct look *look)
{
        look_init(look);
        look->columns = top->columns;
}

char **picture_compose(struct top *top)
{
        struct look look;
        char *table, *foot, **lines = NULL;
        bool alarm;

        look_at(top, &look);
        top->list.columns = top->page_pane.columns = top->columns;
        top->list.rows = top->page_pane.rows = top->rows;
        top->list.ellipsis = top->page_pane.ellipsis = look.utf8 ? "…" : "~";
        table = table_text(top, &look);
        foot = foot_text(top, &alarm);
        if (table && top->page.kind == PAGE_NONE)
                lines = compose_list(top, table, foot, alarm);
        else if (table && picture_is_page(top))
                lines = compose_page(top, foot, alarm, &look);
        else if (table)
                lines = compose_both(top, table, foot, alarm, &look);
        free(foot);
        free(table);
        return lines;
}
