/* SPDX-License-Identifier: ISC */
#include "client/say/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/label.h"
#include "client/say/member.h"
#include "client/say/sort.h"
#include "client/text/bytes.h"
#include "client/text/stream.h"
#include "client/text/table.h"
#include "client/text/wrap.h"

#define NUMBER_BYTES 24
#define NAME_COLUMNS_MIN 4
#define NAME_COLUMNS_FAIR 24 /* longer names are cut to this before a column is left out */
#define REASON_INDENT 4
#define MARK ">" /* no state has this symbol */

enum column {
        COLUMN_NAME,
        COLUMN_STATE,
        COLUMN_AGE,
        COLUMN_PID,
        COLUMN_MEMORY,
        COLUMN_SHARE,
        COLUMN_RESTARTS,
        COLUMN_EXIT,
        COLUMN_RETRY,
        COLUMN_REASON,
        COLUMNS,
};

_Static_assert(COLUMNS <= TABLE_COLUMNS_MAX, "a table takes that many");

static const char *const headings[COLUMNS] = {
        [COLUMN_NAME] = "NAME",   [COLUMN_STATE] = "STATE",       [COLUMN_AGE] = "FOR",
        [COLUMN_PID] = "PID",     [COLUMN_RESTARTS] = "RESTARTS", [COLUMN_EXIT] = "LAST EXIT",
        [COLUMN_RETRY] = "RETRY", [COLUMN_REASON] = "REASON",     [COLUMN_MEMORY] = "MEM",
        [COLUMN_SHARE] = "CPU",
};

/* The columns that are left out where the table is too wide, in that order. */
static const enum column least[] = {COLUMN_REASON, COLUMN_EXIT,  COLUMN_PID, COLUMN_RESTARTS,
                                    COLUMN_RETRY,  COLUMN_SHARE, COLUMN_AGE, COLUMN_MEMORY};

static int compare(const void *one, const void *other)
{
        return sort_by_attention(one, other);
}

/* Returns the facts of all services: free() them. NULL when out of memory. */
static struct facts *read_all(struct json_object *services, size_t *count, bool sorted)
{
        struct facts *all;

        *count = json_object_array_length(services);
        all = calloc(*count + 1, sizeof(*all));
        for (size_t i = 0; all && i < *count; i++)
                facts_read(json_object_array_get_idx(services, i), &all[i]);
        if (all && !sorted)
                qsort(all, *count, sizeof(*all), compare);
        return all;
}

static const char *symbol(const struct facts *facts, const struct look *look, const char *marked)
{
        if (marked && strcmp(marked, facts->name) == 0)
                return MARK;
        if (!look->symbols)
                return NULL;
        return look->utf8 ? facts->state->symbol : facts->state->ascii;
}

static const char *number_text(int64_t number, char *buffer)
{
        if (number < 0)
                return NULL;
        snprintf(buffer, NUMBER_BYTES, "%" PRId64, number);
        return buffer;
}

static void add_row(struct table *table, const struct facts *facts, const struct look *look,
                    const char *marked)
{
        char age[FACTS_TEXT_BYTES], ended[FACTS_TEXT_BYTES], until[FACTS_TEXT_BYTES];
        char memory[FACTS_TEXT_BYTES], share[FACTS_TEXT_BYTES];
        char retry[FACTS_TEXT_BYTES + 4], pid[NUMBER_BYTES], restarts[NUMBER_BYTES];

        snprintf(retry, sizeof(retry), "%s%s", facts->next_start_usec >= 0 ? "in " : "",
                 facts_until(facts->next_start_usec, look->now_usec, until));
        table_add(table,
                  (const struct cell[COLUMNS]){
                          [COLUMN_NAME] = {.text = facts->name, .prefix = label_prefix(facts->name)},
                          [COLUMN_STATE] = {.text = facts->state->name,
                                            .tint = facts->state->tint,
                                            .symbol = symbol(facts, look, marked)},
                          [COLUMN_AGE] = {.text = facts_age(facts->since_usec, look->now_usec, age)},
                          [COLUMN_PID] = {.text = number_text(facts->pid, pid), .right = true},
                          [COLUMN_MEMORY] = {.text = facts_memory(facts, memory), .right = true},
                          [COLUMN_SHARE] = {.text = facts_share(facts, share), .right = true},
                          [COLUMN_RESTARTS] = {.text = number_text(facts->restarts, restarts), .right = true},
                          [COLUMN_EXIT] = {.text = facts_exit_brief(facts, ended)},
                          [COLUMN_RETRY] = {.text = retry},
                          [COLUMN_REASON] = {.text = facts_trouble(facts)},
                  });
}

/* Narrows the column of names as far as that helps, but not below `least_columns`. Returns the table's
 * width. */
static size_t cut_names(struct table *table, size_t width, size_t columns, size_t least_columns)
{
        if (width <= columns || table->widths[COLUMN_NAME] <= least_columns)
                return width;
        table->brief[COLUMN_NAME] = true;
        width = table_measure(table);
        if (width > columns) {
                size_t over = width - columns;
                size_t name = table->widths[COLUMN_NAME];

                table->most[COLUMN_NAME] = name > over + least_columns ? name - over : least_columns;
                width = table_measure(table);
        }
        return width;
}

/* Makes the table fit. One long name must not cost all services their columns, so it is cut first. Then
 * columns are left out, then all names are cut. */
static void fit(struct table *table, const struct look *look)
{
        size_t width = table_measure(table);

        table->ellipsis = look->utf8 ? "…" : "~";
        if (look->columns == 0)
                return;
        width = cut_names(table, width, look->columns, NAME_COLUMNS_FAIR);
        for (size_t i = 0; i < sizeof(least) / sizeof(least[0]) && width > look->columns; i++) {
                table->hidden[least[i]] = true;
                width = table_measure(table);
        }
        if (table->most[COLUMN_NAME] > 0 && width < look->columns) {
                table->most[COLUMN_NAME] += look->columns - width;
                width = table_measure(table);
        }
        cut_names(table, width, look->columns, NAME_COLUMNS_MIN);
}

