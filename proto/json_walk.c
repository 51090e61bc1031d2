/* SPDX-License-Identifier: ISC */
#include "proto/json_walk.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

const char *json_walk_space(const char *at)
{
        return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
        for (at++; *at != '"'; at++)
                at += *at == '\\';
        return at + 1;
}

static const char *skip_value(const char *at)
{
        size_t depth = 0;

        if (*at != '{' && *at != '[' && *at != '"')
                return at + strcspn(at, ",}] \t\r\n");
        do {
                if (*at == '"') {
                        at = skip_string(at);
                        continue;
                }
                depth += *at == '{' || *at == '[';
                depth -= *at == '}' || *at == ']';
                at++;
        } while (depth);
        return at;
}

bool json_walk_member(const char **at, struct json_member *member)
{
        const char *from = json_walk_space(*at);

        if (*from == ',')
                from = json_walk_space(from + 1);
        if (*from == '}')
                return false;
        member->name = from + 1;
        from = skip_string(from);
        member->name_bytes = (size_t)(from - member->name) - 1;
        member->value = json_walk_space(json_walk_space(from) + 1); /* behind the colon */
        *at = skip_value(member->value);
        member->value_bytes = (size_t)(*at - member->value);
        return true;
}

/* Takes the four digits of an escape; *at is behind its "\u". */
static uint32_t take_unit(const char **at)
{
        char digits[] = {(*at)[0], (*at)[1], (*at)[2], (*at)[3], '\0'};

        *at += 4;
        return (uint32_t)strtoul(digits, NULL, 16);
}

/* Takes the next character of a string, however it is written. */
static uint32_t take_character(const char **at)
{
        static const char written[] = "bfnrt", meant[] = "\b\f\n\r\t";
        uint32_t character = 0;
        const char *which;

        if (**at != '\\') {
                *at += utf8_decode(*at, strnlen(*at, UTF8_BYTES_MAX), &character);
                return character;
        }
        *at += 2;
        if ((*at)[-1] == 'u') {
                character = take_unit(at);
                if (character < 0xd800 || character > 0xdbff)
                        return character;
                *at += 2; /* the low half follows, which is an escape as well */
                return 0x10000 + ((character - 0xd800) << 10) + (take_unit(at) - 0xdc00);
        }
        which = strchr(written, (*at)[-1]);
        return (unsigned char)(which ? meant[which - written] : (*at)[-1]);
}

static bool same_name(const struct json_member *one, const struct json_member *other)
{
        const char *left = one->name, *right = other->name;

        while (*left != '"' && *right != '"')
                if (take_character(&left) != take_character(&right))
                        return false;
        return *left == *right;
}

static bool object_is_sound(const char *begin)
{
        struct json_member member, before;

        for (const char *at = begin; json_walk_member(&at, &member);) {
                for (const char *from = begin;
                     json_walk_member(&from, &before) && before.name != member.name;)
                        if (same_name(&before, &member))
                                return false;
                if (!json_walk_is_sound(member.value))
                        return false;
        }
        return true;
}

static bool array_is_sound(const char *at)
{
        for (at = json_walk_space(at); *at != ']'; at = json_walk_space(at)) {
                if (*at == ',')
                        at = json_walk_space(at + 1);
                if (!json_walk_is_sound(at))
                        return false;
                at = skip_value(at);
        }
        return true;
}

/* Recurses as deep as the scanner let the text nest. */
bool json_walk_is_sound(const char *value)
{
        switch (*value) {
        case '{':
                return object_is_sound(value + 1);
        case '[':
                return array_is_sound(value + 1);
        case '"':
        case 't':
        case 'f':
        case 'n':
                return true;
        default:
                return isfinite(strtod(value, NULL));
        }
}
