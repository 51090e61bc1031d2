/* SPDX-License-Identifier: ISC */
#include "client/text/suggest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "unit.h"

static const struct {
        const char *one, *other;
        size_t distance;
} pairs[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"coder", "coder", 0},
        {"codr", "coder", 1},
        {"coderr", "coder", 1},
        {"cofer", "coder", 1},
        {"cdoer", "coder", 1},
        {"ocdre", "coder", 2},
        {"strat", "start", 1},
        {"restrat", "restart", 1},
        {"ca", "abc", 3},
        {"list", "stop", 4},
};

START_TEST(distances)
{
        ck_assert_uint_eq(suggest_distance(pairs[_i].one, pairs[_i].other), pairs[_i].distance);
        ck_assert_uint_eq(suggest_distance(pairs[_i].other, pairs[_i].one), pairs[_i].distance);
}
END_TEST

START_TEST(words_of_the_greatest_length)
{
        char longest[SUGGEST_WORD_BYTES_MAX + 1], longer[SUGGEST_WORD_BYTES_MAX + 2];

        memset(longest, 'a', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        memset(longer, 'a', sizeof(longer));
        longer[sizeof(longer) - 1] = '\0';
        ck_assert_uint_eq(suggest_distance(longest, longest), 0);
        ck_assert_uint_eq(suggest_distance("", longest), SUGGEST_WORD_BYTES_MAX);
        ck_assert_uint_eq(suggest_distance(longest, longer), SIZE_MAX);
        ck_assert_uint_eq(suggest_distance(longer, longest), SIZE_MAX);
}
END_TEST

static const char *suggest(const char *word)
{
        static const char *const candidates[] = {"start", "stop", "status", "restart", "list", "a", "coder"};
        struct suggestion suggestion;

        suggest_init(&suggestion, word);
        for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
                suggest_offer(&suggestion, candidates[i]);
        return suggestion.nearest;
}

START_TEST(the_nearest_is_suggested)
{
        ck_assert_str_eq(suggest("strat"), "start");
        ck_assert_str_eq(suggest("statsu"), "status");
        ck_assert_str_eq(suggest("sotp"), "stop");
        ck_assert_str_eq(suggest("codr"), "coder");
        ck_assert_str_eq(suggest("stat"), "start"); /* as near as "status" is not */
}
END_TEST

START_TEST(what_is_far_is_not)
{
        ck_assert_ptr_null(suggest("nonsense"));
        ck_assert_ptr_null(suggest("b"));
        ck_assert_ptr_null(suggest(""));
        ck_assert_ptr_null(suggest("xyz"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("suggest");
        TCase *tcase = tcase_create("suggest");

        tcase_add_loop_test(tcase, distances, 0, sizeof(pairs) / sizeof(pairs[0]));
        tcase_add_test(tcase, words_of_the_greatest_length);
        tcase_add_test(tcase, the_nearest_is_suggested);
        tcase_add_test(tcase, what_is_far_is_not);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
