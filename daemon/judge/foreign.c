/* SPDX-License-Identifier: ISC */
#include "daemon/judge/foreign.h"

#include <stdint.h>
#include <string.h>

#include "proto/utf8.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool read_value(const char **at, unsigned depth, struct foreign *value);

const char *foreign_begin(const char *text)
{
        return strncmp(text, BYTE_ORDER_MARK, 3) != 0 ? text : text + 3;
}

static void skip_space(const char **at)
{
        *at += strspn(*at, " \t\n\r");
}

static bool skip(const char **at, const char *word)
{
        size_t length = strlen(word);

        if (strncmp(*at, word, length) != 0)
                return false;
        *at += length;
        return true;
}

/* A string that is read. Of characters that are not printable ASCII, or have no room, nothing but `strange`
 * is kept. */
struct decoded {
        char *text;
        size_t length;
        bool strange;
};

static void decoded_add(struct decoded *decoded, unsigned character)
{
        if (character < ' ' || character > '~' || decoded->length + 1 == FOREIGN_VALUE_BYTES)
                decoded->strange = true;
        else
                decoded->text[decoded->length++] = (char)character;
}

/* Reads what comes behind a backslash. */
static bool read_escape(const char **at, struct decoded *decoded)
{
        static const char written[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t", hex[] = "0123456789abcdef";
        const char *which = **at ? strchr(written, **at) : NULL;
        unsigned unit = 0;

        if (which) {
                decoded_add(decoded, (unsigned char)meant[which - written]);
                ++*at;
                return true;
        }
        if (!skip(at, "u"))
                return false;
        for (int i = 0; i < 4; i++, ++*at) {
                const char *digit =
                        **at ? strchr(hex, **at >= 'A' && **at <= 'F' ? **at - 'A' + 'a' : **at) : NULL;

                if (!digit)
                        return false;
                unit = unit << 4 | (unsigned)(digit - hex);
        }
        decoded_add(decoded, unit);
        return unit != 0;
}

/* buffer: of FOREIGN_VALUE_BYTES. */
static bool read_string(const char **at, char *buffer)
{
        struct decoded decoded = {.text = buffer};

        if (!skip(at, "\""))
                return false;
        while (**at != '"') {
                uint32_t character;
                size_t length;

                if ((unsigned char)**at < ' ')
                        return false; /* a control character, or the end of the text */
                if (skip(at, "\\")) {
                        if (!read_escape(at, &decoded))
                                return false;
                        continue;
                }
                length = utf8_decode(*at, strnlen(*at, UTF8_BYTES_MAX), &character);
                if (!length)
                        return false;
                decoded_add(&decoded, character);
                *at += length;
        }
        ++*at;
        buffer[decoded.length] = '\0';
        if (decoded.strange)
                strcpy(buffer, "?");
        return true;
}

static size_t digits(const char *at)
{
        return strspn(at, "0123456789");
}

static bool read_number(const char **at)
{
        const char *from = *at;

        skip(&from, "-");
        if (skip(&from, "Infinity") || (from == *at && skip(&from, "NaN"))) {
                *at = from;
                return true;
        }
        if (!digits(from))
                return false;
        from += *from == '0' ? 1 : digits(from);
        if (*from == '.' && digits(from + 1))
                from += 1 + digits(from + 1);
        if (*from == 'e' || *from == 'E') {
                const char *exponent = from + 1 + (from[1] == '+' || from[1] == '-');

                from = digits(exponent) ? exponent + digits(exponent) : from;
        }
        *at = from;
        return true;
}

static struct foreign *find(struct foreign *members, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(members[i].name, name) == 0)
                        return &members[i];
        return NULL;
}

/* Reads an object, and keeps those of its members that are in members[0..count). */
static bool read_object(const char **at, unsigned depth, struct foreign *members, size_t count)
{
        char name[FOREIGN_VALUE_BYTES];

        if (depth == FOREIGN_DEPTH || !skip(at, "{"))
                return false;
        for (bool first = true;; first = false) {
                struct foreign *member, other = {.kind = FOREIGN_ABSENT};

                skip_space(at);
                if (first && skip(at, "}"))
                        return true;
                if (!read_string(at, name))
                        return false;
                member = find(members, count, name);
                if (!member)
                        member = &other;
                skip_space(at);
                if (member->kind != FOREIGN_ABSENT || !skip(at, ":"))
                        return false;
                skip_space(at);
                if (!read_value(at, depth + 1, member))
                        return false;
                skip_space(at);
                if (skip(at, "}"))
                        return true;
                if (!skip(at, ","))
                        return false;
        }
}

static bool read_array(const char **at, unsigned depth)
{
        struct foreign other;

        if (depth == FOREIGN_DEPTH || !skip(at, "["))
                return false;
        skip_space(at);
        if (skip(at, "]"))
                return true;
        for (;;) {
                skip_space(at);
                if (!read_value(at, depth + 1, &other))
                        return false;
                skip_space(at);
                if (skip(at, "]"))
                        return true;
                if (!skip(at, ","))
                        return false;
        }
}

static bool read_value(const char **at, unsigned depth, struct foreign *value)
{
        value->kind = FOREIGN_OTHER;
        switch (**at) {
        case '{':
                return read_object(at, depth, NULL, 0);
        case '[':
                return read_array(at, depth);
        case '"':
                value->kind = FOREIGN_STRING;
                return read_string(at, value->value);
        case 't':
                value->kind = FOREIGN_TRUE;
                return skip(at, "true");
        case 'f':
                value->kind = FOREIGN_FALSE;
                return skip(at, "false");
        case 'n':
                value->kind = FOREIGN_NULL;
                return skip(at, "null");
        default:
                return read_number(at);
        }
}

bool foreign_read(const char *text, struct foreign *members, size_t count)
{
        const char *at = foreign_begin(text);
        bool read;

        for (size_t i = 0; i < count; i++)
                members[i].kind = FOREIGN_ABSENT;
        skip_space(&at);
        read = read_object(&at, 0, members, count);
        skip_space(&at);
        if (read && !*at)
                return true;
        for (size_t i = 0; i < count; i++)
                members[i].kind = FOREIGN_ABSENT;
        return false;
}
