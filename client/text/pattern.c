/* SPDX-License-Identifier: ISC */
#include "client/text/pattern.h"

#include <errno.h>
#include <locale.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/automaton.h"

/* Bytes that a line which matches must have. */
struct literal {
        char *bytes;
        size_t length;
        size_t rarest; /* which of the bytes is the rarest in logs */
};

struct pattern {
        locale_t locale; /* one in which text is UTF-8; 0: there is none */
        regex_t regex;
        struct automaton *automaton;                   /* NULL: none can be made of the expression */
        struct literal literals[PATTERN_LITERALS_MAX]; /* a line that matches has one of them */
        size_t literals_count;                         /* 0: no literals are known */
        char text[PATTERN_TEXT_BYTES_MAX + 1];
};

/* Returns how many bytes of the expression stand for one plain byte: 1; 2 for a backslash and the byte behind
 * it; or 0 where something else stands there. */
static size_t plain_length(const char *at)
{
        if (*at == '\\')
                return 2;
        return *at && !strchr("([.^$|)*+?{", *at) ? 1 : 0;
}

/* Returns where the bracket expression that begins there ends: behind its last bracket. */
static const char *skip_bracket(const char *at)
{
        at += at[1] == '^' ? 2 : 1;
        for (at += *at == ']'; *at && *at != ']'; at++) {
                if (at[0] == '[' && at[1] == ':')
                        at = strchr(at, ']') ? strchr(at, ']') : at;
        }
        return at + (*at == ']');
}

static const char *skip_group(const char *at)
{
        int depth = 0;

        do {
                depth += (*at == '(') - (*at == ')');
                if (*at == '[')
                        at = skip_bracket(at);
                else
                        at += *at == '\\' ? 2 : 1;
        } while (*at && depth > 0);
        return at;
}

static const char *skip_any(const char *at)
{
        if (*at == '(')
                return skip_group(at);
        if (*at == '[')
                return skip_bracket(at);
        if (*at == '{')
                at += strcspn(at, "}");
        return at + 1;
}

/* Reads the run of plain bytes, outside of groups, that begins at *at into `run`, moves *at behind it, and
 * returns its length. */
static size_t read_run(const char **at, char *run)
{
        size_t length = 0, step;

        while ((step = plain_length(*at)) > 0) {
                char behind = (*at)[step];

                if (behind && strchr("*?{", behind)) {
                        /* The last character need not be there; of one of several bytes this is the last. */
                        while (length > 0 && ((unsigned char)(*at)[step - 1] & 0xc0) == 0x80 &&
                               ((unsigned char)run[length - 1] & 0xc0) == 0x80)
                                length--;
                        if (length > 0 && (unsigned char)(*at)[step - 1] >= 0x80)
                                length--;
                        *at += step;
                        return length;
                }
                run[length++] = (*at)[step - 1];
                *at += step;
                if (behind == '+')
                        return length;
        }
        return length;
}

/* Finds the longest run of an alternative, and moves *at to the end of that. literal and run must have room
 * for all of the expression. Returns the length. */
static size_t find_longest(const char **at, char *literal, char *run)
{
        size_t most = 0;

        while (**at && **at != '|') {
                size_t length = read_run(at, run);

                if (length > most) {
                        memcpy(literal, run, length);
                        most = length;
                }
                if (**at && **at != '|' && plain_length(*at) == 0)
                        *at = skip_any(*at);
        }
        return most;
}

/* Returns roughly how common a byte is in a log: most bytes are ASCII, and the list has the most common of
 * those, in that order. */
static size_t commonness(char byte)
{
        static const char common[] = " etaoinsr0123lhdc456789um:-.pfgybw,vk/=_\"()ETAOINSRx";
        const char *place = strchr(common, byte);

        return place ? sizeof(common) - (size_t)(place - common) : 0;
}

static int add_literal(struct pattern *pattern, const char *bytes, size_t length)
{
        struct literal *literal = &pattern->literals[pattern->literals_count];

        *literal = (struct literal){.bytes = strndup(bytes, length), .length = length};
        if (!literal->bytes)
                return -ENOMEM;
        for (size_t i = 1; i < length; i++)
                if (commonness(bytes[i]) < commonness(bytes[literal->rarest]))
                        literal->rarest = i;
        pattern->literals_count++;
        return 0;
}

static void drop_literals(struct pattern *pattern)
{
        while (pattern->literals_count > 0)
                free(pattern->literals[--pattern->literals_count].bytes);
}

/* Finds a literal for each alternative, or none at all. The automaton must have taken the expression, so that
 * nothing in it is out of the ordinary. */
