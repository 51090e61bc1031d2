/* SPDX-License-Identifier: ISC */
#include "proto/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

#define TEXT_FIRST_BYTES 256

void text_deinit(struct text *text)
{
        free(text->bytes);
        text_init(text);
}

/* Makes room for `more` bytes behind those that are there. False: out of memory. */
static bool text_grow(struct text *text, size_t more)
{
        size_t capacity = text->capacity ? text->capacity : TEXT_FIRST_BYTES;
        char *bytes;

        if (more > SIZE_MAX / 2 - text->length) /* the doubling below stays below SIZE_MAX */
                return false;
        while (capacity < text->length + more)
                capacity *= 2;
        bytes = realloc(text->bytes, capacity);
        if (!bytes)
                return false;
        text->bytes = bytes;
        text->capacity = capacity;
        return true;
}

/* Appends bytes for which there is no room yet. Apart from text_append(), which is a few instructions for
 * all others. */
__attribute__((noinline)) static void text_append_growing(struct text *text, const char *bytes, size_t length)
{
        if (text_grow(text, length))
                text_append(text, bytes, length);
        else
                text->failed = true;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
        size_t end = text->length;

        if (text->failed || length == 0)
                return;
        if (length > text->capacity - end) {
                text_append_growing(text, bytes, length);
                return;
        }
        text->length = end + length;
        memcpy(text->bytes + end, bytes, length);
}

void text_append_int(struct text *text, int64_t value)
{
        char digits[sizeof("-9223372036854775808")];

        snprintf(digits, sizeof(digits), "%" PRId64, value);
        text_append_string(text, digits);
}

/* Appends a byte that JSON cannot hold as it is: a quote, a backslash, a control character. */
static void text_append_escape(struct text *text, unsigned char byte)
{
        static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
        char escape[sizeof("\\u0000")];

        for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
                if ((unsigned char)named[i] == byte) {
                        text_append(text, "\\", 1);
                        text_append(text, named + i + 1, 1);
                        return;
                }
        }
        snprintf(escape, sizeof(escape), "\\u%04x", byte);
        text_append_string(text, escape);
}

void text_append_json_string(struct text *text, const char *string)
{
        size_t length = strlen(string);
        size_t plain = 0; /* bytes before string + i that need no escape and were not appended yet */
        size_t i = 0;

        text_append(text, "\"", 1);
        while (i < length) {
                unsigned char byte = (unsigned char)string[i];
                size_t bytes = byte < 0x7f ? 1 : utf8_length(string + i, length - i);

                if (bytes > 0 && byte >= 0x20 && byte != '"' && byte != '\\') {
                        i += bytes;
                        plain += bytes;
                        continue;
                }
                text_append(text, string + i - plain, plain);
                plain = 0;
                i++;
                if (bytes > 0)
                        text_append_escape(text, byte);
                else /* bad bytes in one string must not make the whole reply unreadable */
                        text_append_string(text, "\\ufffd");
        }
        text_append(text, string + i - plain, plain);
        text_append(text, "\"", 1);
}

void text_append_member(struct text *text, const char *name)
{
        bool first = text->length == 0 || text->bytes[text->length - 1] == '{';

        text_append_string(text, first ? "\"" : ",\"");
        text_append_string(text, name);
        text_append_string(text, "\":");
}

void text_append_member_string(struct text *text, const char *name, const char *value)
{
        text_append_member(text, name);
        text_append_json_string(text, value);
}

void text_append_member_int(struct text *text, const char *name, int64_t value)
{
        text_append_member(text, name);
        text_append_int(text, value);
}

void text_append_member_bool(struct text *text, const char *name, bool value)
{
        text_append_member(text, name);
        text_append_string(text, value ? "true" : "false");
}
