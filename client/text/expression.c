/* SPDX-License-Identifier: ISC */
#include "client/text/expression.h"

#include <string.h>

#include "client/text/digits.h"
#include "proto/utf8.h"

/* How deep groups may be nested. What repeats is read anew for each copy, and so is what repeats inside, so
 * that each level multiplies the work. */
#define GROUPS_MOST 10
#define REPEATS_MOST 255 /* as POSIX has it */

/* A part of the graph. Its last node is a fork that leads to nothing yet. */
struct part {
        uint16_t first, last;
};

struct parser {
        const char *at;
        struct expression *made;
        unsigned depth;
        bool failed;
};

static struct part fail(struct parser *parser)
{
        parser->failed = true;
        return (struct part){0, 0};
}

static uint16_t add(struct parser *parser, enum node_kind kind)
{
        struct expression *made = parser->made;

        if (made->count == EXPRESSION_NODES_MAX) {
                parser->failed = true;
                return 0;
        }
        made->nodes[made->count] = (struct node){.kind = kind, .next = NODE_NONE, .other = NODE_NONE};
        return (uint16_t)made->count++;
}

static void lead(struct parser *parser, uint16_t from, uint16_t to)
{
        parser->made->nodes[from].next = to;
}

static void add_byte(struct node *node, unsigned char byte)
{
        node->bytes[byte / 64] |= UINT64_C(1) << byte % 64;
}

bool expression_node_takes(const struct node *node, unsigned char byte)
{
        return node->bytes[byte / 64] >> byte % 64 & 1;
}

/* Makes a part of one node of that kind, and the fork behind it. */
static struct part of_kind(struct parser *parser, enum node_kind kind)
{
        struct part part = {.first = add(parser, kind)};

        part.last = add(parser, NODE_FORK);
        lead(parser, part.first, part.last);
        return part;
}

static struct part join(struct parser *parser, struct part one, struct part other)
{
        lead(parser, one.last, other.first);
        return (struct part){one.first, other.last};
}

/* Makes a part that is one or the other. */
static struct part choose(struct parser *parser, struct part one, struct part other)
{
        uint16_t fork = add(parser, NODE_FORK), end = add(parser, NODE_FORK);

        lead(parser, fork, one.first);
        parser->made->nodes[fork].other = other.first;
        lead(parser, one.last, end);
        lead(parser, other.last, end);
        return (struct part){fork, end};
}

static struct part nothing(struct parser *parser)
{
        uint16_t fork = add(parser, NODE_FORK);

        return (struct part){fork, fork};
}

static struct part any_times(struct parser *parser, struct part part)
{
        uint16_t fork = add(parser, NODE_FORK), end = add(parser, NODE_FORK);

        lead(parser, fork, part.first);
        parser->made->nodes[fork].other = end;
        lead(parser, part.last, fork);
        return (struct part){fork, end};
}

/* Makes a part for any character beyond ASCII: at least one byte over 0x7f. */
static struct part beyond_ascii(struct parser *parser)
{
        struct part once = of_kind(parser, NODE_BYTES), again = of_kind(parser, NODE_BYTES);

        for (unsigned byte = 0x80; byte <= 0xff; byte++) {
                add_byte(&parser->made->nodes[once.first], (unsigned char)byte);
                add_byte(&parser->made->nodes[again.first], (unsigned char)byte);
        }
        parser->made->loose = true;
        return join(parser, once, any_times(parser, again));
}

/* Makes a part for any character but those of a set of ASCII. A text is a line, and has no newline. */
static struct part all_but(struct parser *parser, const struct node *set)
{
        struct part part = of_kind(parser, NODE_BYTES);

        for (unsigned byte = 0; byte < 0x80; byte++)
                if (byte != '\n' && !expression_node_takes(set, (unsigned char)byte))
                        add_byte(&parser->made->nodes[part.first], (unsigned char)byte);
        return choose(parser, part, beyond_ascii(parser));
}