static int find_literals(struct pattern *pattern, const char *expression)
{
        size_t size = strlen(expression) + 1;
        char *room = malloc(2 * size);
        int result = room ? 0 : -ENOMEM;

        for (const char *at = expression; result == 0 && *at; at += *at == '|') {
                size_t length = find_longest(&at, room, room + size);

                if (length == 0 || pattern->literals_count == PATTERN_LITERALS_MAX) {
                        drop_literals(pattern);
                        break;
                }
                result = add_literal(pattern, room, length);
        }
        free(room);
        return result;
}

static int compile(struct pattern *pattern, const char *expression, char *problem)
{
        locale_t before = pattern->locale ? uselocale(pattern->locale) : (locale_t)0;
        int error = regcomp(&pattern->regex, expression, REG_EXTENDED | REG_NOSUB);

        if (error != 0)
                regerror(error, &pattern->regex, problem, PATTERN_PROBLEM_BYTES);
        if (pattern->locale)
                uselocale(before);
        if (error == 0)
                return 0;
        return error == REG_ESPACE ? -ENOMEM : -EINVAL;
}

int pattern_new(const char *expression, struct pattern **pattern, char *problem)
{
        struct pattern *made = calloc(1, sizeof(*made));
        int result;

        if (!made)
                return -ENOMEM;
        made->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        result = compile(made, expression, problem);
        if (result < 0) {
                if (made->locale)
                        freelocale(made->locale);
                free(made);
                return result;
        }
        made->automaton = automaton_new(expression);
        if (made->automaton)
                result = find_literals(made, expression);
        if (result < 0)
                pattern_free(made);
        else
                *pattern = made;
        return result;
}

void pattern_free(struct pattern *pattern)
{
        if (!pattern)
                return;
        regfree(&pattern->regex);
        if (pattern->locale)
                freelocale(pattern->locale);
        automaton_free(pattern->automaton);
        drop_literals(pattern);
        free(pattern);
}

static bool is_ascii(const char *text, size_t length)
{
        unsigned char all = 0;

        for (size_t i = 0; i < length; i++)
                all |= (unsigned char)text[i];
        return all < 0x80;
}

/* Asks the C library, for which a text ends at a NUL: so another control character takes the place of each
 * NUL. */
static bool asks(struct pattern *pattern, const char *text, size_t length)
{
        locale_t before = pattern->locale ? uselocale(pattern->locale) : (locale_t)0;
        bool matches;

        for (size_t i = 0; i < length; i++)
                pattern->text[i] = (char)(text[i] ? text[i] : '\1');
        pattern->text[length] = '\0';
        matches = regexec(&pattern->regex, pattern->text, 0, NULL, 0) == 0;
        if (pattern->locale)
                uselocale(before);
        return matches;
}

bool pattern_matches(struct pattern *pattern, const char *text, size_t length)
{
        if (length > PATTERN_TEXT_BYTES_MAX)
                length = PATTERN_TEXT_BYTES_MAX;
        if (!pattern->automaton)
                return asks(pattern, text, length);
        if (!automaton_finds(pattern->automaton, text, length))
                return false;
        return !automaton_is_loose(pattern->automaton) || is_ascii(text, length) ||
               asks(pattern, text, length);
}

bool pattern_can_find(const struct pattern *pattern)
{
        return pattern->literals_count > 0 || (pattern->automaton && automaton_can_scan(pattern->automaton));
}

/* Returns where a literal is next, at its rarest byte; end: nowhere. */
static const char *find_literal(const struct literal *literal, const char *begin, const char *end)
{
        size_t length = literal->length, rarest = literal->rarest;
        const char *last, *at;

        if ((size_t)(end - begin) < length)
                return end;
        /* The rarest byte cannot be in the first places, nor in the last ones. */
        last = end - (length - 1 - rarest);
        for (begin += rarest; begin < last; begin = at + 1) {
                at = memchr(begin, literal->bytes[rarest], (size_t)(last - begin));
                if (!at)
                        return end;
                if (memcmp(at - rarest, literal->bytes, length) == 0)
                        return at;
        }
        return end;
}

const char *pattern_find(struct pattern *pattern, struct pattern_search *search, const char *begin,
                         const char *end)
{
        const char *first = end;

        if (pattern->literals_count == 0)
                return automaton_scan(pattern->automaton, begin, end);
        for (size_t i = 0; i < pattern->literals_count; i++) {
                if (!search->next[i] || search->next[i] < begin)
                        search->next[i] = find_literal(&pattern->literals[i], begin, end);
                if (search->next[i] < first)
                        first = search->next[i];
        }
        return first < end ? first : NULL;
}
