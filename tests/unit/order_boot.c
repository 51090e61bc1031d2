/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/order/boot.h"

/* So many that a search for each through all would be no end of work, and a search by name is none to speak of. */
#define MANY 200000u

static void add(struct text *text, const char *name)
{
        text_append(text, name, strlen(name) + 1);
}

START_TEST(the_lost_are_found_however_they_came)
{
        static const char *const names[] = {"b", "default", "a", "ab", "b-1", "0"};
        struct boot_lost lost;
        struct text text;

        text_init(&text);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                add(&text, names[i]);
        boot_sort_lost(&text, &lost);
        ck_assert_uint_eq(lost.count, sizeof(names) / sizeof(names[0]));
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                ck_assert_msg(boot_is_lost(&lost, names[i]), "%s", names[i]);
        ck_assert(!boot_is_lost(&lost, "b-"));
        ck_assert(!boot_is_lost(&lost, "c"));
        ck_assert(!boot_is_lost(&lost, ""));
        boot_free_lost(&lost);
        text_deinit(&text);
}
END_TEST

START_TEST(of_none_none_is_lost_and_of_those_unknown_each)
{
        struct boot_lost lost;
        struct text text;

        text_init(&text);
        boot_sort_lost(&text, &lost);
        ck_assert(!boot_is_lost(&lost, "a"));
        boot_free_lost(&lost);
        text.failed = true;
        boot_sort_lost(&text, &lost);
        ck_assert(boot_is_lost(&lost, "a"));
        boot_free_lost(&lost);
        text_deinit(&text);
}
END_TEST

/* Each look at a volume with more directories than there can be gateways asks of every one of them, in one turn of the loop. */
START_TEST(many_are_looked_up_at_once)
{
        struct boot_lost lost;
        struct text text;
        char name[32];

        text_init(&text);
        for (unsigned i = 0; i < MANY; i++) {
                snprintf(name, sizeof(name), "p%06u", i * 7 % MANY);
                add(&text, name);
        }
        boot_sort_lost(&text, &lost);
        for (unsigned i = 0; i < 2 * MANY; i++) {
                snprintf(name, sizeof(name), "p%06u", i);
                ck_assert_int_eq(boot_is_lost(&lost, name), i < MANY);
        }
        boot_free_lost(&lost);
        text_deinit(&text);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                the_lost_are_found_however_they_came,
                of_none_none_is_lost_and_of_those_unknown_each,
                many_are_looked_up_at_once,
        };

        return unit_run(unit_suite_of("order_boot", tests));
}
