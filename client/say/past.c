/* SPDX-License-Identifier: ISC */
#include "client/say/past.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/label.h"
#include "client/say/member.h"
#include "client/text/duration.h"
#include "client/text/wrap.h"

#define NAME_COLUMNS 24
#define STAMP_COLUMNS 10 /* of a time without a date, and the blanks behind it */
/* On a terminal that is narrower than this, wrapped lines are indented less. */
#define WRAP_COLUMNS 60
#define WRAP_INDENT 4
#define WAYS_MOST 8 /* how many ways of ending are told apart */

__attribute__((format(printf, 2, 3))) static void add(char *buffer, const char *format, ...)
{
        size_t length = strlen(buffer);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(buffer + length, PAST_TEXT_BYTES - length, format, arguments);
        va_end(arguments);
}

static void add_order(struct json_object *event, char *buffer)
{
        const char *order = member_string(event, "order"), *process = member_string(event, "process");
        const char *signal = member_string(event, "signal");
        int64_t uid = member_int(event, "uid", -1), pid = member_int(event, "caller_pid", -1);

        if (signal && strncmp(signal, "SIG", 3) == 0)
                signal += 3;
        add(buffer, "%s%s%s ordered", order ? order : "something", signal ? " " : "", signal ? signal : "");
        if (uid == 0)
                add(buffer, " by root");
        else if (uid > 0)
                add(buffer, " by uid %" PRId64, uid);
        if (process || pid >= 0)
                add(buffer, " (%s%s", process ? process : "", process && pid >= 0 ? ", " : "");
        if (pid >= 0)
                add(buffer, "pid %" PRId64, pid);
        if (process || pid >= 0)
                add(buffer, ")");
}

static void add_beginning(struct json_object *event, char *buffer)
{
        int64_t pid = member_int(event, "pid", -1);

        add(buffer, "began");
        if (pid >= 0)
                add(buffer, ", pid %" PRId64, pid);
        if (member_is(event, "started_by", "person"))
                add(buffer, ": it was ordered");
        else if (member_is(event, "started_by", "retry"))
                add(buffer, ": the broker tried again");
        else if (member_is(event, "started_by", "boot"))
                add(buffer, ": the broker started it by itself");
        else if (member_is(event, "started_by", "s6"))
                add(buffer, ": s6 started it by itself");
}

/* Writes how a run ended: "exit 1", "SIGKILL", or "it is not known how". */
static void write_way(struct json_object *event, char *buffer, size_t size)
{
        const char *signal = member_string(event, "signal");
        int64_t code = member_int(event, "code", -1);

        if (signal)
                snprintf(buffer, size, "%s", signal);
        else if (code >= 0)
                snprintf(buffer, size, "exit %" PRId64, code);
        else
                snprintf(buffer, size, "it is not known how");
}

static void add_end(struct json_object *event, char *buffer)
{
        int64_t lasted_msec = member_int(event, "lasted_msec", -1);
        char way[FACTS_TEXT_BYTES], lasted[DURATION_TEXT_BYTES];

        write_way(event, way, sizeof(way));
        add(buffer, "ended: %s", way);
        if (lasted_msec >= 0)
                add(buffer, ", after %s", duration_format(lasted_msec, lasted));
        add(buffer, member_true(event, "ordered") ? ", as ordered" : ", which nobody ordered");
        if (member_int(event, "oom_kills", 0) > 0)
                add(buffer, " (the container was out of memory)");
}

static void add_variables(struct json_object *event, char *buffer)
{
        struct json_object *names = member_array(event, "variables");
        int64_t left_out = member_int(event, "left_out", 0);

        add(buffer, "variables changed:");
        for (size_t i = 0; names && i < json_object_array_length(names); i++)
                add(buffer, "%s %s", i ? "," : "",
                    json_object_get_string(json_object_array_get_idx(names, i)));
        if (left_out > 0)
                add(buffer, ", and %" PRId64 " more", left_out);
}

