/* SPDX-License-Identifier: ISC */
#include "daemon/log/log_line.h"

#include <stdint.h>
#include <string.h>

/* What ends a line that was cut. */
#define CUT "..."

void line_append(struct line *line, const char *bytes, size_t length)
{
        /* Room for the mark and the newline is kept. All or nothing, so that no %XX is cut in two. */
        if (line->cut || line->length + length > sizeof(line->bytes) - sizeof(CUT)) {
                line->cut = true;
                return;
        }
        memcpy(line->bytes + line->length, bytes, length);
        line->length += length;
}

static bool is_plain(unsigned char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("_.:@/+-", c));
}

void line_append_escaped(struct line *line, const char *value)
{
        static const char digits[] = "0123456789ABCDEF";

        if (!value) {
                /* No value looks like this, since parentheses are escaped. */
                line_append(line, "(null)", 6);
                return;
        }
        for (; *value != '\0' && !line->cut; value++) {
                unsigned char c = (unsigned char)*value;
                char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

                if (is_plain(c))
                        line_append(line, value, 1);
                else
                        line_append(line, escape, sizeof(escape));
        }
}

static void line_append_number(struct line *line, bool negative, uint64_t magnitude)
{
        char digits[24];
        size_t at = sizeof(digits);

        do {
                digits[--at] = (char)('0' + magnitude % 10);
                magnitude /= 10;
        } while (magnitude != 0);
        if (negative)
                digits[--at] = '-';
        line_append(line, digits + at, sizeof(digits) - at);
}

static void line_append_signed(struct line *line, int64_t value)
{
        line_append_number(line, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* Returns what follows the conversion that begins behind the '%'; NULL where it is none of ours. */
static const char *line_convert(struct line *line, const char *conversion, va_list *arguments)
{
        switch (*conversion) {
        case 's':
                line_append_escaped(line, va_arg(*arguments, const char *));
                return conversion + 1;
        case 'd':
                line_append_signed(line, va_arg(*arguments, int));
                return conversion + 1;
        case 'u':
                line_append_number(line, false, va_arg(*arguments, unsigned));
                return conversion + 1;
        case '%':
                line_append(line, "%", 1);
                return conversion + 1;
        case 'l':
                if (conversion[1] != 'l' || conversion[2] != 'd')
                        return NULL;
                line_append_signed(line, va_arg(*arguments, long long));
                return conversion + 3;
        default:
                return NULL;
        }
}

void line_begin(struct line *line, const char *format, va_list *arguments)
{
        line->length = 0;
        line->cut = false;
        while (*format != '\0') {
                size_t plain = strcspn(format, "%");

                line_append(line, format, plain);
                format += plain;
                if (*format == '\0')
                        break;
                format = line_convert(line, format + 1, arguments);
                if (!format) {
                        /* The argument's size is unknown, so none of those behind it can be read either. */
                        line_append(line, "%?", 2);
                        break;
                }
        }
}

void line_end(struct line *line)
{
        if (line->cut) {
                memcpy(line->bytes + line->length, CUT, strlen(CUT));
                line->length += strlen(CUT);
        }
        line->bytes[line->length++] = '\n';
}

void line_format(struct line *line, const char *format, va_list *arguments)
{
        line_begin(line, format, arguments);
        line_end(line);
}

void line_make(struct line *line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        line_format(line, format, &arguments);
        va_end(arguments);
}
