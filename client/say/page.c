/* SPDX-License-Identifier: ISC */
#include "client/say/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/log/logtail.h"
#include "client/say/facts.h"
#include "client/say/why.h"
#include "client/text/duration.h"
#include "client/text/printable.h"
#include "client/text/stream.h"
#include "client/text/width.h"
#include "client/text/wrap.h"

#define LABEL_COLUMNS 12 /* of the longest label, "log restarts"; two blanks follow */
#define INDENT (LABEL_COLUMNS + 2)
#define LINE_BYTES 512

/* How many rows of the terminal a line of a log may take on a page. */
#define LOG_ROWS_MAX 3

struct page {
        FILE *file;
        const struct look *look;
};

static void add_label(const struct page *page, const char *label)
{
        tint_print(page->file, label, PRINTABLE_ASCII, TINT_DIM, page->look->colour);
        fprintf(page->file, "%*s", INDENT - (int)strlen(label), "");
}

/* Adds a text that may be copied, unbroken: where the terminal breaks the line, it still knows that it is one
 * line. */
static void add_whole(const struct page *page, const char *label, const char *text)
{
        if (!text)
                return;
        add_label(page, label);
        tint_print(page->file, text, page->look->printable, TINT_PLAIN, false);
        putc('\n', page->file);
}

/* Adds a text after its label, wrapped; nothing where the text is empty or NULL. */
static void add(const struct page *page, const char *label, const char *text)
{
        char *printable = text && *text ? printable_text(text, page->look->printable) : NULL;

        if (!printable)
                return;
        add_label(page, label);
        wrap_line(page->file, printable, INDENT, INDENT, page->look->columns);
        free(printable);
}

static void add_state(const struct page *page, const struct facts *facts)
{
        const struct state *state = facts->state;
        char moment[FACTS_TEXT_BYTES], age[FACTS_TEXT_BYTES];
        const struct look *look = page->look;

        add_label(page, "state");
        if (look->symbols) {
                /* The symbol is not made printable: it is our own, and may be UTF-8. */
                tint_write(page->file, look->utf8 ? state->symbol : state->ascii, state->tint, look->colour);
                putc(' ', page->file);
        }
        tint_print(page->file, state->name, PRINTABLE_ASCII, state->tint, look->colour);
        if (*facts_age(facts->since_usec, look->now_usec, age))
                fprintf(page->file, " for %s", age);
        putc('\n', page->file);
        add(page, "since", facts_moment(facts->since_usec, moment));
}

static void add_number(const struct page *page, const char *label, int64_t number)
{
        char text[LINE_BYTES];

        snprintf(text, sizeof(text), "%" PRId64, number);
        if (number >= 0)
                add(page, label, text);
}

static const char *want_text(const struct facts *facts)
{
        bool up = facts->state->kind == STATE_UP || facts->state->kind == STATE_SERVED;

        if (facts->want_up)
                return up || facts->state->kind == STATE_STARTING ? "up" : "up, which it is not";
        return up || facts->state->kind == STATE_STARTING ? "down, which it is not" : "down";
}

static void add_last_exit(const struct page *page, const struct facts *facts)
{
        char words[FACTS_TEXT_BYTES], age[FACTS_TEXT_BYTES], line[LINE_BYTES];

        facts_exit_words(facts, words);
        facts_age(facts->exit_at_usec, page->look->now_usec, age);
        snprintf(line, sizeof(line), "%s%s%s%s", words, *age ? ", " : "", age, *age ? " ago" : "");
        if (*words)
                add(page, "last exit", line);
}

static void add_next_start(const struct page *page, const struct facts *facts)
{
        char until[FACTS_TEXT_BYTES], line[LINE_BYTES];

        snprintf(line, sizeof(line), "in %s",
                 facts_until(facts->next_start_usec, page->look->now_usec, until));
        if (*until)
                add(page, "next start", line);
}

/* Adds what the service takes. Figures that may not be read are named as such, so that nobody takes them for
 * 0. */
