/* SPDX-License-Identifier: ISC */
#include "client/say/loglines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"

#define USEC_PER_SEC INT64_C(1000000)

void loglines_init(struct loglines *lines)
{
        *lines = (struct loglines){
                .colour = look_colour(), .printable = look_printable(), .stamp_sec = INT64_MIN};
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

/* Neighbours share their second mostly. */
static void show_stamp(struct loglines *lines, const struct logline *line)
{
        if (line->at_usec < 0)
                return;
        if (line->at_usec / USEC_PER_SEC != lines->stamp_sec) {
                lines->stamp_sec = line->at_usec / USEC_PER_SEC;
                logline_stamp(line, lines->stamp);
        }
        if (*lines->stamp)
                printf("%s  ", lines->stamp);
}

static void show_name(const struct loglines *lines, const struct logmerge_entry *entry)
{
        size_t length = strlen(entry->name);

        tint_write_name(stdout, entry->name, entry->number, lines->colour);
        printf("%*s | ", (int)(length < lines->columns ? lines->columns - length : 0), "");
}

void loglines_show(struct loglines *lines, const struct logmerge_entry *entry)
{
        const struct logline *line = &entry->entry.line;
        char *text = NULL;

        if (lines->json) {
                show_json(entry);
                return;
        }
        if (lines->names)
                show_name(lines, entry);
        show_stamp(lines, line);
        if (lines->raw)
                fwrite(line->text, 1, line->length, stdout);
        else
                text = printable_line(line->text, line->length, lines->printable);
        printf("%s%s\n", text ? text : "", entry->entry.cut ? " [cut]" : "");
        free(text);
}