const char *past_words(struct json_object *event, char *buffer)
{
        const char *kind = member_string(event, "event"), *reason = member_string(event, "reason");
        const char *state = member_string(event, "state");

        buffer[0] = '\0';
        if (member_is(event, "event", "order"))
                add_order(event, buffer);
        else if (member_is(event, "event", "began"))
                add_beginning(event, buffer);
        else if (member_is(event, "event", "ended"))
                add_end(event, buffer);
        else if (member_is(event, "event", "environment"))
                add_variables(event, buffer);
        else if (member_is(event, "event", "container"))
                add(buffer, "the container was started");
        else
                add(buffer, "%s", state ? state : kind ? kind : "something happened");
        if (reason)
                add(buffer, ": %s", reason);
        if (member_true(event, "from_volume"))
                add(buffer, " [from the volume]");
        return buffer;
}

static enum tint tint_of(struct json_object *event)
{
        if (member_is(event, "event", "state") || member_is(event, "event", "logger"))
                return TINT_BAD;
        if (member_is(event, "event", "ended") && !member_true(event, "ordered"))
                return TINT_BAD;
        return TINT_PLAIN;
}

void past_write(FILE *file, struct json_object *event, const struct look *look)
{
        const char *name = member_string(event, "name");
        char stamp[FACTS_TEXT_BYTES], words[PAST_TEXT_BYTES];

        fprintf(file, "%s  ", facts_moment(member_int(event, "at_usec", FACTS_UNKNOWN), stamp));
        label_write(file, name ? name : "", NAME_COLUMNS, look);
        tint_print(file, past_words(event, words), look->printable, tint_of(event), look->colour);
        putc('\n', file);
}

void past_write_nameless(FILE *file, struct json_object *event, const struct look *look)
{
        char stamp[FACTS_TEXT_BYTES], words[PAST_TEXT_BYTES];
        size_t indent = look->columns < WRAP_COLUMNS ? WRAP_INDENT : STAMP_COLUMNS;

        facts_clock(member_int(event, "at_usec", FACTS_UNKNOWN), look->now_usec, stamp);
        fprintf(file, "%s  ", stamp);
        wrap_print(file, past_words(event, words), look->printable, strlen(stamp) + 2, indent, look->columns);
}

void past_show(struct json_object *event, const struct look *look)
{
        past_write(stdout, event, look);
}

struct way {
        char text[FACTS_TEXT_BYTES];
        unsigned count;
        unsigned oom;
};

static void count_way(struct way *ways, size_t *count, struct json_object *event)
{
        char text[FACTS_TEXT_BYTES];
        size_t place = 0;

        write_way(event, text, sizeof(text));
        while (place < *count && strcmp(ways[place].text, text) != 0)
                place++;
        if (place == WAYS_MOST) {
                place--;
                snprintf(ways[place].text, sizeof(ways[place].text), "otherwise");
        } else if (place == *count) {
                ways[(*count)++] = (struct way){.count = 0};
                snprintf(ways[place].text, sizeof(ways[place].text), "%s", text);
        }
        ways[place].count++;
        ways[place].oom += member_int(event, "oom_kills", 0) > 0;
}

static void add_times(char *buffer, unsigned count)
{
        if (count == 1)
                add(buffer, "once");
        else if (count == 2)
                add(buffer, "twice");
        else
                add(buffer, "%u times", count);
}

const char *past_ends(struct json_object *events, unsigned hours, char *buffer)
{
        struct way ways[WAYS_MOST];
        size_t count = 0;
        unsigned all = 0;

        buffer[0] = '\0';
        for (size_t i = 0; events && i < json_object_array_length(events); i++) {
                struct json_object *event = json_object_array_get_idx(events, i);

                if (!member_is(event, "event", "ended") || member_true(event, "ordered"))
                        continue;
                count_way(ways, &count, event);
                all++;
        }
        if (!all)
                return buffer;
        add(buffer, "ended ");
        add_times(buffer, all);
        add(buffer, " in %u h that nobody ordered: ", hours);
        for (size_t i = 0; i < count; i++) {
                add(buffer, "%s%s ", i ? ", " : "", ways[i].text);
                add_times(buffer, ways[i].count);
                if (ways[i].oom)
                        add(buffer, " (out of memory)");
        }
        return buffer;
}
