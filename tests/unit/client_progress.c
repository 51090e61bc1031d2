/* SPDX-License-Identifier: ISC */
#include "client/talk/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "unit.h"

static void note(struct progress *progress, const char *name, const char *state, int64_t now_msec)
{
        struct json_object *service = json_object_new_object();

        json_object_object_add(service, "name", json_object_new_string(name));
        json_object_object_add(service, "kind", json_object_new_string("gateway"));
        json_object_object_add(service, "state", json_object_new_string(state));
        progress_note(progress, service, now_msec);
        json_object_put(service);
}

static void expect(const struct progress *progress, int64_t now_msec, size_t columns, const char *wanted)
{
        char *text = progress_text(progress, now_msec, columns);

        ck_assert_pstr_eq(text, wanted);
        free(text);
}

START_TEST(a_line_for_each_of_a_few)
{
        struct json_object *names = json_tokener_parse("[\"a\", \"b\"]");
        struct progress progress;

        progress_init(&progress, names, 1000);
        json_object_put(names);
        expect(&progress, 1000, 80, "a: waiting for 1s\nb: waiting for 1s\n");
        note(&progress, "a", "stopping", 2000);
        note(&progress, "a", "stopping", 3000);
        note(&progress, "other", "up", 3000);
        expect(&progress, 4000, 80, "a: stopping for 3s\nb: waiting for 3s\n");
        note(&progress, "a", "finishing", 5000);
        expect(&progress, 7500, 80, "a: finishing for 2s\nb: waiting for 6s\n");
        expect(&progress, 7500, 8, "a: finis\nb: waiti\n");
        ck_assert(progress_settle(&progress, "a"));
        ck_assert(!progress_settle(&progress, "a"));
        ck_assert_str_eq(progress_first(&progress), "b");
        note(&progress, "b", "\x1b[2J", 7000);
        expect(&progress, 8000, 80, "b: \\x1b[2J for 7s\n");
        progress.lost = true;
        expect(&progress, 8000, 80, "b: the broker is away; waiting for 7s\n");
        ck_assert(progress_settle(&progress, "b"));
        expect(&progress, 8000, 80, "");
        ck_assert_uint_eq(progress_pending(&progress), 0);
        ck_assert_ptr_null(progress_first(&progress));
        progress_deinit(&progress);
}
END_TEST

START_TEST(a_summary_of_many)
{
        struct progress progress;
        char name[8];

        progress_init(&progress, NULL, 0);
        for (int i = 0; i < 3 + PROGRESS_LINES_MAX; i++) {
                snprintf(name, sizeof(name), "g%d", i);
                note(&progress, name, i < 2 ? "starting" : "backoff", 0);
        }
        expect(&progress, 3000, 80, "0 of 7 done, 2 starting, 5 backoff, for 3s\n");
        ck_assert(progress_settle(&progress, "g0"));
        ck_assert(progress_settle(&progress, "g6"));
        expect(&progress, 3000, 80, "2 of 7 done, 1 starting, 4 backoff, for 3s\n");
        ck_assert(progress_settle(&progress, "g1"));
        expect(&progress, 3000, 80,
               "g2: backoff for 3s\ng3: backoff for 3s\ng4: backoff for 3s\ng5: backoff for 3s\n");
        /* An outcome of one that no event told of. */
        ck_assert(progress_settle(&progress, "late"));
        ck_assert(!progress_settle(&progress, "late"));
        progress_deinit(&progress);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_line_for_each_of_a_few, a_summary_of_many};

        return unit_run(unit_suite_of("progress", tests));
}