/* The classes as they are in ASCII, whatever the locale. */
static const struct {
        const char *name;
        unsigned char ranges[8]; /* pairs of a first and a last byte */
} classes[] = {
        {"[:alpha:]", {'A', 'Z', 'a', 'z'}},
        {"[:digit:]", {'0', '9'}},
        {"[:alnum:]", {'0', '9', 'A', 'Z', 'a', 'z'}},
        {"[:upper:]", {'A', 'Z'}},
        {"[:lower:]", {'a', 'z'}},
        {"[:space:]", {'\t', '\r', ' ', ' '}},
        {"[:blank:]", {'\t', '\t', ' ', ' '}},
        {"[:punct:]", {'!', '/', ':', '@', '[', '`', '{', '~'}},
        {"[:xdigit:]", {'0', '9', 'A', 'F', 'a', 'f'}},
};

static void add_range(struct node *set, unsigned first, unsigned last)
{
        for (unsigned byte = first; byte <= last; byte++)
                add_byte(set, (unsigned char)byte);
}

/* Takes [:alpha:] or another class; the caller adds what some have beyond ASCII. */
static bool take_class(struct parser *parser, struct node *set)
{
        for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
                const unsigned char *ranges = classes[i].ranges;
                size_t length = strlen(classes[i].name);

                if (strncmp(parser->at, classes[i].name, length) != 0)
                        continue;
                for (size_t k = 0; k < sizeof(classes[i].ranges) && ranges[k]; k += 2)
                        add_range(set, ranges[k], ranges[k + 1]);
                parser->at += length;
                return true;
        }
        return false;
}

static bool is_ascii(char byte)
{
        return byte != '\0' && (unsigned char)byte < 0x80;
}

/* Takes what is between brackets, and the closing one. *wide: the set has a class, so also characters beyond
 * ASCII. Returns false for sets that name such characters, which are left to regexec(3). */
static bool take_set(struct parser *parser, struct node *set, bool *wide)
{
        bool first = true;

        for (; *parser->at != ']' || first; first = false) {
                const char *at = parser->at;

                if (at[0] == '[' && at[1] == ':') {
                        *wide = true;
                        if (!take_class(parser, set))
                                return false;
                        continue;
                }
                if (!is_ascii(at[0]) || (at[0] == '[' && (at[1] == '.' || at[1] == '=')))
                        return false;
                if (at[1] == '-' && at[2] != ']') {
                        if (!is_ascii(at[2]) || at[2] == '[' || at[2] < at[0])
                                return false;
                        add_range(set, (unsigned char)at[0], (unsigned char)at[2]);
                        parser->at += 3;
                        continue;
                }
                add_byte(set, (unsigned char)at[0]);
                parser->at++;
        }
        parser->at++;
        return true;
}

/* Takes a bracket expression; parser->at is behind the opening bracket. */
static struct part take_bracket(struct parser *parser)
{
        struct node set = {.kind = NODE_BYTES};
        bool negated = *parser->at == '^', wide = false;
        struct part part;

        parser->at += negated;
        if (!take_set(parser, &set, &wide))
                return fail(parser);
        if (negated)
                return all_but(parser, &set);
        part = of_kind(parser, NODE_BYTES);
        memcpy(parser->made->nodes[part.first].bytes, set.bytes, sizeof(set.bytes));
        return wide ? choose(parser, part, beyond_ascii(parser)) : part;
}

/* Takes one character, of one byte or more. */
static struct part take_character(struct parser *parser)
{
        size_t length = utf8_length(parser->at, strlen(parser->at));
        struct part part;

        if (length == 0)
                return fail(parser);
        part = nothing(parser);
        for (size_t i = 0; i < length; i++) {
                struct part next = of_kind(parser, NODE_BYTES);

                add_byte(&parser->made->nodes[next.first], (unsigned char)*parser->at++);
                part = join(parser, part, next);
        }
        parser->made->loose = parser->made->loose || length > 1;
        return part;
}

static struct part take_choice(struct parser *parser);

static struct part take_group(struct parser *parser)
{
        struct part part;

        if (parser->depth == GROUPS_MOST)
                return fail(parser);
        parser->depth++;
        part = take_choice(parser);
        parser->depth--;
        if (*parser->at != ')')
                return fail(parser);
        parser->at++;
        return part;
}

static struct part take_atom(struct parser *parser)
{
        static const struct node none = {.kind = NODE_BYTES};
        char first = *parser->at;

