/* SPDX-License-Identifier: ISC */
#include "proto/utf8.h"

#include <string.h>

static bool is_unicode(uint32_t code_point)
{
        return code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff);
}

bool utf8_code_point_ok(uint32_t code_point)
{
        if (code_point >= 0xfdd0 && code_point <= 0xfdef)
                return false;
        return is_unicode(code_point) && (code_point & 0xfffe) != 0xfffe;
}

size_t utf8_size(uint32_t code_point)
{
        if (code_point < 0x80)
                return 1;
        if (code_point < 0x800)
                return 2;
        return code_point < 0x10000 ? 3 : 4;
}

/* How many bytes a character has, by its lead byte alone; 0: no character begins with that byte. */
static size_t utf8_announced(unsigned char lead)
{
        if (lead < 0x80)
                return 1;
        if (lead < 0xc0)
                return 0;
        if (lead < 0xe0)
                return 2;
        if (lead < 0xf0)
                return 3;
        return lead < 0xf8 ? 4 : 0;
}

static bool utf8_continues(char byte)
{
        return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point)
{
        unsigned char lead = (unsigned char)bytes[0];
        size_t announced = utf8_announced(lead);
        uint32_t value;

        if (announced == 0 || announced > length)
                return 0;
        value = announced == 1 ? lead : lead & (0x7fu >> announced);
        for (size_t i = 1; i < announced; i++) {
                if (!utf8_continues(bytes[i]))
                        return 0;
                value = value << 6 | ((unsigned char)bytes[i] & 0x3f);
        }
        /* The longer forms of a code point are the classic way around a check for a byte. */
        if (utf8_size(value) != announced || !is_unicode(value))
                return 0;
        *code_point = value;
        return announced;
}

size_t utf8_length(const char *bytes, size_t length)
{
        uint32_t code_point;
        size_t size = utf8_decode(bytes, length, &code_point);

        return size > 0 && utf8_code_point_ok(code_point) ? size : 0;
}

size_t utf8_cut(const char *bytes, size_t length)
{
        size_t lead = length;

        for (size_t back = 1; back < UTF8_BYTES_MAX && back <= length; back++) {
                if (utf8_continues(bytes[length - back]))
                        continue;
                lead = length - back;
                break;
        }
        return lead < length && utf8_announced((unsigned char)bytes[lead]) > length - lead ? lead : length;
}

void utf8_end(char *text)
{
        text[utf8_cut(text, strlen(text))] = '\0';
}

size_t utf8_skip(const char *bytes, size_t length)
{
        size_t skipped = 0;

        while (skipped < length && skipped < UTF8_BYTES_MAX - 1 && utf8_continues(bytes[skipped]))
                skipped++;
        return skipped;
}
