#include "proto/utf8.h"

bool utf8_code_point_ok(uint32_t code_point)
{
        if (code_point > 0x10ffff)
                return false;
        if (code_point >= 0xd800 && code_point <= 0xdfff)
                return false;
        if (code_point >= 0xfdd0 && code_point <= 0xfdef)
                return false;
        return (code_point & 0xfffe) != 0xfffe;
}

size_t utf8_size(uint32_t code_point)
{
        if (code_point < 0x80)
                return 1;
        if (code_point < 0x800)
                return 2;
        return code_point < 0x10000 ? 3 : 4;
}

/* By the lead byte alone; 0 for a byte that starts nothing. */
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

size_t utf8_length(const char *bytes, size_t length)
{
        unsigned char lead = (unsigned char)bytes[0];
        size_t announced = utf8_announced(lead);
        uint32_t code_point;

        if (announced == 0 || announced > length)
                return 0;
        if (announced == 1)
                return 1;
        code_point = lead & (0x7fu >> announced);
        for (size_t i = 1; i < announced; i++) {
                unsigned char byte = (unsigned char)bytes[i];

                if ((byte & 0xc0) != 0x80)
                        return 0;
                code_point = code_point << 6 | (byte & 0x3f);
        }
        /* The longer forms of a code point are the classic way around a check for a byte. */
        if (utf8_size(code_point) != announced || !utf8_code_point_ok(code_point))
                return 0;
        return announced;
}