/* Writes a row's reason and retry below it, where these have no column. */
static void write_rest(FILE *file, const struct table *table, const struct facts *facts,
                       const struct look *look)
{
        bool retry = table->hidden[COLUMN_RETRY] && facts->next_start_usec >= 0;
        const char *reason = table->hidden[COLUMN_REASON] && facts_trouble(facts) ? facts_trouble(facts) : "";
        char until[FACTS_TEXT_BYTES];
        char *line = NULL;

        if (!retry && !*reason)
                return;
        if (asprintf(&line, "%s%s%s%s", retry ? "next start in " : "",
                     retry ? facts_until(facts->next_start_usec, look->now_usec, until) : "",
                     retry && *reason ? ": " : "", reason) < 0)
                return;
        fprintf(file, "%*s", REASON_INDENT, "");
        wrap_print(file, line, look->printable, REASON_INDENT, REASON_INDENT, look->columns);
        free(line);
}

static void write_table(FILE *file, const struct facts *all, size_t count, const struct look *look,
                        struct list_form form)
{
        struct table table;

        table_init(&table, COLUMNS, headings);
        table.printable = look->printable;
        /* These widths are fixed, so that nothing moves from look to look. */
        table.least[COLUMN_MEMORY] = strlen("1023M");
        table.least[COLUMN_SHARE] = strlen("100.0%");
        for (size_t i = 0; i < count; i++)
                add_row(&table, &all[i], look, form.marked);
        if (!table.failed && count > 0) {
                fit(&table, look);
                if (!form.bare)
                        table_print_headings(&table, file, look->colour);
                for (size_t i = 0; i < count; i++) {
                        table_print_row(&table, i, file, look->colour);
                        write_rest(file, &table, &all[i], look);
                }
        }
        if (count == 0 && !form.bare)
                wrap_line(file, "no services; 'svcctl register PROFILE' makes a gateway", 0, 0,
                          look->columns);
        table_deinit(&table);
}

/* Writes "1 failed, 2 backoff". The services are sorted, so those in one state are neighbours. */
static void write_counts(FILE *file, const struct facts *all, size_t attention)
{
        size_t from = 0;

        for (size_t i = 0; i < attention; i++) {
                if (i + 1 < attention && all[i + 1].state == all[i].state)
                        continue;
                fprintf(file, "%s%zu %s", from ? ", " : "", i + 1 - from, all[i].state->name);
                from = i + 1;
        }
}

static void write_footer(FILE *file, const struct facts *all, size_t count, const struct look *look)
{
        size_t attention = 0, size;
        char *line = NULL;
        FILE *memory;

        while (attention < count && facts_need_attention(&all[attention]))
                attention++;
        memory = attention > 0 ? open_memstream(&line, &size) : NULL;
        if (!memory)
                return;
        fprintf(memory, "%zu of %zu need%s attention: ", attention, count, attention == 1 ? "s" : "");
        write_counts(memory, all, attention);
        fprintf(memory, "; 'svcctl why %s' tells more", all[0].name);
        line = stream_text(memory, &line);
        if (line) {
                putc('\n', file);
                wrap_print(file, line, look->printable, 0, 0, look->columns);
        }
        free(line);
}

static char *make_text(struct json_object *services, const struct look *look, struct list_form form,
                       bool footer)
{
        size_t count, size;
        struct facts *all = read_all(services, &count, form.sorted);
        char *text = NULL;
        FILE *file = all ? open_memstream(&text, &size) : NULL;

        if (file)
                write_table(file, all, count, look, form);
        if (file && footer && !form.bare) {
                if (form.sorted) /* in another order than the last line needs to count */
                        qsort(all, count, sizeof(*all), compare);
                write_footer(file, all, count, look);
        }
        free(all);
        return stream_text(file, &text);
}

char *list_table_as(struct json_object *services, const struct look *look, struct list_form form)
{
        return make_text(services, look, form, false);
}

char *list_table(struct json_object *services, const struct look *look)
{
        return list_table_as(services, look, (struct list_form){.bare = false});
}

char *list_text_as(struct json_object *services, const struct look *look, struct list_form form)
{
        return make_text(services, look, form, true);
}

char *list_text(struct json_object *services, const struct look *look)
{
        return list_text_as(services, look, (struct list_form){.bare = false});
}

int list_container_share(struct json_object *document)
{
        struct json_object *container = member_object(document, "container");
        int64_t used = member_int(container, "memory_bytes", -1);
        int64_t limit = member_int(container, "memory_limit_bytes", -1);

        return used >= 0 && limit > 0 ? (int)(100.0 * (double)used / (double)limit) : -1;
}

const char *list_container(struct json_object *document, char *buffer)
{
        struct json_object *container = member_object(document, "container");
        int64_t used = member_int(container, "memory_bytes", -1);
        int64_t limit = member_int(container, "memory_limit_bytes", -1);
        char used_text[BYTES_TEXT_BYTES], limit_text[BYTES_TEXT_BYTES];

        buffer[0] = '\0';
        if (used >= 0 && limit > 0)
                snprintf(buffer, LIST_CONTAINER_BYTES, "container: %s of %s of memory (%d%%)",
                         bytes_format(used, used_text), bytes_format(limit, limit_text),
                         list_container_share(document));
        else if (used >= 0)
                snprintf(buffer, LIST_CONTAINER_BYTES, "container: %s of memory, without a limit",
                         bytes_format(used, used_text));
        return buffer;
}
