/* SPDX-License-Identifier: ISC */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A growing run of bytes that replies and log lines are put together in. A failed allocation is remembered
 * in `failed` and every later append does nothing, so that a caller checks once, at the end.
 */
struct text {
        char *bytes; /* not NUL-terminated; NULL while capacity is 0 */
        size_t length;
        size_t capacity;
        bool failed;
};

static inline void text_init(struct text *text)
{
        *text = (struct text){0};
}

void text_deinit(struct text *text);

/* Empties the text: keeps its memory, and forgets a failure. */
static inline void text_clear(struct text *text)
{
        text->length = 0;
        text->failed = false;
}

void text_append(struct text *text, const char *bytes, size_t length);

static inline void text_append_string(struct text *text, const char *string)
{
        text_append(text, string, strlen(string));
}

void text_append_int(struct text *text, int64_t value);

/* Appends `string` as a JSON string, quotes included. A byte that is no UTF-8, as in a file's name, becomes
 * U+FFFD. */
void text_append_json_string(struct text *text, const char *string);

/*
 * These append a member to a JSON object whose "{" is there: a comma if another member precedes it, the name,
 * which must need no escape, and the value. The first one leaves the value to the caller.
 */
void text_append_member(struct text *text, const char *name);
void text_append_member_string(struct text *text, const char *name, const char *value);
void text_append_member_int(struct text *text, const char *name, int64_t value);
void text_append_member_bool(struct text *text, const char *name, bool value);

#endif
