/* SPDX-License-Identifier: ISC */
#include "client/text/pattern.h"

#include <errno.h>
#include <locale.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "client/text/automaton.h"
#include "unit.h"

static struct pattern *make(const char *expression)
{
        char problem[PATTERN_PROBLEM_BYTES] = "";
        struct pattern *pattern;

        ck_assert_msg(pattern_new(expression, &pattern, problem) == 0, "%s: %s", expression, problem);
        return pattern;
}

static const struct {
        const char *expression, *text;
        bool matches;
        bool automatic; /* without the C library */
} cases[] = {
        {"a", "cat", true, true},
        {"a", "cut", false, true},
        {"^a", "cat", false, true},
        {"^c.t$", "cat", true, true},
        {"^c.t$", "cats", false, true},
        {"^$", "", true, true},
        {"^$", "a", false, true},
        {"a{2,3}b", "xab", false, true},
        {"a{2,3}b", "xaaaab", true, true},
        {"^a{2,3}b", "aaaab", false, true},
        {"a{2}{3}", "aaaaaa", true, false},
        {"(ERROR|WARN): [0-9]+ms", "a WARN: 12ms", true, true},
        {"(ERROR|WARN): [0-9]+ms", "a WARN: ms", false, true},
        {"[^a-c]x", "ax", false, true},
        {"[^a-c]x", "dx", true, true},
        {"[]x]", "]", true, true},
        {"[^]x]", "]", false, true},
        {"[a-]z", "-z", true, true},
        {"\\.\\*", ".*", true, true},
        {"\\.\\*", "ab", false, true},
        {"[[:digit:]]{4}", "in 2026", true, true},
        {"a+b?c*$", "xaa", true, true},
        {"^(a|b)*$", "abba", true, true},
        {"^(a|b)*$", "abca", false, true},
        {"x|^b|c$", "abc", true, true},
        {"x|^b|c$", "bca", true, true},
        {"x|^b|c$", "acb", false, true},
        /* A character is one, whatever its bytes. */
        {"^caf.$", "caf\xc3\xa9", true, true},
        {"^caf..$", "caf\xc3\xa9", false, true},
        {"^caf[^x]$", "caf\xc3\xa9", true, true},
        {"^(\xc3\xa9)+$", "\xc3\xa9\xc3\xa9", true, true},
        {"^\xc3\xa9{2}$", "\xc3\xa9\xc3\xa9", true, true},
        {"\xc3\xa9", "\xc3\xaa", false, true},
        {"^.{3}$", "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9", true, true},
        {"^.{4}$", "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9", false, true},
        {"^[\xc3\xa9]$", "\xc3\xa9", true, false},
        {"a",
         "\xff"
         "a\xed\xa0\x80",
         true, true},
};

START_TEST(an_expression_means_what_it_says)
{
        struct pattern *pattern = make(cases[_i].expression);
        struct automaton *automaton = automaton_new(cases[_i].expression);

        ck_assert_int_eq(pattern_matches(pattern, cases[_i].text, strlen(cases[_i].text)), cases[_i].matches);
        ck_assert_msg((automaton != NULL) == cases[_i].automatic, "%s", cases[_i].expression);
        automaton_free(automaton);
        pattern_free(pattern);
}
END_TEST

static const char *const wrong[] = {"(", "[", "a{2", "[z-a]", "\\"};

START_TEST(what_is_none_is_refused_in_words)
{
        char problem[PATTERN_PROBLEM_BYTES] = "";
        struct pattern *pattern = NULL;

        ck_assert_int_eq(pattern_new(wrong[_i], &pattern, problem), -EINVAL);
        ck_assert_str_ne(problem, "");
        ck_assert_ptr_null(pattern);
}
END_TEST

/* A NUL is a character of a line, and does not end it. */
START_TEST(a_nul_ends_nothing)
{
        struct pattern *pattern = make("^a.b$"), *asked = make("^a[\xc3\xa9[:cntrl:]]b$");

        ck_assert(pattern_matches(pattern, "a\0b", 3));
        ck_assert(pattern_matches(asked, "a\0b", 3));
        ck_assert(!pattern_matches(pattern, "a\0c", 3));
        pattern_free(pattern);
        pattern_free(asked);
}
END_TEST

/* The same each time. */
static uint32_t next_random(uint32_t *state)
{
        *state = *state * 1664525 + 1013904223;
        return *state >> 8;
}

static void write_atom(uint32_t *random, char *out, unsigned depth);

static void write_branch(uint32_t *random, char *out, unsigned depth)
{
        static const char *const quantifiers[] = {"",  "",    "",      "",      "*",   "+",
                                                  "?", "{2}", "{1,3}", "{0,2}", "{2,}"};
        unsigned pieces = 1 + next_random(random) % 3;

        for (unsigned i = 0; i < pieces; i++) {
                write_atom(random, out, depth);
                strcat(out, quantifiers[next_random(random) % 11]);
        }
}

