/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <signal.h>

#include "daemon/bounds.h"
#include "daemon/judge/ending.h"

static const struct {
        int wait_status; /* -1: not known */
        bool oom;
        enum brake_word word;
        const char *text;
        bool success;
} endings[] = {
        {-1, false, WORD_NONE, "the cause is not known", false},
        {0, false, WORD_NONE, "with exit code 0", true},
        {0x0100, false, WORD_NONE, "with exit code 1", false},
        {0x0100, true, WORD_NONE, "with exit code 1 (the container is out of memory)", false},
        {75 << 8, false, WORD_RESTART_ME, "with exit code 75", false},
        {78 << 8, false, WORD_CONFIGURATION, "with exit code 78", false},
        {69 << 8, false, WORD_ELSEWHERE, "with exit code 69", false},
        {79 << 8, false, WORD_NONE, "with exit code 79", false},
        {SIGKILL, false, WORD_NONE, "by SIGKILL", false},
        {SIGKILL, true, WORD_NONE, "by SIGKILL (the container is out of memory)", false},
        {64, false, WORD_NONE, "by SIG?", false},
};

START_TEST(every_ending)
{
        struct record record = {.has_exit = endings[_i].wait_status >= 0};
        struct ending ending = {.known = false};
        char text[64];

        if (record.has_exit)
                ending = ending_of_status(endings[_i].wait_status);
        ending_describe(&ending, endings[_i].oom, text, sizeof(text));
        ck_assert_str_eq(text, endings[_i].text);
        ck_assert_int_eq(ending_word(&ending), endings[_i].word);
        ck_assert_int_eq(ending_is_success(&ending), endings[_i].success);
        record.exit_code = ending.code;
        record.exit_signal = ending.signal;
        ending = ending_of_record(&record);
        ck_assert_int_eq(ending_word(&ending), endings[_i].word);
}
END_TEST

static const struct {
        int wait_status;
        bool ordered, oom;
        const char *name;
} counted[] = {
        {0, false, false, "success"},
        {0x0100, false, false, "code"},
        {0x0100, false, true, "code"}, /* whom the kernel killed then, nobody says: it was not this one */
        {75 << 8, false, false, "restart"},
        {78 << 8, false, false, "configuration"},
        {69 << 8, false, false, "elsewhere"},
        {SIGKILL, false, false, "signal"},
        {SIGKILL, false, true, "memory"},
        {SIGKILL, true, true, "ordered"},
        {78 << 8, true, false, "ordered"},
};

START_TEST(deaths)
{
        struct ending ending = ending_of_status(counted[_i].wait_status);

        ck_assert_str_eq(death_name(ending_death(&ending, counted[_i].ordered, counted[_i].oom)),
                         counted[_i].name);
}
END_TEST

START_TEST(delays)
{
        struct ending well = ending_of_status(0), killed = ending_of_status(SIGSEGV);
        char text[RECORD_REASON_BYTES];

        ending_describe_delay(&well, false, 1, 2000, text, sizeof(text));
        ck_assert_str_eq(text, "it ended by itself, though it is wanted: with exit code 0; attempt 1 waits 2 s");
        ending_describe_delay(&killed, false, 12, 300000, text, sizeof(text));
        ck_assert_str_eq(text, "it keeps ending: by SIGSEGV; attempt 12 waits 300 s");
}
END_TEST

/* A static service: told, ended though s6 wanted it, how often of late; given up? */
static const struct {
        struct static_seen seen;
        bool given_up;
} statics[] = {
        {{.exit_code = 1, .told = true, .ended_wanted = true, .deaths = STATIC_ENDS}, false},
        {{.exit_code = 0, .ended_wanted = true, .deaths = STATIC_ENDS}, false},
        {{.exit_code = EXIT_OFF, .ended_wanted = true, .deaths = STATIC_ENDS}, false},
        {{.exit_code = 1, .ended_wanted = true}, true},
        {{.exit_code = -1, .ended_wanted = true}, true},
        {{.exit_code = 1}, false}, /* it may have been a TERM that somebody ordered */
        {{.exit_code = -1, .deaths = STATIC_ENDS - 1}, false},
        {{.exit_code = -1, .deaths = STATIC_ENDS}, true},
        {{.exit_code = EXIT_CONFIGURATION}, true},
};

START_TEST(every_static_end)
{
        ck_assert_int_eq(ending_is_given_up(&statics[_i].seen), statics[_i].given_up);
}
END_TEST

START_TEST(words_for_static_services)
{
        struct record record = {.has_exit = true, .exit_code = 3};
        char text[RECORD_REASON_BYTES];

        ending_describe_static(&record, false, text, sizeof(text));
        ck_assert_str_eq(text, "it keeps ending: with exit code 3; s6 starts it again");
        ending_describe_static(&record, true, text, sizeof(text));
        ck_assert_str_eq(text, "it ended: with exit code 3; its finish script gave it up");
        record.exit_code = EXIT_CONFIGURATION;
        ending_describe_static(&record, true, text, sizeof(text));
        ck_assert_str_eq(text, "configuration error (exit code 78): its last lines say which");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {delays, words_for_static_services};
        Suite *suite = unit_suite_of("judge_ending", tests);
        TCase *tcase = tcase_create("tables");

        tcase_add_loop_test(tcase, every_ending, 0, sizeof(endings) / sizeof(endings[0]));
        tcase_add_loop_test(tcase, deaths, 0, sizeof(counted) / sizeof(counted[0]));
        tcase_add_loop_test(tcase, every_static_end, 0, sizeof(statics) / sizeof(statics[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
