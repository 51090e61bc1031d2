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

/* What the name of the family of buckets ends with, and the field that has a bucket's bound. */
#define BUCKET_END "Bucket"
#define BUCKET_FIELD "le"

struct writer {
        FILE *file;
        enum openmetrics_format format;
        char name[NAME_BYTES]; /* the family's, without _total */
        bool counter;
        bool histogram; /* a counter that is the sum of a histogram */
        bool word;      /* the family's values are strings */
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

/* What a family that is counted has behind its name. */
static const char *total(const struct writer *writer)
{
        return writer->counter && !writer->histogram ? "_total" : "";
}

static const char *type_of(const struct writer *writer)
{
        if (writer->histogram)
                return "histogram";
        return writer->counter ? "counter" : "gauge";
}

/* Writes a family's heading. OpenMetrics names a counter without its _total there; the older format does not,
 * and has no units. */
static void write_heading(struct writer *writer, struct json_object *family)
{
        const char *help = member_string(family, "description");
        const char *end = writer->format == OPENMETRICS_1_0 ? "" : total(writer);

        fprintf(writer->file, "# TYPE %s%s %s\n", writer->name, end, type_of(writer));
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

/* Writes a metric under the family's name with `end` behind it. without: a field that is left out, or
 * NULL. */
static void write_metric(struct writer *writer, const char *end, struct json_object *metric,
                         const char *without)
{
        struct json_object *value = NULL, *fields = member_object(metric, "fields");
        const char *object = member_string(metric, "object");

        if (!json_object_object_get_ex(metric, "value", &value))
                return;
        writer->first_label = true;
        fprintf(writer->file, "%s%s", writer->name, end);
        if (object)
                write_label(writer, "service", object);
        if (fields) {
                json_object_object_foreach(fields, name, field)
                {
                        if (without && strcmp(name, without) == 0)
                                continue;
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

/* Whether the metric at that place is of the family of that name. */
static bool is_of(struct json_object *metrics, size_t at, const char *family)
{
        return at < json_object_array_length(metrics) &&
               member_is(json_object_array_get_idx(metrics, at), "name", family);
}

/* Whether each field of the sum is one of the bucket, too: the bucket is of that sum. */
static bool is_sum_of(struct json_object *sum, struct json_object *bucket)
{
        struct json_object *fields = member_object(sum, "fields"), *others = member_object(bucket, "fields");

        if (!fields || !others)
                return false;
        json_object_object_foreach(fields, name, field)
        {
                if (!member_is(others, name, json_object_get_string(field)))
                        return false;
        }
        return true;
}

/* Writes a bucket, and behind the last one of some labels their count, which it is, and their sum, which is
 * one of the metrics from `from` up to `until`. */
static void write_bucket(struct writer *writer, struct json_object *metrics, size_t from, size_t until,
                         struct json_object *bucket)
{
        write_metric(writer, "_bucket", bucket, NULL);
        if (!member_is(member_object(bucket, "fields"), BUCKET_FIELD, "+Inf"))
                return;
        write_metric(writer, "_count", bucket, BUCKET_FIELD);
        for (; from < until; from++)
                if (is_sum_of(json_object_array_get_idx(metrics, from), bucket))
                        write_metric(writer, "_sum", json_object_array_get_idx(metrics, from), NULL);
}

/* Writes a family, and the one of its buckets behind it, as one histogram. */
static void write_histogram(struct writer *writer, struct json_object *family, const char *buckets,
                            struct json_object *metrics, size_t *at)
{
        const char *name = member_string(family, "name");
        size_t from = *at, until;

        set_name(writer, name);
        writer->counter = writer->histogram = true;
        writer->word = false;
        while (is_of(metrics, *at, name))
                ++*at;
        until = *at;
        if (is_of(metrics, *at, buckets))
                write_heading(writer, family);
        for (; is_of(metrics, *at, buckets); ++*at)
                write_bucket(writer, metrics, from, until, json_object_array_get_idx(metrics, *at));
        writer->histogram = false;
}

/* The name of the next family, if that has the buckets of this one; else NULL. */
static const char *buckets_of(struct json_object *families, size_t number)
{
        const char *name = member_string(json_object_array_get_idx(families, number), "name");
        const char *next = NULL;
        size_t length = name ? strlen(name) : 0;

        if (number + 1 < json_object_array_length(families))
                next = member_string(json_object_array_get_idx(families, number + 1), "name");
        return name && next && strncmp(next, name, length) == 0 && strcmp(next + length, BUCKET_END) == 0
                       ? next
                       : NULL;
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
        for (; is_of(metrics, *at, name); ++*at) {
                if (!headed)
                        write_heading(writer, family);
                headed = true;
                write_metric(writer, total(writer), json_object_array_get_idx(metrics, *at), NULL);
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
        for (size_t i = 0; i < json_object_array_length(families); i++) {
                struct json_object *family = json_object_array_get_idx(families, i);
                const char *buckets = buckets_of(families, i);

                if (buckets) {
                        write_histogram(&writer, family, buckets, metrics, &at);
                        i++;
                } else {
                        write_family(&writer, family, metrics, &at);
                }
        }
        if (format == OPENMETRICS_1_0)
                fputs("# EOF\n", writer.file);
        return stream_text(writer.file, &text);
}
