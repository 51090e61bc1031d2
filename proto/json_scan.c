/* SPDX-License-Identifier: ISC */
#include "proto/json_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/utf8.h"

/* What may come next. Together with the stack of open brackets this is all the state; nothing here
 * recurses. */
enum json_expect {
        EXPECT_VALUE,
        EXPECT_ELEMENT_OR_END, /* behind [ */
        EXPECT_NAME_OR_END,    /* behind { */
        EXPECT_NAME,           /* behind a comma in an object */
        EXPECT_COMMA_OR_END,   /* behind a value inside something */
        EXPECT_NOTHING,        /* behind the whole value */
};

struct json_scanner {
        const char *text;
        size_t length;
        size_t at;
        struct json_bounds bounds;
        enum json_expect expect;
        size_t depth;
        char open[JSON_DEPTH_MAX]; /* the brackets that are open, outermost first */
        struct json_tally tally;
        struct json_problem problem;
};

static enum json_result json_scan_fail(struct json_scanner *scanner, enum json_result result,
                                       const char *reason)
{
        scanner->problem = (struct json_problem){.reason = reason, .offset = scanner->at};
        return result;
}

/* The byte at the current place; '\0', which JSON never has, at the end. */
static char json_scan_peek(const struct json_scanner *scanner)
{
        return scanner->at < scanner->length ? scanner->text[scanner->at] : '\0';
}

static enum json_result json_scan_unexpected(struct json_scanner *scanner, const char *reason)
{
        if (scanner->at == scanner->length)
                reason = "ends too early";
        return json_scan_fail(scanner, JSON_SYNTAX, reason);
}

static void json_scan_space(struct json_scanner *scanner)
{
        for (;;) {
                switch (json_scan_peek(scanner)) {
                case ' ':
                case '\t':
                case '\n':
                case '\r':
                        scanner->at++;
                        break;
                default:
                        return;
                }
        }
}

/* Four hexadecimal digits, behind \u. */
static bool json_scan_hex(struct json_scanner *scanner, uint32_t *unit)
{
        uint32_t value = 0;

        for (int i = 0; i < 4; i++) {
                char digit = json_scan_peek(scanner);

                if (digit >= '0' && digit <= '9')
                        value = value << 4 | (uint32_t)(digit - '0');
                else if (digit >= 'a' && digit <= 'f')
                        value = value << 4 | (uint32_t)(digit - 'a' + 10);
                else if (digit >= 'A' && digit <= 'F')
                        value = value << 4 | (uint32_t)(digit - 'A' + 10);
                else
                        return false;
                scanner->at++;
        }
        *unit = value;
        return true;
}

/* Behind \u. Adds the bytes that the character will take to *decoded. */
static enum json_result json_scan_unicode_escape(struct json_scanner *scanner, size_t *decoded)
{
        const char *no_hex = "\\u without four hexadecimal digits";
        uint32_t code_point;
        uint32_t low;

        if (!json_scan_hex(scanner, &code_point))
                return json_scan_unexpected(scanner, no_hex);
        if (code_point >= 0xd800 && code_point <= 0xdbff) {
                if (scanner->length - scanner->at < 2 || memcmp(scanner->text + scanner->at, "\\u", 2) != 0)
                        return json_scan_fail(scanner, JSON_ENCODING, "a lone surrogate");
                scanner->at += 2;
                if (!json_scan_hex(scanner, &low))
                        return json_scan_unexpected(scanner, no_hex);
                if (low < 0xdc00 || low > 0xdfff)
                        return json_scan_fail(scanner, JSON_ENCODING, "a lone surrogate");
                code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
                scanner->tally.pairs++;
        }
        /* U+0000 would end the string early for everyone who reads it as a C string. */
        if (code_point == 0 || !utf8_code_point_ok(code_point))
                return json_scan_fail(scanner, JSON_ENCODING, "U+0000, a lone surrogate or a noncharacter");
        *decoded += utf8_size(code_point);
        return JSON_OK;
}

/* Behind a backslash. */
static enum json_result json_scan_escape(struct json_scanner *scanner, size_t *decoded)
{
        switch (json_scan_peek(scanner)) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
                scanner->at++;
                *decoded += 1;
                return JSON_OK;
        case 'u':
                scanner->at++;
                return json_scan_unicode_escape(scanner, decoded);
        default:
                return json_scan_unexpected(scanner, "an unknown escape");
        }
}

