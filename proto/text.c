/* SPDX-License-Identifier: ISC */
#include "proto/text.h"

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
        char digits[sizeof("-9223372036854775808")], *end = digits + sizeof(digits), *at = end;
        uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

        do
                *--at = (char)('0' + rest % 10);
        while (rest /= 10);
        if (value < 0)
                *--at = '-';
        text_append(text, at, (size_t)(end - at));
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
        /* Printable ASCII but quotes and backslashes: what most strings are made of. */
        static const bool plain[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};
        const char *end = string + strlen(string);
        const char *from = string; /* what was not appended yet, up to `at`, needs no escape */
        const char *at = string;

        text_append(text, "\"", 1);
        for (;;) {
                size_t bytes;

                while (plain[(unsigned char)*at]) /* false at the NUL byte */
                        at++;
                if (at == end)
                        break;
                bytes = utf8_length(at, (size_t)(end - at));
                if (bytes > 1 || *at == 0x7f) {
                        at += bytes;
                        continue;
                }
                text_append(text, from, (size_t)(at - from));
                if (bytes > 0)
                        text_append_escape(text, (unsigned char)*at);
                else /* bad bytes in one string must not make the whole reply unreadable */
                        text_append_string(text, "\\ufffd");
                from = ++at;
        }
        text_append(text, from, (size_t)(at - from));
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
