/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <dirent.h>
#include <stdbool.h>

#include <json-c/json.h>

#include "proto/json.h"
#include "proto/json_scan.h"
#include "proto/json_walk.h"

/* A wrong path must not pass for success. */
#define SOUND_LEAST 40
#define UNSOUND_LEAST 20

static const struct json_bounds no_bounds = {JSON_DEPTH_MAX, 1 << 20, 0};

/* 1: as a tree is, sound; 0: not; -1: nothing that the scanner takes. They must agree. */
static int judge(const char *text, size_t length)
{
        struct json_object *value = NULL;
        struct json_problem problem;
        struct json_tally tally;
        enum json_result result;

        if (json_scan(text, length, no_bounds, &tally, NULL, &problem) != JSON_OK)
                return -1;
        result = json_strict_parse(text, length, no_bounds, &value, NULL);
        json_object_put(value);
        ck_assert(result == JSON_OK || result == JSON_DUPLICATE || result == JSON_NUMBER);
        ck_assert_msg(json_walk_is_sound(json_walk_space(text)) == (result == JSON_OK), "%s", text);
        return result == JSON_OK;
}

START_TEST(as_the_tree)
{
        char path[4096], file[8192];
        DIR *directory = opendir(unit_path("json", path, sizeof(path)));
        int sound = 0, unsound = 0;
        struct dirent *entry;

        ck_assert_msg(directory, "%s cannot be opened", path);
        while ((entry = readdir(directory))) {
                size_t length;
                char *text;
                int judged;

                if (!strstr(entry->d_name, ".json"))
                        continue;
                snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
                text = unit_read(file, &length);
                judged = judge(text, length);
                sound += judged == 1;
                unsound += judged == 0;
                free(text);
        }
        closedir(directory);
        ck_assert_int_ge(sound, SOUND_LEAST);
        ck_assert_int_ge(unsound, UNSOUND_LEAST);
}
END_TEST

static const struct {
        const char *text;
        bool sound;
} values[] = {
        {"{\"a\":1,\"b\":1,\"A\":1,\"aa\":1}", true},
        {"{\"\":1,\"\":2}", false},
        {"{\"a\":1,\"\\u0061\":1}", false},
        {"{\"\\\"\":1,\"\\u0022\":1}", false},
        {"{\"\\\\\":1,\"\\u005C\":1}", false},
        {"{\"\\/\":1,\"/\":1}", false},
        {"{\"\\b\\f\\n\\r\\t\":1,\"\\u0008\\u000c\\u000A\\u000d\\u0009\":1}", false},
        {"{\"\\b\":1,\"b\":1,\"\\n\":1,\"n\":1}", true},
        {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}", false},
        {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x81\":1}", true},
        {"{\"\\u00e9\":1,\"\xc3\xa9\":1}", false},
        {"{\"u\\\"\":1,\"u\":{},\"\\\"u\":[]}", true},
        {"[ [ ] , { \"a\" : [ 1 , { \"b\" : 1 , \"b\" : 1 } ] } ]", false},
        {"[ [ ] , { \"a\" : [ 1 , { \"b\" : 1 , \"c\" : \"]\" } ] } , 1e308 ]", true},
        {"{\"a\":[1,-1e309]}", false},
        {"[0.0e-999999, 2.5, 9223372036854775807]", true},
};

START_TEST(one_by_one)
{
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
                ck_assert_msg(judge(values[i].text, strlen(values[i].text)) == values[i].sound, "%s", values[i].text);
}
END_TEST

START_TEST(members)
{
        const char *at = " \"a\" : {\"x\":\"}\\\"\"} , \"b,\\\\\":[1, 2],\"c\":-1.5e3\t} rest";
        struct json_member member;

        ck_assert(json_walk_member(&at, &member));
        ck_assert(member.name_bytes == 1 && member.name[0] == 'a');
        ck_assert(member.value_bytes == 11 && memcmp(member.value, "{\"x\":\"}\\\"\"}", 11) == 0);
        ck_assert(json_walk_member(&at, &member));
        ck_assert(member.name_bytes == 4 && memcmp(member.name, "b,\\\\", 4) == 0);
        ck_assert(member.value_bytes == 6 && memcmp(member.value, "[1, 2]", 6) == 0);
        ck_assert(json_walk_member(&at, &member));
        ck_assert(member.value_bytes == 6 && memcmp(member.value, "-1.5e3", 6) == 0);
        ck_assert(!json_walk_member(&at, &member));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {as_the_tree, one_by_one, members};

        return unit_run(unit_suite_of("proto_json_walk", tests));
}
