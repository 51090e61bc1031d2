/* SPDX-License-Identifier: ISC */
#include "daemon/judge/multiplex_config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#include "daemon/bounds.h"

#define ON MULTIPLEX_CONFIG_ON
#define OFF MULTIPLEX_CONFIG_OFF
#define UNSET MULTIPLEX_CONFIG_UNSET
#define UNREADABLE MULTIPLEX_CONFIG_UNREADABLE
#define KEY "multiplex_profiles"

/* What PyYAML and the application make of each. */
static const struct {
        const char *text;
        enum multiplex_config says;
} cases[] = {
        {"", UNSET},
        {"# nothing\n", UNSET},
        {"---\n", UNSET},
        {"~\n", UNSET},
        {"model: x\ngateway:\n  port: 1\n", UNSET},
        {KEY ": true\n", ON},
        {KEY ": True", ON},
        {KEY ": yes\n", ON},
        {KEY ": ON\n", ON},
        {KEY ": 1\n", ON},
        {KEY ": 0\n", OFF},
        {KEY ": 0x10\n", ON},
        {KEY ": 0.0\n", OFF},
        {KEY ": .nan\n", ON},
        {KEY ": 2\n", ON},
        {KEY ": no\n", OFF},
        {KEY ": off # yes\n", OFF},
        {KEY ": y\n", OFF},
        {KEY ":\n", OFF},
        {KEY ": ~\n", OFF},
        {KEY ": 'yes'\n", ON},
        {KEY ": \" On \"\n", ON},
        {KEY ": \"\\x74rue\"\n", ON},
        {KEY ": '1'\n", ON},
        {KEY ": '2'\n", OFF},
        {KEY ": maybe\n", OFF},
        {KEY ": []\n", OFF},
        {KEY ": [0]\n", ON},
        {KEY ": {}\n", OFF},
        {KEY ": |\n  true\n", ON},
        {KEY ": >-\n  no\n", OFF},
        {"'" KEY "': true\n", ON},
        {"? " KEY "\n: true\n", ON},
        {"{" KEY ": true}\n", ON},
        {"{\"" KEY "\":true,\"x\":[1,2]}", ON},
        {"gateway:\n  " KEY ": true\n", ON},
        {"gateway: {" KEY ": yes}\n", ON},
        {"gateway:\n- " KEY ": true\n", UNSET},
        {"gateway: " KEY "\n", UNSET},
        {"other:\n  " KEY ": true\n", UNSET},
        {"gateway:\n  nested:\n    " KEY ": true\n", UNSET},
        {"text: |\n  " KEY ": true\n", UNSET},
        {"text: '\n  " KEY ": true'\n", UNSET},
        {"# " KEY ": true\n", UNSET},
        /* The top wins where it is there, whatever it holds. */
        {KEY ": false\ngateway:\n  " KEY ": true\n", OFF},
        {KEY ":\ngateway:\n  " KEY ": true\n", OFF},
        {"gateway:\n  " KEY ": false\n" KEY ": true\n", ON},
        /* Of a name that comes twice the last. */
        {KEY ": true\n" KEY ": false\n", OFF},
        {"gateway: {" KEY ": true}\ngateway: {x: 1}\n", UNSET},
        /* Encodings and ends of lines. */
        {"\xef\xbb\xbf" KEY ": true\n", ON},
        {"a: 1\r\n" KEY ": true\r\n", ON},
        {"a: \xff\n" KEY ": true\n", UNREADABLE},
        /* Anchors, merges and tags. */
        {"a: &x true\n" KEY ": *x\n", ON},
        {"base: &b {" KEY ": true}\ngateway:\n  <<: *b\n", ON},
        {"base: &b {" KEY ": true}\ngateway:\n  <<: *b\n  " KEY ": no\n", OFF},
        {"a: &a {" KEY ": no}\nb: &b {" KEY ": yes}\ngateway:\n  <<: [*b, *a]\n", ON},
        {"gateway: &g\n  <<: *g\n", UNREADABLE},
        {KEY ": *nobody\n", UNREADABLE},
        {KEY ": !!bool 'yes'\n", ON},
        {KEY ": !!str true\n", ON},
        {KEY ": !!int '0'\n", OFF},
        {KEY ": !!bool maybe\n", UNREADABLE},
        {KEY ": true\nx: !python/object:os.system {}\n", UNREADABLE},
        {"%YAML 1.1\n---\n" KEY ": true\n...\n", ON},
        /* No configuration at all. */
        {KEY ": true\n---\nx: 1\n", UNREADABLE},
        {"- " KEY ": true\n", UNREADABLE},
        {KEY ": true\n\tx: 1\n", UNREADABLE},
        {KEY ": [true\n", UNREADABLE},
        {KEY ": true\n? [a, b]\n: 1\n", UNREADABLE},
        {"just words\n", UNREADABLE},
};

