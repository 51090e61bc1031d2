/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/bounds.h"
#include "daemon/judge/past.h"

static struct event began(int64_t at_usec)
{
        return (struct event){.kind = EVENT_BEGAN, .at_usec = at_usec, .pid = (pid_t)at_usec};
}

static void add(struct past *past, const char *name, int64_t at_usec)
{
        const struct event event = began(at_usec);

        ck_assert(past_add(past, name, &event));
}

static size_t count_of(const struct past *past, const char *name)
{
        const struct past_of *of = past_of(past, name);
        size_t count = 0;

        for (const struct past_event *at = of ? of->first : NULL; at; at = at->next)
                count++;
        return count;
}

/* Whoever lacks events in its slot waits, and nobody else who is gone. */
static void check_waiting(const struct past *past)
{
        const struct past_of *last = NULL;
        size_t count = 0, marked = 0;

        for (const struct past_of *at = past->waiting; at; last = at, at = at->next) {
                ck_assert_ptr_eq(past_of(past, at->name), at);
                ck_assert(at->waits);
                count++;
        }
        ck_assert_ptr_eq(past->waiting_last, last);
        for (size_t i = 0; i < past->count; i++) {
                ck_assert(past->services[i]->waits || !past_waits_for_slot(past->services[i]));
                marked += past->services[i]->waits;
        }
        ck_assert_uint_eq(count, marked);
}

/* Both lists say the same, and the bytes are the sum. */
static void check(const struct past *past)
{
        const struct past_event *newest = NULL;
        size_t of_all = 0, of_each = 0, bytes = 0;

        for (const struct past_event *at = past->oldest; at; newest = at, at = at->newer) {
                ck_assert_ptr_eq(at->older, newest);
                of_all++;
        }
        ck_assert_ptr_eq(past->newest, newest);
        for (size_t i = 0; i < past->count; i++) {
                ck_assert(i == 0 || strcmp(past->services[i - 1]->name, past->services[i]->name) < 0);
                ck_assert_uint_le(past->services[i]->bytes, PAST_SERVICE_BYTES);
                of_each += count_of(past, past->services[i]->name);
                bytes += past->services[i]->bytes;
        }
        ck_assert_uint_eq(of_all, of_each);
        ck_assert_uint_eq(past->bytes, bytes);
        ck_assert_uint_le(past->bytes, PAST_BYTES);
        check_waiting(past);
}

START_TEST(order)
{
        struct past past = {0};
        struct text text;

        add(&past, "b", 1);
        add(&past, "a", 2);
        add(&past, "b", 3);
        check(&past);
        ck_assert_uint_eq(past.count, 2);
        ck_assert_uint_eq(count_of(&past, "b"), 2);
        ck_assert_ptr_null(past_of(&past, "c"));
        ck_assert_int_eq(past_of(&past, "b")->began_pid, 3);
        text_init(&text);
        ck_assert_int_eq(past_lines(past_of(&past, "b"), 1, 1000, &text), 3);
        text_append(&text, "", 1);
        ck_assert_str_eq(text.bytes, "{\"at_usec\":3,\"event\":\"began\",\"started_by\":\"s6\",\"pid\":3}\n");
        text_deinit(&text);
        past_deinit(&past);
}
END_TEST

/* However much happens to one, the others keep theirs. */
START_TEST(bound_of_one)
{
        struct past past = {0};
        size_t count;

        add(&past, "quiet", 1);
        for (int64_t i = 2; i < 2000; i++)
                add(&past, "loud", i);
        check(&past);
        count = count_of(&past, "loud");
        ck_assert_uint_gt(count, 60);
        ck_assert_uint_eq(count_of(&past, "quiet"), 1);
        ck_assert_int_eq(past_of(&past, "loud")->last->at_usec, 1999);
        ck_assert_int_eq(past.evicted, past.number - (int64_t)count);
        ck_assert_uint_eq(past.lost, (size_t)past.number - count - 1);
        past_deinit(&past);
}
END_TEST

