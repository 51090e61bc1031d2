/* SPDX-License-Identifier: ISC */
#include "proto/json_scanner.h"

#include <stdint.h>
#include <string.h>

#include "proto/utf8.h"

const bool json_scan_is_run[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};

/* Takes four hexadecimal digits; the current place is behind \u. */
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

/* Takes the rest of an escape; the current place is behind \u. Adds the bytes that the character takes as
 * UTF-8 to *decoded. */
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

/* Takes the rest of an escape; the current place is behind its backslash. */
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

/* Takes one character of a string that is written as itself. */
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

/* Takes the run, up to and including the first byte over the bound. */
static void json_scan_take(struct json_scanner *scanner, size_t run, size_t *decoded)
{
        size_t most = scanner->bounds.string_bytes - *decoded;

        if (run > most)
                run = most + 1;
        scanner->at += run;
        *decoded += run;
}

enum json_result json_scan_rest(struct json_scanner *scanner)
{
        size_t decoded = 0;

        for (;;) {
                enum json_result result;

                json_scan_take(scanner, json_scan_run(scanner->text + scanner->at), &decoded);
                if (decoded > scanner->bounds.string_bytes)
                        return json_scan_fail(scanner, JSON_STRING, "a string that is too long");
                if (scanner->at == scanner->length)
                        return json_scan_unexpected(scanner, NULL);
                if (scanner->text[scanner->at] == '"') {
                        scanner->at++;
                        scanner->tally.string_bytes += decoded;
                        return JSON_OK;
                }
                if (scanner->text[scanner->at] == '\\') {
                        scanner->at++;
                        result = json_scan_escape(scanner, &decoded);
                } else {
                        result = json_scan_plain(scanner, &decoded);
                }
                if (result != JSON_OK)
                        return result;
                if (decoded > scanner->bounds.string_bytes)
                        return json_scan_fail(scanner, JSON_STRING, "a string that is too long");
        }
}
