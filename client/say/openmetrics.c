/* SPDX-License-Identifier: ISC */
#include "client/say/openmetrics.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/text/stream.h"
#include "proto/interface.h"

#define NAME_BYTES 128

struct writer {
        FILE *file;
        enum openmetrics_format format;
        char name[NAME_BYTES]; /* the family's, without _total */
        bool counter;
        bool word; /* the family's values are strings */
        bool first_label;
};

/* Appends a name in small letters, with an underscore between two words, and in place of everything but
 * letters and digits. */
static void write_snake(const char *from, char *to, size_t size)
{
        size_t length = strlen(to);

        for (size_t i = 0; from[i] && length + 2 < size; i++) {
                unsigned char letter = (unsigned char)from[i];

                if (isupper(letter) && i && islower((unsigned char)from[i - 1]))
                        to[length++] = '_';
                to[length++] = isalnum(letter) && letter < 128 ? (char)tolower(letter) : '_';
        }
        to[length] = '\0';
}

static void set_name(struct writer *writer, const char *family)
{
        size_t length = strlen(IO_SVCBROKER ".");

        snprintf(writer->name, sizeof(writer->name), "%s",
                 strncmp(family, IO_SVCBROKER ".", length) == 0 ? "svcbroker_" : "");
        write_snake(writer->name[0] ? family + length : family, writer->name, sizeof(writer->name));
}

/* Writes text with newlines and backslashes escaped. quotes: quotes are escaped, too. */
static void write_escaped(FILE *file, const char *text, bool quotes)
{
        for (; *text; text++)
                if (*text == '\n')
                        fputs("\\n", file);
                else if (*text == '\\' || (quotes && *text == '"'))
                        fprintf(file, "\\%c", *text);
                else
                        putc(*text, file);
}

static bool ends_with(const char *text, const char *end)
{
        size_t length = strlen(text), end_length = strlen(end);

        return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *total(const struct writer *writer)
{
        return writer->counter ? "_total" : "";
}

/* Writes a family's heading. OpenMetrics names a counter without its _total there; the older format does not,
 * and has no units. */
static void write_heading(struct writer *writer, struct json_object *family)
{
        const char *help = member_string(family, "description");
        const char *end = writer->format == OPENMETRICS_1_0 ? "" : total(writer);

        fprintf(writer->file, "# TYPE %s%s %s\n", writer->name, end, writer->counter ? "counter" : "gauge");
        if (writer->format == OPENMETRICS_1_0 && ends_with(writer->name, "_seconds"))
                fprintf(writer->file, "# UNIT %s seconds\n", writer->name);
        if (writer->format == OPENMETRICS_1_0 && ends_with(writer->name, "_bytes"))
                fprintf(writer->file, "# UNIT %s bytes\n", writer->name);
        fprintf(writer->file, "# HELP %s%s ", writer->name, end);
        write_escaped(writer->file, help ? help : "", writer->format == OPENMETRICS_1_0);
        putc('\n', writer->file);
}

static void write_label(struct writer *writer, const char *name, const char *value)
{
        char label[NAME_BYTES] = "";

        write_snake(name, label, sizeof(label));
        fprintf(writer->file, "%s%s=\"", writer->first_label ? "{" : ",", label);
        write_escaped(writer->file, value ? value : "", true);
        putc('"', writer->file);
        writer->first_label = false;
}

static void write_value(struct writer *writer, struct json_object *value)
{
        if (json_object_is_type(value, json_type_double))
                fprintf(writer->file, " %.6f\n", json_object_get_double(value));
        else
                fprintf(writer->file, " %" PRId64 "\n", writer->word ? 1 : json_object_get_int64(value));
}

static void write_metric(struct writer *writer, struct json_object *metric)
{
        struct json_object *value = NULL, *fields = member_object(metric, "fields");
        const char *object = member_string(metric, "object");

        if (!json_object_object_get_ex(metric, "value", &value))
                return;
        writer->first_label = true;
        fprintf(writer->file, "%s%s", writer->name, total(writer));
        if (object)
                write_label(writer, "service", object);
        if (fields) {
                json_object_object_foreach(fields, name, field)
                {
                        write_label(writer, name, json_object_get_string(field));
                }
        }
        if (writer->word)
                write_label(writer, strrchr(writer->name, '_') ? strrchr(writer->name, '_') + 1 : "value",
                            json_object_get_string(value));
        if (!writer->first_label)
                putc('}', writer->file);
        write_value(writer, value);
}

/* Writes a family and its metrics. *at: the first metric that is not written yet. A family without metrics
 * has no heading either. */
static void write_family(struct writer *writer, struct json_object *family, struct json_object *metrics,
                         size_t *at)
{
        const char *name = member_string(family, "name");
        bool headed = false;

        if (!name)
                return;
        set_name(writer, name);
        writer->counter = member_is(family, "type", "counter");
        writer->word = member_is(family, "type", "string");
        for (; *at < json_object_array_length(metrics); ++*at) {
                struct json_object *metric = json_object_array_get_idx(metrics, *at);

                if (!member_is(metric, "name", name))
                        break;
                if (!headed)
                        write_heading(writer, family);
                headed = true;
                write_metric(writer, metric);
        }
}

char *openmetrics_text(struct json_object *families, struct json_object *metrics,
                       enum openmetrics_format format)
{
        char *text = NULL;
        size_t size, at = 0;
        struct writer writer = {.file = open_memstream(&text, &size), .format = format};

        if (!writer.file)
                return NULL;
        for (size_t i = 0; i < json_object_array_length(families); i++)
                write_family(&writer, json_object_array_get_idx(families, i), metrics, &at);
        if (format == OPENMETRICS_1_0)
                fputs("# EOF\n", writer.file);
        return stream_text(writer.file, &text);
}
