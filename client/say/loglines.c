/* SPDX-License-Identifier: ISC */
#include "client/say/loglines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/label.h"
#include "client/text/document.h"
#include "client/text/printable.h"
#include "client/text/tint.h"
#include "client/text/width.h"

#define USEC_PER_SEC INT64_C(1000000)

void loglines_init(struct loglines *lines)
{
        *lines = (struct loglines){.stamp_sec = INT64_MIN};
        look_init(&lines->look);
}

void loglines_expect(struct loglines *lines, const char *name)
{
        size_t length = strlen(name);

        if (length > LOGLINES_NAME_COLUMNS)
                length = LOGLINES_NAME_COLUMNS;
        if (length > lines->columns)
                lines->columns = length;
}

static void show_json(const struct logmerge_entry *entry)
{
        struct json_object *document = json_object_new_object();
        const struct logline *line = &entry->entry.line;

        json_object_object_add(document, "name", json_object_new_string(entry->name));
        if (line->at_usec >= 0)
                json_object_object_add(document, "at_usec", json_object_new_int64(line->at_usec));
        json_object_object_add(document, "line", json_object_new_string_len(line->text, (int)line->length));
        if (entry->entry.cut)
                json_object_object_add(document, "cut", json_object_new_boolean(true));
        document_write(document);
        json_object_put(document);
}

/* Shows a line's time. Neighbours mostly share their second, so the last stamp is kept. */
static void show_stamp(struct loglines *lines, const struct logline *line)
{
        if (line->at_usec < 0)
                return;
        if (line->at_usec / USEC_PER_SEC != lines->stamp_sec) {
                lines->stamp_sec = line->at_usec / USEC_PER_SEC;
                logline_stamp(line, lines->stamp);
        }
        if (*lines->stamp) {
                fputs(lines->stamp, stdout);
                fputs("  ", stdout);
        }
}

/* Whether text is ASCII that can be printed as it is, which is true of most. */
static bool is_plain(const char *text, size_t length)
{
        bool plain = true;

        for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)text[i];

                plain = plain & (byte >= ' ') & (byte < 0x7f) & (byte != '\\');
        }
        return plain;
}

static void show_name(const struct loglines *lines, const struct logmerge_entry *entry)
{
        size_t length = strlen(entry->name);
        bool whole = length <= LOGLINES_NAME_COLUMNS && is_plain(entry->name, length);
        char *text = whole ? NULL : label_text(entry->name, LOGLINES_NAME_COLUMNS, &lines->look);

        tint_write_name(stdout, text ? text : entry->name, entry->number, lines->look.colour);
        length = text ? width_of(text) : length;
        free(text);
        for (; length < lines->columns; length++)
                putchar(' ');
        fputs(" | ", stdout);
}

void loglines_show(struct loglines *lines, const struct logmerge_entry *entry)
{
        const struct logline *line = &entry->entry.line;

        if (lines->json) {
                show_json(entry);
                return;
        }
        if (lines->names)
                show_name(lines, entry);
        show_stamp(lines, line);
        if (lines->raw || is_plain(line->text, line->length)) {
                fwrite(line->text, 1, line->length, stdout);
        } else {
                char *text = printable_line(line->text, line->length, lines->look.printable);

                fputs(text ? text : "", stdout);
                free(text);
        }
        fputs(entry->entry.cut ? " [cut]\n" : "\n", stdout);
}
