/* SPDX-License-Identifier: ISC */
#include "client/top/messages.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "unit.h"

static void expect(struct messages *messages, int64_t now_msec, const char *wanted)
{
        const struct message *message = messages_now(messages, now_msec);

        ck_assert_pstr_eq(message ? message->text : NULL, wanted);
}

START_TEST(each_is_to_be_read)
{
        struct messages messages = {.count = 0};

        expect(&messages, 0, NULL);
        ck_assert_int_eq(messages_next_msec(&messages), INT64_MAX);
        messages_answer(&messages, "ordered");
        expect(&messages, 0, "ordered");
        messages_tell(&messages, strdup("one"), false);
        expect(&messages, 1, "one");
        messages_tell(&messages, strdup("two"), true);
        messages_tell(&messages, NULL, true);
        expect(&messages, MESSAGE_LEAST_MSEC, "one");
        ck_assert_int_eq(messages_next_msec(&messages), 1 + MESSAGE_LEAST_MSEC);
        expect(&messages, 1 + MESSAGE_LEAST_MSEC, "two");
        expect(&messages, MESSAGE_LEAST_MSEC + MESSAGE_MOST_MSEC, "two");
        expect(&messages, 1 + MESSAGE_LEAST_MSEC + MESSAGE_MOST_MSEC, NULL);
        messages_deinit(&messages);
}
END_TEST

/* A key is answered at once, and takes away only what was shown. */
START_TEST(keys_are_answered)
{
        struct messages messages = {.count = 0};

        messages_tell(&messages, strdup("one"), false);
        messages_tell(&messages, strdup("two"), false);
        expect(&messages, 0, "one");
        messages_pass(&messages, 1);
        expect(&messages, 1, "one");
        messages_answer(&messages, "a");
        messages_answer(&messages, "b");
        expect(&messages, 2, "b");
        expect(&messages, 2 + MESSAGE_LEAST_MSEC, "two");
        messages_pass(&messages, 2 + 2 * MESSAGE_LEAST_MSEC);
        expect(&messages, 2 + 2 * MESSAGE_LEAST_MSEC, NULL);
        messages_answer(&messages, "c");
        expect(&messages, 9000, "c");
        messages_pass(&messages, 9000);
        expect(&messages, 9000, NULL);
        messages_deinit(&messages);
}
END_TEST

START_TEST(more_than_there_is_room_for)
{
        struct messages messages = {.count = 0};
        char text[16];
        int64_t now_msec = 0;

        for (int i = 0; i < MESSAGES_MOST + 3; i++) {
                snprintf(text, sizeof(text), "%d", i);
                messages_tell(&messages, strdup(text), false);
                messages_now(&messages, now_msec);
        }
        expect(&messages, now_msec, "0");
        for (int i = 4; i < MESSAGES_MOST + 3; i++) {
                now_msec += MESSAGE_LEAST_MSEC;
                snprintf(text, sizeof(text), "%d", i);
                expect(&messages, now_msec, text);
        }
        for (int i = 0; i < MESSAGES_MOST; i++)
                messages_tell(&messages, strdup("x"), false);
        messages_answer(&messages, "answer");
        expect(&messages, now_msec, "answer");
        ck_assert_uint_eq(messages.count, MESSAGES_MOST);
        messages_deinit(&messages);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {each_is_to_be_read, keys_are_answered, more_than_there_is_room_for};

        return unit_run(unit_suite_of("messages", tests));
}