static void write_atom(uint32_t *random, char *out, unsigned depth)
{
        static const char *const atoms[] = {"a",    "b",     "c",   "abc",         ".",        "[ab]",
                                            "[^a]", "[b-c]", "\\.", "[[:alpha:]]", "\xc3\xa9", "ca"};
        uint32_t kind = next_random(random) % 14;

        if (kind < 12 || depth == 0) {
                strcat(out, atoms[kind % 12]);
                return;
        }
        strcat(out, "(");
        write_branch(random, out, depth - 1);
        if (next_random(random) % 2) {
                strcat(out, "|");
                write_branch(random, out, depth - 1);
        }
        strcat(out, ")");
}

static void write_expression(uint32_t *random, char *out)
{
        out[0] = '\0';
        if (next_random(random) % 5 == 0)
                strcat(out, "^");
        write_branch(random, out, 2);
        if (next_random(random) % 5 == 0)
                strcat(out, "$");
        if (next_random(random) % 4 == 0) {
                strcat(out, "|");
                write_branch(random, out, 1);
        }
}

static void write_text(uint32_t *random, char *out)
{
        static const char *const pieces[] = {"a", "b", "c", "d", ".", "abc", "\xc3\xa9", " "};
        unsigned count = next_random(random) % 8;

        out[0] = '\0';
        for (unsigned i = 0; i < count; i++)
                strcat(out, pieces[next_random(random) % 8]);
}

/* Every line that the C library takes is where pattern_find() says, or behind that. */
static void check_find(struct pattern *pattern, const char *expression, const char *text)
{
        struct pattern_search search = {{0}};
        char block[128];
        int length = snprintf(block, sizeof(block), "dd\n%s\ndd", text);
        const char *at = pattern_find(pattern, &search, block, block + length);

        ck_assert_msg(at && at <= block + 3 + strlen(text), "%s: %s", expression, text);
}

START_TEST(the_c_library_says_the_same)
{
        locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        uint32_t random = 17;
        size_t found = 0, compared = 0;

        for (int i = 0; i < 300; i++) {
                char expression[512];
                struct pattern *pattern;
                locale_t before;
                regex_t regex;

                write_expression(&random, expression);
                before = utf8 ? uselocale(utf8) : (locale_t)0;
                ck_assert_msg(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB) == 0, "%s", expression);
                if (utf8)
                        uselocale(before);
                pattern = make(expression);
                for (int k = 0; k < 20; k++) {
                        char text[64];
                        bool matches;

                        write_text(&random, text);
                        before = utf8 ? uselocale(utf8) : (locale_t)0;
                        matches = regexec(&regex, text, 0, NULL, 0) == 0;
                        if (utf8)
                                uselocale(before);
                        ck_assert_msg(pattern_matches(pattern, text, strlen(text)) == matches, "%s: %s",
                                      expression, text);
                        if (matches && pattern_can_find(pattern) && ++found)
                                check_find(pattern, expression, text);
                        compared++;
                }
                pattern_free(pattern);
                regfree(&regex);
        }
        ck_assert_uint_gt(found, compared / 10);
        if (utf8)
                freelocale(utf8);
}
END_TEST

/* More sets than are remembered: they are forgotten, and found again. */
START_TEST(an_expression_may_have_more_states_than_there_is_room_for)
{
        struct pattern *pattern = make("(a|b)*a(a|b){14}c");
        char text[4097];
        uint32_t random = 5;

        ck_assert_ptr_nonnull(pattern);
        for (size_t i = 0; i < sizeof(text) - 1; i++)
                text[i] = next_random(&random) % 2 ? 'a' : 'b';
        text[sizeof(text) - 1] = '\0';
        ck_assert(!pattern_matches(pattern, text, sizeof(text) - 1));
        text[sizeof(text) - 17] = 'a';
        text[sizeof(text) - 2] = 'c';
        ck_assert(pattern_matches(pattern, text, sizeof(text) - 1));
        text[sizeof(text) - 17] = 'b';
        ck_assert(!pattern_matches(pattern, text, sizeof(text) - 1));
        pattern_free(pattern);
}
END_TEST

/* An expression that would be larger than there is room for is left to the C library. */
START_TEST(an_automaton_has_a_bound)
{
        ck_assert_ptr_null(automaton_new("((a{255}){255}){255}"));
        ck_assert_ptr_null(automaton_new("((((((((((((((((((((a{1}){1}){1}){1}){1}){1}){1}){1}){1}){1}){1}){"
                                         "1}){1}){1}){1}){1}){1}){1}){1}){1}"));
        ck_assert_ptr_null(automaton_new("\\w"));
        ck_assert_ptr_null(automaton_new("(a)\\1"));
        ck_assert_ptr_null(automaton_new("*a"));
        ck_assert_ptr_null(automaton_new("a||b"));
        ck_assert_ptr_null(automaton_new("()"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pattern");
        TCase *tcase = tcase_create("pattern");

        tcase_add_loop_test(tcase, an_expression_means_what_it_says, 0, sizeof(cases) / sizeof(cases[0]));
        tcase_add_loop_test(tcase, what_is_none_is_refused_in_words, 0, sizeof(wrong) / sizeof(wrong[0]));
        tcase_add_test(tcase, a_nul_ends_nothing);
        tcase_add_test(tcase, the_c_library_says_the_same);
        tcase_add_test(tcase, an_expression_may_have_more_states_than_there_is_room_for);
        tcase_add_test(tcase, an_automaton_has_a_bound);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
