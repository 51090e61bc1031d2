/* SPDX-License-Identifier: ISC */
#include "client/text/document.h"

#include <stdio.h>

#include <json-c/json.h>

#include "client/text/printable.h"

static void write_text(struct json_object *document, int flags)
{
        const char *text = json_object_to_json_string_ext(document, flags | JSON_C_TO_STRING_NOSLASHESCAPE);

        printable_write_json(stdout, text ? text : "null");
        putchar('\n');
}

void document_write(struct json_object *document)
{
        write_text(document, JSON_C_TO_STRING_PLAIN);
}

void document_write_pretty(struct json_object *document)
{
        write_text(document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void document_write_error(const char *error, struct json_object *parameters)
{
        struct json_object *document = json_object_new_object();

        json_object_object_add(document, "error", json_object_new_string(error));
        json_object_object_add(document, "parameters",
                               parameters ? json_object_get(parameters) : json_object_new_object());
        document_write(document);
        json_object_put(document);
}
