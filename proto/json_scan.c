/* SPDX-License-Identifier: ISC */
#include "proto/json_scan.h"

#include <stdbool.h>
#include <stdint.h>

#include "proto/json_scanner.h"

static bool json_is_space(char byte)
{
        return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void json_scan_space(struct json_scanner *scanner)
{
        while (json_scan_peek(scanner) <= ' ' && json_is_space(json_scan_peek(scanner)))
                scanner->at++;
}

static bool json_scan_digits(struct json_scanner *scanner)
{
        size_t first = scanner->at;

        while (json_scan_peek(scanner) >= '0' && json_scan_peek(scanner) <= '9')
                scanner->at++;
        return scanner->at > first;
}

/* Whether the digits from `first` up to the current place are at most `most`. */
static bool json_scan_fits(const struct json_scanner *scanner, size_t first, uint64_t most)
{
        uint64_t value = 0;

        for (size_t i = first; i < scanner->at; i++) {
                unsigned digit = (unsigned)(scanner->text[i] - '0');

                if (value > (most - digit) / 10)
                        return false;
                value = value * 10 + digit;
        }
        return true;
}

/* Takes a number; the current place is its minus or its first digit. */
static enum json_result json_scan_number(struct json_scanner *scanner)
{
        bool negative = json_scan_peek(scanner) == '-';
        bool real = false;
        size_t first = scanner->at + negative;

        scanner->at = first;
        /* A zero at the front stands alone: the next step of the scanner refuses a digit behind it. */
        if (json_scan_peek(scanner) == '0')
                scanner->at++;
        else if (!json_scan_digits(scanner))
                return json_scan_unexpected(scanner, "a number without digits");
        if (json_scan_peek(scanner) == '.') {
                real = true;
                scanner->at++;
                if (!json_scan_digits(scanner))
                        return json_scan_unexpected(scanner, "a number without digits after the point");
        }
        if (json_scan_peek(scanner) == 'e' || json_scan_peek(scanner) == 'E') {
                real = true;
                scanner->at++;
                if (json_scan_peek(scanner) == '+' || json_scan_peek(scanner) == '-')
                        scanner->at++;
                if (!json_scan_digits(scanner))
                        return json_scan_unexpected(scanner, "a number without digits in its exponent");
        }
        if (!real && !json_scan_fits(scanner, first, (uint64_t)INT64_MAX + negative))
                return json_scan_fail(scanner, JSON_NUMBER, "an integer that does not fit 64 bits");
        return JSON_OK;
}

static enum json_result json_scan_word(struct json_scanner *scanner, const char *word)
{
        for (; *word; word++, scanner->at++) {
                if (json_scan_peek(scanner) != *word)
                        return json_scan_unexpected(scanner, "an unknown word");
        }
        return JSON_OK;
}

/* Sets what may come behind a value, or behind the closing bracket of one. */
static void json_scan_after_value(struct json_scanner *scanner)
{
        scanner->expect = scanner->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

/* Whether the text holds more values than it may. A tree takes far more memory than its text, so it is
 * bounded by how many values it holds. */
static bool json_scan_too_many(const struct json_scanner *scanner)
{
        return scanner->bounds.values &&
               scanner->tally.members + scanner->tally.elements > scanner->bounds.values;
}

/* Notes a name for *plain: it goes from `from` to the current place, and has `decoded` bytes when decoded. */
static void json_note_name(struct json_scanner *scanner, size_t from, size_t decoded)
{
        struct json_plain *plain = scanner->plain;

        if (!plain || plain->is_more)
                return;
        if (plain->count == JSON_PLAIN_MOST || scanner->depth > 2 || scanner->at - from != decoded + 2) {
                plain->is_more = true;
                return;
        }
        plain->members[plain->count++] = (struct json_plain_member){
                .is_inner = scanner->depth == 2, .name = scanner->text + from + 1, .name_bytes = decoded};
}

/* Whether struct json_plain can hold a value that has `bytes` bytes in the text. */
static bool json_is_plain(const char *value, size_t bytes, size_t decoded)
{
        if (*value == '"')
                return bytes == decoded + 2;
        for (size_t i = 0; *value >= '0' && *value <= '9' && i < bytes; i++)
                if (value[i] < '0' || value[i] > '9')
                        return false;
        return *value != '[' && *value != '-';
}

/* Notes a value for *plain: the value, or its opening bracket, goes from `from` to the current place.
 * decoded: how many bytes a string has when it is decoded. */
static void json_note_value(struct json_scanner *scanner, size_t from, size_t decoded)
{
        struct json_plain *plain = scanner->plain;
        const char *value = scanner->text + from;
        size_t bytes = scanner->at - from;

        if (!plain || plain->is_more)
                return;
        if (!plain->count || !json_is_plain(value, bytes, decoded)) {
                plain->is_more = true;
                return;
        }
        plain->members[plain->count - 1].value = value;
        plain->members[plain->count - 1].value_bytes = bytes;
}

/* Takes an opening bracket, [ or {, at the current place. */
static enum json_result json_scan_open(struct json_scanner *scanner)
{
        char bracket = scanner->text[scanner->at];

        if (scanner->depth >= scanner->bounds.depth || scanner->depth >= JSON_DEPTH_MAX)
                return json_scan_fail(scanner, JSON_DEPTH, "nested too deeply");
        scanner->at++;
        if (bracket == '[' || scanner->depth > 0)
                json_note_value(scanner, scanner->at - 1, 0);
        scanner->open[scanner->depth++] = bracket;
        scanner->expect = bracket == '{' ? EXPECT_NAME_OR_END : EXPECT_ELEMENT_OR_END;
        return JSON_OK;
}

static enum json_result json_scan_value(struct json_scanner *scanner)
{
        enum json_result result;
        size_t from = scanner->at, before = scanner->tally.string_bytes;
        char first = json_scan_peek(scanner);

        if (scanner->depth > 0 && scanner->open[scanner->depth - 1] == '[')
                scanner->tally.elements++;
        if (json_scan_too_many(scanner))
                return json_scan_fail(scanner, JSON_VALUES, "too many values");
        if (first == '{' || first == '[')
                return json_scan_open(scanner);
        if (first == '"')
                result = json_scan_string(scanner);
        else if (first == '-' || (first >= '0' && first <= '9'))
                result = json_scan_number(scanner);
        else if (first == 't')
                result = json_scan_word(scanner, "true");
        else if (first == 'f')
                result = json_scan_word(scanner, "false");
        else if (first == 'n')
                result = json_scan_word(scanner, "null");
        else
                return json_scan_unexpected(scanner, "no value");
        json_note_value(scanner, from, scanner->tally.string_bytes - before);
        json_scan_after_value(scanner);
        return result;
}

static enum json_result json_scan_name(struct json_scanner *scanner)
{
        size_t from = scanner->at, before = scanner->tally.string_bytes;
        enum json_result result;

        if (json_scan_peek(scanner) != '"')
                return json_scan_unexpected(scanner, "a member's name is missing");
        scanner->tally.members++;
        result = json_scan_string(scanner);
        if (result != JSON_OK)
                return result;
        json_note_name(scanner, from, scanner->tally.string_bytes - before);
        json_scan_space(scanner);
        if (json_scan_peek(scanner) != ':')
                return json_scan_unexpected(scanner, "a colon is missing after a member's name");
        scanner->at++;
        json_scan_space(scanner);
        return json_scan_value(scanner);
}

/* Whether the innermost open bracket is closed at the current place; takes the closing bracket if so. */
static bool json_scan_close(struct json_scanner *scanner)
{
        char closing = scanner->open[scanner->depth - 1] == '{' ? '}' : ']';

        if (json_scan_peek(scanner) != closing)
                return false;
        scanner->at++;
        scanner->depth--;
        json_scan_after_value(scanner);
        return true;
}

static enum json_result json_scan_comma(struct json_scanner *scanner)
{
        if (json_scan_peek(scanner) != ',')
                return json_scan_unexpected(scanner, "neither a comma nor the end of the array or object "
                                                     "follows");
        scanner->at++;
        scanner->expect = scanner->open[scanner->depth - 1] == '{' ? EXPECT_NAME : EXPECT_VALUE;
        return JSON_OK;
}

static enum json_result json_scan_next(struct json_scanner *scanner)
{
        switch (scanner->expect) {
        case EXPECT_VALUE:
                return json_scan_value(scanner);
        case EXPECT_ELEMENT_OR_END:
                return json_scan_close(scanner) ? JSON_OK : json_scan_value(scanner);
        case EXPECT_NAME_OR_END:
                return json_scan_close(scanner) ? JSON_OK : json_scan_name(scanner);
        case EXPECT_NAME:
                return json_scan_name(scanner);
        case EXPECT_COMMA_OR_END:
                return json_scan_close(scanner) ? JSON_OK : json_scan_comma(scanner);
        case EXPECT_NOTHING:
                break;
        }
        return json_scan_fail(scanner, JSON_SYNTAX, "something follows the value");
}

enum json_result json_scan(const char *text, size_t length, struct json_bounds bounds,
                           struct json_tally *tally, struct json_plain *plain, struct json_problem *problem)
{
        struct json_scanner scanner = {.text = text, .length = length, .bounds = bounds, .plain = plain};
        enum json_result result;

        if (plain) {
                plain->is_more = false;
                plain->count = 0;
        }
        for (;;) {
                json_scan_space(&scanner);
                if (scanner.expect == EXPECT_NOTHING && scanner.at == length)
                        break;
                result = json_scan_next(&scanner);
                if (result != JSON_OK) {
                        *problem = scanner.problem;
                        return result;
                }
        }
        *tally = scanner.tally;
        return JSON_OK;
}