/* Nor is there ever more of all than the bound, also of services that are gone. */
START_TEST(bound_of_all)
{
        struct past past = {0};
        char name[32];

        for (int64_t i = 0; i < 40000; i++) {
                snprintf(name, sizeof(name), "gateway-%lld", (long long)i);
                add(&past, name, i);
        }
        check(&past);
        ck_assert_uint_gt(past.count, 5000);
        ck_assert_ptr_null(past_of(&past, "gateway-0"));
        ck_assert_ptr_nonnull(past_of(&past, "gateway-39999"));
        past_deinit(&past);
        ck_assert_uint_eq(past.bytes, 0);
}
END_TEST

/* What the volume has comes before what the broker knows, once, and takes the place of none of that. */
START_TEST(older)
{
        struct past past = {0};
        struct event event = began(3);

        add(&past, "a", 3);
        ck_assert(past_add_older(&past, "a", &event));
        ck_assert_uint_eq(count_of(&past, "a"), 1);
        event = began(2);
        ck_assert(past_add_older(&past, "a", &event));
        event = began(1);
        ck_assert(past_add_older(&past, "a", &event));
        ck_assert(past_add_older(&past, "b", &event));
        check(&past);
        ck_assert_int_eq(past_of(&past, "a")->first->at_usec, 1);
        ck_assert(past_is_from_volume(past_of(&past, "a")->first));
        ck_assert(!past_is_from_volume(past_of(&past, "a")->last));
        ck_assert_int_eq(past_of(&past, "a")->began_pid, 3);
        ck_assert(!past_waits_for_volume(past_of(&past, "b")));
        ck_assert(past_waits_for_volume(past_of(&past, "a")));
        for (int64_t i = 4; i < 1000; i++) {
                event = began(i);
                if (!past_add_older(&past, "a", &event))
                        break;
        }
        check(&past);
        ck_assert_int_eq(past_of(&past, "a")->last->at_usec, 3);
        ck_assert_int_eq(past.evicted, 0);
        add(&past, "b", 5);
        check(&past);
        past_deinit(&past);
}
END_TEST

START_TEST(again)
{
        struct past past = {0};
        const struct event event = began(1), held = {.kind = EVENT_STATE, .state = EVENT_FAILED};

        ck_assert(past_add_again(&past, "a", &event));
        ck_assert(!past_waits_for_slot(past_of(&past, "a")));
        ck_assert(!past_waits_for_volume(past_of(&past, "a")));
        ck_assert(past_add(&past, "a", &held));
        ck_assert(past_waits_for_slot(past_of(&past, "a")));
        ck_assert(past_of(&past, "a")->is_held);
        ck_assert_int_eq(past_of(&past, "a")->held, EVENT_FAILED);
        add(&past, "a", 2);
        ck_assert(!past_of(&past, "a")->is_held);
        past_deinit(&past);
}
END_TEST

/* The one that has waited longest is the next, until its slot has all; whoever is gone has no turn. */
START_TEST(slots_by_turns)
{
        struct past past = {0};
        const struct event event = began(9);

        ck_assert_ptr_null(past_next_for_slot(&past));
        add(&past, "b", 1);
        add(&past, "a", 2);
        ck_assert(past_add_again(&past, "c", &event));
        add(&past, "b", 3);
        check(&past);
        ck_assert_ptr_eq(past_next_for_slot(&past), past_of(&past, "b"));
        past_of(&past, "b")->in_slot = 1;
        ck_assert_ptr_eq(past_next_for_slot(&past), past_of(&past, "b"));
        past_of(&past, "b")->in_slot = past.number;
        ck_assert_ptr_eq(past_next_for_slot(&past), past_of(&past, "a"));
        add(&past, "c", 4);
        add(&past, "b", 5);
        past_of(&past, "a")->in_slot = past.number;
        ck_assert_ptr_eq(past_next_for_slot(&past), past_of(&past, "c"));
        past_of(&past, "c")->in_slot = past.number;
        ck_assert_ptr_eq(past_next_for_slot(&past), past_of(&past, "b"));
        past_of(&past, "b")->in_slot = past.number;
        ck_assert_ptr_null(past_next_for_slot(&past));
        check(&past);
        past_deinit(&past);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {order, bound_of_one, bound_of_all, older, again, slots_by_turns};

        return unit_run(unit_suite_of("past", tests));
}
