/* SPDX-License-Identifier: ISC */
#include "client/log/logwindow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/log/logline.h"
#include "client/log/logmerge.h"
#include "proto/utf8.h"

/* How many lines one look takes at most, however fast they come. */
#define LINES_A_LOOK (4 * LOGWINDOW_LINES)

struct logwindow {
        struct logmerge *merge; /* of one log */
        enum printable printable;
        bool goes_on; /* what there was at the beginning has been taken */
        bool behind;  /* there is more than the last look took */
        bool grown;
        int result;                   /* what is wrong with the log; 0: nothing */
        char *lines[LOGWINDOW_LINES]; /* a ring */
        size_t first, count;
};

/* Returns the time alone for a line of today, else the whole stamp. */
static const char *brief_stamp(const char *stamp)
{
        char today[sizeof("2026-11-23 ")];
        time_t now = time(NULL);
        struct tm local;

        if (!localtime_r(&now, &local) || strftime(today, sizeof(today), "%F ", &local) == 0)
                return stamp;
        return strncmp(stamp, today, strlen(today)) == 0 ? stamp + strlen(today) : stamp;
}

static void keep_line(struct logwindow *window, char *line)
{
        size_t place = (window->first + window->count) % LOGWINDOW_LINES;

        free(window->lines[place]);
        window->lines[place] = line;
        if (window->count < LOGWINDOW_LINES)
                window->count++;
        else
                window->first = (window->first + 1) % LOGWINDOW_LINES;
        window->grown = true;
}

static void take_line(struct logwindow *window, const struct logentry *entry)
{
        size_t length = entry->line.length;
        char stamp[LOGLINE_STAMP_BYTES];
        char *text, *made = NULL;
        bool cut = entry->cut;

        logline_stamp(&entry->line, stamp);
        if (length > LOGWINDOW_LINE_BYTES) {
                cut = true;
                length = utf8_cut(entry->line.text, LOGWINDOW_LINE_BYTES);
        }
        text = printable_line(entry->line.text, length, window->printable);
        for (char *tab = text; tab && (tab = strchr(tab, '\t'));)
                *tab = ' ';
        if (text && asprintf(&made, "%s%s%s%s", brief_stamp(stamp), *stamp ? "  " : "", text,
                             cut ? " [cut]" : "") < 0)
                made = NULL;
        free(text);
        if (made)
                keep_line(window, made);
        else
                window->result = -ENOMEM;
}

static void note_loss(void *context, const char *name, const char *directory, int result)
{
        struct logwindow *window = context;

        (void)name, (void)directory;
        window->result = result;
}

int logwindow_open(const char *directory, enum printable printable, struct logwindow **window)
{
        struct logwindow *made = calloc(1, sizeof(*made));
        int result = made ? logmerge_new(&LOGFILTER_ALL, true, note_loss, made, &made->merge) : -ENOMEM;

        if (result == 0)
                result = logmerge_add(made->merge, "", directory, false);
        if (result < 0) {
                logwindow_close(made);
                return result;
        }
        made->printable = printable;
        logmerge_keep_last(made->merge, LOGWINDOW_LINES);
        *window = made;
        return 0;
}

void logwindow_close(struct logwindow *window)
{
        if (!window)
                return;
        for (size_t i = 0; i < LOGWINDOW_LINES; i++)
                free(window->lines[i]);
        if (window->merge)
                logmerge_free(window->merge);
        free(window);
}

static enum logmerge_turn take_lines(struct logwindow *window)
{
        enum logmerge_turn turn = LOGMERGE_LINE;
        struct logmerge_entry entry;

        for (size_t i = 0; i < LINES_A_LOOK && turn == LOGMERGE_LINE; i++) {
                turn = logmerge_next(window->merge, &entry);
                if (turn == LOGMERGE_LINE)
                        take_line(window, &entry.entry);
        }
        return turn;
}

int logwindow_look(struct logwindow *window)
{
        enum logmerge_turn turn;

        window->grown = false;
        if (window->goes_on)
                logmerge_look(window->merge);
        turn = take_lines(window);
        if (turn == LOGMERGE_END && !window->goes_on) {
                window->goes_on = true;
                logmerge_go_on(window->merge);
                logmerge_look(window->merge);
                turn = take_lines(window);
        }
        window->behind = turn != LOGMERGE_END;
        return window->result < 0 ? window->result : window->grown;
}

bool logwindow_is_behind(const struct logwindow *window)
{
        return window->behind;
}

int logwindow_fd(const struct logwindow *window)
{
        return logmerge_fd(window->merge);
}

size_t logwindow_count(const struct logwindow *window)
{
        return window->count;
}

const char *logwindow_line(const struct logwindow *window, size_t place)
{
        return window->lines[(window->first + place) % LOGWINDOW_LINES];
}