/* One character of a string that is written as itself. */
static enum json_result json_scan_plain(struct json_scanner *scanner, size_t *decoded)
{
        const char *here = scanner->text + scanner->at;
        size_t bytes = utf8_length(here, scanner->length - scanner->at);

        if (bytes == 0)
                return json_scan_fail(scanner, JSON_ENCODING, "no UTF-8");
        if ((unsigned char)*here < 0x20)
                return json_scan_fail(scanner, JSON_ENCODING, "a control character that is not escaped");
        scanner->at += bytes;
        *decoded += bytes;
        return JSON_OK;
}

/* What most strings are made of. */
static bool json_is_plain_ascii(char byte)
{
        return byte >= 0x20 && byte < 0x7f;
}

/* At the opening quote. */
static enum json_result json_scan_string(struct json_scanner *scanner)
{
        size_t decoded = 0;

        scanner->at++;
        while (scanner->at < scanner->length) {
                enum json_result result;

                if (scanner->text[scanner->at] == '"') {
                        scanner->at++;
                        scanner->tally.string_bytes += decoded;
                        return JSON_OK;
                }
                if (scanner->text[scanner->at] == '\\') {
                        scanner->at++;
                        result = json_scan_escape(scanner, &decoded);
                } else if (json_is_plain_ascii(scanner->text[scanner->at])) {
                        scanner->at++;
                        decoded++;
                        result = JSON_OK;
                } else {
                        result = json_scan_plain(scanner, &decoded);
                }
                if (result != JSON_OK)
                        return result;
                if (decoded > scanner->bounds.string_bytes)
                        return json_scan_fail(scanner, JSON_STRING, "a string that is too long");
        }
        return json_scan_unexpected(scanner, NULL);
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

/* At a minus or a digit. */
static enum json_result json_scan_number(struct json_scanner *scanner)
{
        bool negative = json_scan_peek(scanner) == '-';
        bool real = false;
        size_t first = scanner->at + negative;

        scanner->at = first;
        /* A zero stands alone: a digit behind it is refused by whoever comes next. */
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

/* Behind a value, or the end of one. */
static void json_scan_after_value(struct json_scanner *scanner)
{
        scanner->expect = scanner->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

/* A tree takes far more memory than its text: it is bounded by how many things it holds. */
static bool json_scan_too_many(const struct json_scanner *scanner)
{
        return scanner->bounds.values &&
               scanner->tally.members + scanner->tally.elements > scanner->bounds.values;
}

/* At [ or {. */
static enum json_result json_scan_open(struct json_scanner *scanner)
{
        char bracket = scanner->text[scanner->at];

        if (scanner->depth >= scanner->bounds.depth || scanner->depth >= JSON_DEPTH_MAX)
                return json_scan_fail(scanner, JSON_DEPTH, "nested too deeply");
        scanner->open[scanner->depth++] = bracket;
        scanner->expect = bracket == '{' ? EXPECT_NAME_OR_END : EXPECT_ELEMENT_OR_END;
        scanner->at++;
        return JSON_OK;
}

static enum json_result json_scan_value(struct json_scanner *scanner)
{
        enum json_result result;
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
        json_scan_after_value(scanner);
        return result;
}

static enum json_result json_scan_name(struct json_scanner *scanner)
{
        enum json_result result;

        if (json_scan_peek(scanner) != '"')
                return json_scan_unexpected(scanner, "a member's name is missing");
        scanner->tally.members++;
        result = json_scan_string(scanner);
        if (result != JSON_OK)
                return result;
        json_scan_space(scanner);
        if (json_scan_peek(scanner) != ':')
                return json_scan_unexpected(scanner, "a colon is missing after a member's name");
        scanner->at++;
        scanner->expect = EXPECT_VALUE;
        return JSON_OK;
}

/* Whether the bracket that is open is closed here; if so, takes the closing one. */
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
                           struct json_tally *tally, struct json_problem *problem)
{
        struct json_scanner scanner = {.text = text, .length = length, .bounds = bounds};
        enum json_result result;

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
