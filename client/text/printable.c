/* SPDX-License-Identifier: ISC */
#include "client/text/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/range.h"
#include "proto/utf8.h"

#define ESCAPE_BYTES 4

/* Writes one byte as it may be shown, without a NUL: returns how many bytes were written. */
static size_t escape_byte(unsigned char byte, char *escape)
{
        static const char digits[] = "0123456789abcdef";

        if (byte == '\\') {
                escape[0] = escape[1] = '\\';
                return 2;
        }
        if (byte >= 0x20 && byte < 0x7f) {
                escape[0] = (char)byte;
                return 1;
        }
        escape[0] = '\\';
        escape[1] = 'x';
        escape[2] = digits[byte >> 4];
        escape[3] = digits[byte & 15];
        return ESCAPE_BYTES;
}

/* Refused are control characters (C1), invisible ones, and those that change the direction: UAX #9, and the
 * Default_Ignorable property. Characters that join letters or choose the form of a letter are text. */
static bool is_harmless(uint32_t character)
{
        static const struct range refused[] = {
                {0x0000, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},    {0x061c, 0x061c},
                {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},    {0x200b, 0x200b},
                {0x200e, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},    {0x3164, 0x3164},
                {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},    {0xe000, 0xf8ff},
                {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
        };

        return !range_has(refused, sizeof(refused) / sizeof(refused[0]), character);
}

/* Returns how many bytes the character beyond ASCII takes that text begins with, if a terminal that reads
 * UTF-8 may get it as it is; 0: there is no such character, or it could hide or reorder what is around
 * it. */
static size_t harmless_bytes(const char *text, size_t length)
{
        uint32_t character = 0;
        size_t size = utf8_decode(text, length, &character);

        return utf8_code_point_ok(character) && is_harmless(character) ? size : 0;
}

static bool is_control(uint32_t character)
{
        if (character < 0x20)
                return character != '\t';
        if (character >= 0x7f && character < 0xa0)
                return true;
        return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

/* Returns the bytes of the control character that text begins with: C0 but for a tab, DEL, C1, or one that
 * overrides the direction of what follows; 0: there is none. */
static size_t control_bytes(const char *text, size_t length)
{
        uint32_t character = 0;
        size_t size = utf8_decode(text, length, &character);

        /* A byte that is no UTF-8 is no control character either. */
        return size > 0 && is_control(character) ? size : 0;
}

size_t printable_colour(const char *text, size_t length)
{
        size_t at = 2;

        if (length < 3 || text[0] != '\x1b' || text[1] != '[')
                return 0;
        while (at < length && ((text[at] >= '0' && text[at] <= '9') || text[at] == ';'))
                at++;
        return at < length && text[at] == 'm' ? at + 1 : 0;
}

/* Returns how many bytes stay as they are; 0: escape_byte() is for the next one. */
static size_t plain_bytes(const char *text, size_t length, enum printable printable)
{
        switch (printable) {
        case PRINTABLE_ASCII:
                return 0;
        case PRINTABLE_UTF8:
                return harmless_bytes(text, length);
        case PRINTABLE_BYTES:
                return control_bytes(text, length) > 0 ? 0 : 1;
        }
        return 0;
}

static char *make_printable(const char *text, size_t length, enum printable printable, bool tabs)
{
        char *copy = length < SIZE_MAX / ESCAPE_BYTES ? malloc(length * ESCAPE_BYTES + 1) : NULL;
        size_t used = 0;

        for (size_t at = 0; copy && at < length;) {
                size_t plain = text[at] == '\t' ? tabs : plain_bytes(text + at, length - at, printable);
                size_t control = plain > 0 ? 0 : control_bytes(text + at, length - at);

                if (plain > 0) {
                        memcpy(copy + used, text + at, plain);
                        used += plain;
                        at += plain;
                } else {
                        do
                                used += escape_byte((unsigned char)text[at++], copy + used);
                        while (control > 0 && --control > 0);
                }
        }
        if (copy)
                copy[used] = '\0';
        return copy;
}

char *printable_text(const char *text, enum printable printable)
{
        return make_printable(text, strlen(text), printable, false);
}

/* Colours are left out before anything is looked at: the bytes on both sides of one become neighbours, and
 * may be a character together. */
char *printable_line(const char *text, size_t length, enum printable printable)
{
        char *bare = calloc(length + 1, 1), *made;
        size_t used = 0;

        for (size_t at = 0; bare && at < length;) {
                size_t colour = printable_colour(text + at, length - at);

                if (colour == 0)
                        bare[used++] = text[at++];
                at += colour;
        }
        made = bare ? make_printable(bare, used, printable, true) : NULL;
        free(bare);
        return made;
}

void printable_write_json(FILE *file, const char *text)
{
        size_t length = strlen(text);

        for (size_t at = 0; at < length;) {
                uint32_t character = UTF8_REPLACEMENT; /* for each byte that is no UTF-8 */
                size_t size = utf8_decode(text + at, length - at, &character);

                at += size > 0 ? size : 1;
                if (character < 0x7f) {
                        putc((int)character, file);
                        continue;
                }
                if (character >= 0x10000) {
                        character -= 0x10000;
                        fprintf(file, "\\u%04x", 0xd800 + (character >> 10));
                        character = 0xdc00 + (character & 0x3ff);
                }
                fprintf(file, "\\u%04x", character);
        }
}