static void add_usage(const struct page *page, const struct facts *facts)
{
        char text[FACTS_TEXT_BYTES], line[LINE_BYTES];

        if (!facts->used)
                return;
        if (facts->processes < 0) {
                add(page, "usage", "what its processes take may not be read");
                return;
        }
        add(page, "memory", facts->memory_bytes < 0 ? "may not be read" : facts_memory(facts, text));
        duration_format(facts->cpu_usec / 1000, text);
        snprintf(line, sizeof(line), "%s of processor time", text);
        add(page, "cpu", line);
        snprintf(line, sizeof(line), "%" PRId64 " (%" PRId64 " thread%s)", facts->processes, facts->threads,
                 facts->threads == 1 ? "" : "s");
        add(page, "processes", line);
        snprintf(line, sizeof(line), "%" PRId64, facts->files);
        add(page, "open files", facts->files < 0 ? "may not be counted" : line);
}

/* Whether the page has told of that problem already, as the reason. */
static bool is_told(const struct facts *facts, const char *problem)
{
        return problem && facts->reason && strcmp(facts->reason, problem) == 0;
}

static void write_page(const struct page *page, const struct facts *facts)
{
        struct why why;

        add_whole(page, "name", facts->name);
        add_state(page, facts);
        add(page, "reason", facts->reason);
        if (!is_told(facts, facts->log_problem))
                add(page, "log problem", facts->log_problem);
        if (!is_told(facts, facts->lock_problem))
                add(page, "lock", facts->lock_problem);
        add_next_start(page, facts);
        add(page, "wanted", want_text(facts));
        add_number(page, "pid", facts->pid);
        add_usage(page, facts);
        add_number(page, "restarts", facts->restarts);
        if (facts->log_restarts > 0)
                add_number(page, "log restarts", facts->log_restarts);
        add_last_exit(page, facts);
        add_whole(page, "log", facts->log_directory);
        if (facts_need_attention(facts) &&
            why_init(&why, facts, page->look->now_usec, page->look->printable)) {
                /* The advice is printable already. */
                add_label(page, "to do");
                wrap_line(page->file, why.advice, INDENT, INDENT, page->look->columns);
                why_deinit(&why);
        }
}

char *page_text(struct json_object *service, const struct look *look)
{
        char *text = NULL;
        size_t size;
        struct page page = {.file = open_memstream(&text, &size), .look = look};
        struct facts facts;

        facts_read(service, &facts);
        if (page.file)
                write_page(&page, &facts);
        return stream_text(page.file, &text);
}

static void write_log_line(FILE *file, const char *line, const struct look *look)
{
        size_t most = look->columns * LOG_ROWS_MAX;

        if (most == 0 || width_of(line) <= most) {
                fprintf(file, "%s\n", line);
                return;
        }
        fprintf(file, "%.*s%s\n", (int)width_fit(line, strlen(line), most - 1), line, look->utf8 ? "…" : "~");
}

char *page_log_text(const struct logtail *tail, const struct look *look)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        for (size_t i = 0; file && i < tail->count; i++)
                write_log_line(file, tail->lines[i], look);
        return stream_text(file, &text);
}

const char *page_log_problem(int error)
{
        switch (-error) {
        case ENOENT:
                return "no log yet";
        case EACCES:
        case EPERM:
                return "its log may not be read: permission denied";
        case ENOTDIR:
                return "its log is not read: it is no directory, or behind a link, which is not followed";
        default:
                return "its log cannot be read";
        }
}

char *page_why_text(struct json_object *service, const struct look *look)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);
        struct facts facts;
        struct why why;

        facts_read(service, &facts);
        if (file && why_init(&why, &facts, look->now_usec, look->printable)) {
                const char *sentences[] = {why.happened, why.next, why.advice};

                for (size_t i = 0; i < 3; i++) {
                        if (*sentences[i])
                                wrap_line(file, sentences[i], 0, 0, look->columns);
                }
                why_deinit(&why);
        }
        return stream_text(file, &text);
}