START_TEST(odd_and_even)
{
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                ck_assert_msg(multiplex_config_read(cases[i].text) == cases[i].says, "%s: %d, not %d", cases[i].text,
                              multiplex_config_read(cases[i].text), cases[i].says);
}
END_TEST

/* As large as it is read, and made to take long. */
static enum multiplex_config read_many(const char *unit, const char *before)
{
        size_t most = 64 * 1024;
        char *text = malloc(most + 1);
        char *at = stpcpy(text, before);
        enum multiplex_config says;

        while ((size_t)(at - text) + strlen(unit) <= most)
                at = stpcpy(at, unit);
        says = multiplex_config_read(text);
        free(text);
        return says;
}

START_TEST(what_is_made_to_take_long)
{
        static const char *const deep[] = {"[", "{", "{a: ", "- ", "? ", "- [", "[{"};

        for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++)
                ck_assert_int_eq(read_many(deep[i], ""), UNREADABLE);
        ck_assert_int_eq(read_many("a: b\n", KEY ": yes\n"), ON);
        ck_assert_int_eq(read_many("# ---------- - - [\n", KEY ": yes\n"), ON);
        ck_assert_int_eq(read_many("x: AT&T & a&b\n", KEY ": yes\n"), ON);
}
END_TEST

static enum multiplex_config read_anchors(unsigned count)
{
        char *text = malloc(64 * 1024), *at = stpcpy(text, KEY ": yes\nx: [");
        enum multiplex_config says;

        for (unsigned i = 0; i < count; i++)
                at += sprintf(at, "&%x,", i);
        strcpy(at, "]\n");
        says = multiplex_config_read(text);
        free(text);
        return says;
}

START_TEST(anchors_are_bounded)
{
        ck_assert_int_eq(read_anchors(CONFIG_ANCHORS), ON);
        ck_assert_int_eq(read_anchors(CONFIG_ANCHORS + 1), UNREADABLE);
        ck_assert_int_eq(read_anchors(10000), UNREADABLE);
}
END_TEST

/* Each alias of one that has nine of the one before: a billion, if anybody made them. And merges of merges. */
START_TEST(bombs)
{
        char text[16 * 1024] = "a0: &a0 [x]\n";
        size_t length = strlen(text);

        for (int i = 1; i < 40; i++)
                length += (size_t)sprintf(text + length, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1,
                                          i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcpy(text + length, KEY ": true\n");
        ck_assert_int_eq(multiplex_config_read(text), ON);
        length = (size_t)sprintf(text, "m0: &m0 {x: 1}\n");
        for (int i = 1; i < 40; i++)
                length += (size_t)sprintf(text + length, "m%d: &m%d {<<: [*m%d, *m%d, *m%d]}\n", i, i, i - 1, i - 1, i - 1);
        strcpy(text + length, "gateway:\n  <<: *m39\n");
        ck_assert_int_eq(multiplex_config_read(text), UNREADABLE);
}
END_TEST

/* What is merged and is no mapping costs as much to look through: lists in lists that mappings merge, thousands of times each. */
START_TEST(bombs_without_mappings)
{
        static char text[64 * 1024];
        char *at = text;

        at += sprintf(at, "s: &s [1");
        while (at < text + 20 * 1024)
                at = stpcpy(at, ",1");
        at = stpcpy(at, "]\nb: &b\n");
        while (at < text + 45 * 1024)
                at = stpcpy(at, "  <<: *s\n");
        at = stpcpy(at, "<<: [*b");
        while (at < text + 60 * 1024)
                at = stpcpy(at, ",*b");
        strcpy(at, "]\n");
        ck_assert_int_eq(multiplex_config_read(text), UNREADABLE);
}
END_TEST

START_TEST(cut_at_every_byte)
{
        static const char whole[] = "%YAML 1.1\n--- # x\nbase: &b\n  \"multi\\x70lex_profiles\": 'yes'\ngateway: {<<: *b, x: [1, {a: b}]}\n";
        char text[sizeof(whole)];

        for (size_t i = 0; i < sizeof(whole); i++) {
                memcpy(text, whole, i);
                text[i] = '\0';
                multiplex_config_read(text);
        }
        ck_assert_int_eq(multiplex_config_read(whole), ON);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {odd_and_even, what_is_made_to_take_long, anchors_are_bounded, bombs, bombs_without_mappings, cut_at_every_byte};

        return unit_run(unit_suite_of("judge_multiplex_config", tests));
}
