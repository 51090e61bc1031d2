/* SPDX-License-Identifier: ISC */
#include "client/top/view.h"

#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/sort.h"
#include "unit.h"

/* Words like "a:up": services by name, and their states. */
static void take(struct view *view, const char *words, bool settled)
{
        struct json_object *services = json_object_new_array();
        char copy[256];

        strcpy(copy, words);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
                struct json_object *service = json_object_new_object();

                *strchr(word, ':') = '\0';
                json_object_object_add(service, "name", json_object_new_string(word));
                json_object_object_add(service, "state", json_object_new_string(word + strlen(word) + 1));
                json_object_array_add(services, service);
        }
        ck_assert_int_eq(view_take(view, services, settled), 0);
        json_object_put(services);
}

/* The names as they are shown; the chosen one has a * behind it. */
static void expect(const struct view *view, const char *wanted)
{
        char seen[256] = "";

        for (size_t i = 0; i < view_count(view); i++) {
                struct json_object *service = json_object_array_get_idx(view->services, i);

                strcat(seen, member_string(service, "name"));
                strcat(seen, service == view_chosen(view) ? "* " : " ");
        }
        ck_assert_str_eq(seen, wanted);
}

START_TEST(the_choice_is_a_name)
{
        struct view view;

        view_init(&view);
        expect(&view, "");
        take(&view, "", false);
        view_move(&view, KEY_DOWN, 5);
        ck_assert_ptr_null(view_chosen(&view));
        /* As long as more are to come, it is whatever is first. */
        take(&view, "c:up", false);
        expect(&view, "c* ");
        take(&view, "a:up b:up c:up d:down", true);
        expect(&view, "a* b c d ");
        take(&view, "a:up b:up c:failed d:down", true);
        expect(&view, "c a* b d ");
        view_move(&view, KEY_DOWN, 5);
        take(&view, "a:up b:down c:up d:down e:up", true);
        expect(&view, "a c e b* d ");
        /* When it is gone none is chosen, and the next is the one in its place. */
        take(&view, "a:up c:up d:down e:up", true);
        expect(&view, "a c e d ");
        view_move(&view, KEY_DOWN, 5);
        expect(&view, "a c e d* ");
        take(&view, "a:up c:up e:up", true);
        expect(&view, "a c e ");
        view_move(&view, KEY_UP, 5);
        expect(&view, "a c e* ");
        take(&view, "a:up c:up", true);
        take(&view, "a:up c:up e:up", true);
        expect(&view, "a c e* ");
        view_deinit(&view);
}
END_TEST

START_TEST(keys_choose)
{
        static const struct {
                enum key key;
                const char *chosen;
        } moves[] = {
                {KEY_UP, "a"},   {KEY_DOWN, "b"},    {KEY_PAGE_DOWN, "d"}, {KEY_PAGE_DOWN, "e"},
                {KEY_DOWN, "e"}, {KEY_PAGE_UP, "c"}, {KEY_HOME, "a"},      {KEY_PAGE_UP, "a"},
                {KEY_END, "e"},  {KEY_TEXT, "e"},    {KEY_NONE, "e"},
        };
        struct view view;

        view_init(&view);
        take(&view, "a:up b:up c:up d:up e:up", true);
        for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
                view_move(&view, moves[i].key, 2);
                ck_assert_str_eq(view.chosen, moves[i].chosen);
        }
        view_deinit(&view);
}
END_TEST

START_TEST(a_name_is_found_from_there_on)
{
        struct view view;

        view_init(&view);
        ck_assert(!view_find(&view, "a", 1, false));
        take(&view, "x:up b:up", true);
        view.sort = "name";
        view_choose(&view, "ab");
        take(&view, "ab:up b:up Abc:up x:up", true);
        expect(&view, "Abc ab* b x ");
        ck_assert(view_find(&view, "AB", 1, false));
        ck_assert_str_eq(view.chosen, "ab");
        ck_assert(view_find(&view, "b", 1, true));
        ck_assert_str_eq(view.chosen, "b");
        ck_assert(view_find(&view, "ab", 1, true));
        ck_assert_str_eq(view.chosen, "Abc");
        ck_assert(view_find(&view, "x", -1, true));
        ck_assert_str_eq(view.chosen, "x");
        ck_assert(view_find(&view, "x", 1, true));
        ck_assert(!view_find(&view, "xy", 1, true));
        ck_assert_str_eq(view.chosen, "x");
        view_deinit(&view);
}
END_TEST

START_TEST(one_state_after_the_other)
{
        static const char words[] = "a:up b:failed c:down d:up";
        static const char *const names[] = {"failed", "up", "down", NULL, "failed"};
        static const char *const shown[] = {"b ", "a* d ", "c ", "b a* d c ", "b "};
        struct json_object *all;
        struct view view;

        view_init(&view);
        take(&view, words, true);
        view_choose(&view, "a");
        all = json_object_get(view.services);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                view_filter_next(&view, all);
                ck_assert_pstr_eq(view_filter(&view), names[i]);
                take(&view, words, true);
                expect(&view, shown[i]);
        }
        json_object_put(all);
        view_deinit(&view);
}
END_TEST

START_TEST(orders_go_round)
{
        const char *word = SORT_ATTENTION;
        size_t count = 0;

        do
                word = sort_next(word);
        while (++count < 20 && strcmp(word, SORT_ATTENTION) != 0);
        ck_assert_uint_eq(count, 8);
        ck_assert(!sort_is_key("memory") && !sort_is_key(SORT_ATTENTION) && sort_is_key("pid"));
}
END_TEST

int main(void)
{
        const TTest *tests[] = {the_choice_is_a_name, keys_choose, a_name_is_found_from_there_on,
                                one_state_after_the_other, orders_go_round};

        return unit_run(unit_suite_of("view", tests));
}
