/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <limits.h>

#include "proto/settings.h"
#include "template/parse.h"

#define ALL                                                                                                  \
        "s6=/usr/bin\nclient_user=hermes\ndefault_home=/opt/data\ncontainer_environment=/run/c\nvenv=/v\n"   \
        "brake_seconds=60\nbrake_deaths=5\nbrake_restarts=10\n"

START_TEST(settings)
{
        static const struct {
                const char *text;
                unsigned line;
                const char *venv;
        } cases[] = {
                {ALL, 0, "/v"},
                {ALL "venv=/w", 0, "/w"}, /* the last one holds, and needs no newline */
                {ALL "\n# ours\n  venv='/a $b' \t# c\nown=$(id)\n", 0, "/a $b"},
                {ALL "venv=\"/a b\"\r\n", 0, "/a b"},
                {ALL "venv=\n", 0, ""},
                {ALL "venv=$own\n", 9, NULL},
                {ALL "venv=/a b\n", 9, NULL},
                {ALL "venv='/a\n", 9, NULL},
                {ALL "venv='/a'# c\n", 9, NULL},
                {ALL "venv=/a;id\n", 9, NULL},
                {ALL "id\n", 9, NULL},
                {ALL "export venv=/a\n", 9, NULL},
                {"", 1, NULL},
                {"s6=/usr/bin\n", 2, NULL},
        };
        const char *values[SETTINGS];
        char text[512];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                strcpy(text, cases[i].text);
                ck_assert_uint_eq(settings_parse(text, values), cases[i].line);
                if (cases[i].line == 0) {
                        ck_assert_str_eq(values[VENV], cases[i].venv);
                        ck_assert_str_eq(values[S6], "/usr/bin");
                        ck_assert_str_eq(values[LOG_FILES], "10");
                }
        }
}
END_TEST

START_TEST(accounts)
{
        char passwd[] = "root:x:0:0::/"
                        ":\nhermes\nhermes:x\nhermes:x:1x:2::\nhermes:x:4294967295:2::\nhermes2:x:3:3::\n"
                        "hermes:x:10000:10001:a b:/opt/data:/bin/sh\nhermes:x:7:7::\n";
        char none[] = "root:x:0:0::/"
                      ":\n\n:::\nhermes:x:-1:5\nhermes:x::5\nhermes:x:5\nhermes:x:99999999999999999999:1\n";
        char group[] =
                "hermes:x:10001:hermes\na:x:5:x,hermes\nb:x:6:hermes2\n\nc:x:\nd:x:7:hermes\ne:x:8:hermes";
        gid_t gids[4] = {10001};
        uid_t uid = 1;
        gid_t gid = 1;

        ck_assert(parse_user(passwd, "hermes", &uid, &gid));
        ck_assert(uid == 10000 && gid == 10001);
        ck_assert(!parse_user(none, "hermes", &uid, &gid) && uid == 10000);
        ck_assert_uint_eq(parse_groups(group, "hermes", gids, 4), 4);
        ck_assert(gids[0] == 10001 && gids[1] == 5 && gids[2] == 7 && gids[3] == 8);
}
END_TEST

START_TEST(groups_beyond_the_most)
{
        char group[] = "a:x:5:hermes\nb:x:6:hermes\nc:x:7:hermes\n";
        gid_t gids[3] = {1};

        ck_assert_uint_eq(parse_groups(group, "hermes", gids, 3), 3);
}
END_TEST

START_TEST(notes)
{
        static const struct {
                const char *note;
                pid_t pid;
                unsigned long long start;
        } cases[] = {
                {"77:5", 77, 5},
                {"2:", 2, 0},
                {"2147483647:18446744073709551615", INT_MAX, ULLONG_MAX},
                {"2147483648:1", 0, 0},
                {"4294967298:1", 0, 0},
                {"77:18446744073709551616", 0, 0},
                {"0:1", 0, 0},
                {"1:1", 0, 0},
                {"07:1", 0, 0},
                {"-2:1", 0, 0},
                {"+2:1", 0, 0},
                {" 2:1", 0, 0},
                {"2", 0, 0},
                {":", 0, 0},
                {"", 0, 0},
                {"2:1 ", 0, 0},
                {"2:1:1", 0, 0},
                {"2:-1", 0, 0},
        };
        unsigned long long start = 0;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                ck_assert_int_eq(parse_note(cases[i].note, &start), cases[i].pid);
                if (cases[i].pid)
                        ck_assert(start == cases[i].start);
        }
}
END_TEST

START_TEST(start_of_a_process)
{
        ck_assert(
                parse_start("5 (a) b) c)) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 1234567 23\n") ==
                1234567);
        ck_assert(parse_start("5 (a) S 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20") == 0);
        ck_assert(parse_start("") == 0 && parse_start(")") == 0 && parse_start("5 (a S 1 2") == 0);
}
END_TEST

START_TEST(variables)
{
        char text[] = " before\nFIRST=\nA=b=c\n \n  d\n  \nno equals\n more\n1A=x\n y\nA-B=x\nLAST=\xff\n z";
        char *rest = text, *name, *value;

        ck_assert(parse_variable(&rest, &name, &value));
        ck_assert_str_eq(name, "FIRST");
        ck_assert_str_eq(value, "");
        ck_assert(parse_variable(&rest, &name, &value));
        ck_assert_str_eq(name, "A");
        ck_assert_str_eq(value, "b=c\n\n d\n ");
        ck_assert(parse_variable(&rest, &name, &value));
        ck_assert_str_eq(name, "LAST");
        ck_assert_str_eq(value, "\xff\nz");
        ck_assert(!parse_variable(&rest, &name, &value));
        ck_assert(!parse_variable(&rest, &name, &value));
}
END_TEST

START_TEST(home)
{
        static const char *const cases[][2] = {
                {"/a", "/a"},
                {"/a//", "/a"},
                {"/", ""},
                {"", ""},
                {"a", "a"},
                {"/a/profiles/x", "/a"},
                {"/a/profiles/x//", "/a"},
                {"/a/profiles", "/a/profiles"},
                {"/a/profiles//x", "/a/profiles//x"},
                {"/a/xprofiles/y", "/a/xprofiles/y"},
                {"/a/profiles/x/y", "/a/profiles/x/y"},
                {"/profiles/x", ""},
                {"profiles/x", "profiles/x"},
        };
        char text[64];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                strcpy(text, cases[i][0]);
                parse_home(text);
                ck_assert_str_eq(text, cases[i][1]);
        }
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                settings, accounts, groups_beyond_the_most, notes, start_of_a_process, variables, home,
        };

        return unit_run(unit_suite_of("template_parse", tests));
}