        if (first == '\0' || strchr("*+?{|)", first))
                return fail(parser);
        if (!strchr("([.^$\\", first))
                return take_character(parser);
        parser->at++;
        switch (first) {
        case '(':
                return take_group(parser);
        case '[':
                return take_bracket(parser);
        case '.':
                return all_but(parser, &none);
        case '^':
                return of_kind(parser, NODE_BEGIN);
        case '$':
                return of_kind(parser, NODE_END);
        }
        /* Anything else behind a backslash is an extension, or undefined. */
        return *parser->at && strchr("^.[]$()|*+?{}\\/-", *parser->at) ? take_character(parser)
                                                                       : fail(parser);
}

/* Takes {3}, {3,} or {3,5}; *most is -1 where there is no bound. */
static bool take_bounds(struct parser *parser, int *least, int *most)
{
        size_t digits = strspn(++parser->at, "0123456789");

        if (digits == 0 || digits > 3)
                return false;
        *least = *most = digits_number(parser->at, digits);
        parser->at += digits;
        if (*parser->at == ',') {
                digits = strspn(++parser->at, "0123456789");
                if (digits > 3)
                        return false;
                *most = digits > 0 ? digits_number(parser->at, digits) : -1;
                parser->at += digits;
        }
        return *parser->at++ == '}' && *least <= REPEATS_MOST && *most <= REPEATS_MOST &&
               (*most < 0 || *least <= *most);
}

/* Takes *, +, ? or bounds in braces. Returns false if none of these stands there. */
static bool take_quantifier(struct parser *parser, int *least, int *most)
{
        char first = *parser->at;

        if (first != '\0' && strchr("*+?", first)) {
                *least = first == '+' ? 1 : 0;
                *most = first == '?' ? 1 : -1;
                parser->at++;
                return true;
        }
        if (first != '{')
                return false;
        if (!take_bounds(parser, least, most))
                parser->failed = true;
        return true;
}

/* Reads the atom again: what repeats is made of as many copies. */
static struct part copy(struct parser *parser, const char *atom)
{
        const char *at = parser->at;
        struct part part;

        parser->at = atom;
        part = take_atom(parser);
        parser->at = at;
        return part;
}

static struct part repeat(struct parser *parser, const char *atom, int least, int most)
{
        struct part part = nothing(parser);

        for (int i = 0; i < least && !parser->failed; i++)
                part = join(parser, part, copy(parser, atom));
        if (most < 0)
                part = join(parser, part, any_times(parser, copy(parser, atom)));
        for (int i = least; i < most && !parser->failed; i++)
                part = join(parser, part, choose(parser, copy(parser, atom), nothing(parser)));
        return part;
}

static struct part take_piece(struct parser *parser)
{
        const char *atom = parser->at;
        size_t count = parser->made->count;
        struct part part = take_atom(parser);
        int least = 0, most = 0;

        if (parser->failed || !take_quantifier(parser, &least, &most))
                return part;
        /* An anchor that repeats, or two quantifiers in a row, are undefined in POSIX. */
        if (parser->failed || *atom == '^' || *atom == '$' || (*parser->at && strchr("*+?{", *parser->at)))
                return fail(parser);
        parser->made->count = count;
        return repeat(parser, atom, least, most);
}

static struct part take_branch(struct parser *parser)
{
        struct part part = take_piece(parser);

        while (!parser->failed && *parser->at && *parser->at != '|' && *parser->at != ')')
                part = join(parser, part, take_piece(parser));
        return part;
}

static struct part take_choice(struct parser *parser)
{
        struct part part = take_branch(parser);

        while (!parser->failed && *parser->at == '|') {
                parser->at++;
                part = choose(parser, part, take_branch(parser));
        }
        return part;
}

bool expression_parse(const char *text, struct expression *expression)
{
        struct parser parser = {.at = text, .made = expression};
        struct part part;

        expression->count = 0;
        expression->loose = false;
        part = take_choice(&parser);
        lead(&parser, part.last, add(&parser, NODE_MATCH));
        expression->first = part.first;
        return !parser.failed && *parser.at == '\0';
}
