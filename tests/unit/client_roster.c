/* SPDX-License-Identifier: ISC */
#include "client/talk/roster.h"

#include <stdio.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "unit.h"

static void take(struct roster *roster, const char *event, const char *name, const char *state)
{
        struct json_object *service = json_object_new_object();

        json_object_object_add(service, "name", json_object_new_string(name));
        json_object_object_add(service, "state", json_object_new_string(state));
        ck_assert_int_eq(roster_take(roster, event, service), 0);
        json_object_put(service);
}

/* "a up, b down" */
static void expect(const struct roster *roster, const char *wanted)
{
        struct json_object *array = roster_array(roster);
        char seen[256] = "";

        for (size_t i = 0; i < json_object_array_length(array); i++) {
                struct json_object *service = json_object_array_get_idx(array, i);

                if (i > 0)
                        strcat(seen, ", ");
                strcat(seen, json_object_get_string(json_object_object_get(service, "name")));
                strcat(seen, " ");
                strcat(seen, json_object_get_string(json_object_object_get(service, "state")));
        }
        json_object_put(array);
        ck_assert_str_eq(seen, wanted);
}

START_TEST(events_are_taken)
{
        struct roster roster;
        struct json_object *nameless = json_object_new_object();

        roster_init(&roster);
        expect(&roster, "");
        take(&roster, "present", "c", "up");
        take(&roster, "present", "a", "up");
        take(&roster, "present", "b", "down");
        expect(&roster, "a up, b down, c up");
        take(&roster, "changed", "b", "starting");
        take(&roster, "removed", "a", "down");
        take(&roster, "removed", "unknown", "down");
        expect(&roster, "b starting, c up");
        ck_assert_int_eq(roster_take(&roster, "present", nameless), 0);
        ck_assert_int_eq(roster_take(&roster, NULL, NULL), 0);
        expect(&roster, "b starting, c up");
        json_object_put(nameless);
        roster_deinit(&roster);
}
END_TEST

START_TEST(what_a_new_broker_does_not_know_goes)
{
        struct roster roster;

        roster_init(&roster);
        take(&roster, "present", "a", "up");
        take(&roster, "present", "b", "up");
        take(&roster, "present", "c", "up");
        ck_assert(!roster_settle(&roster));
        roster_doubt(&roster);
        take(&roster, "present", "b", "down");
        expect(&roster, "a up, b down, c up");
        ck_assert(roster_settle(&roster));
        expect(&roster, "b down");
        roster_deinit(&roster);
}
END_TEST

START_TEST(summaries)
{
        char buffer[ROSTER_SUMMARY_BYTES], name[16];
        struct roster roster;

        roster_init(&roster);
        ck_assert_str_eq(roster_summary(&roster, buffer), "0 services");
        take(&roster, "present", "a", "up");
        ck_assert_str_eq(roster_summary(&roster, buffer), "1 service: 1 up");
        take(&roster, "present", "b", "backoff");
        take(&roster, "present", "c", "failed");
        take(&roster, "present", "d", "of the future");
        ck_assert_str_eq(roster_summary(&roster, buffer), "4 services: 1 failed, 1 backoff, 1 up");
        for (int i = 0; i < 300; i++) {
                snprintf(name, sizeof(name), "n%d", i);
                take(&roster, "present", name, "down");
        }
        ck_assert_str_eq(roster_summary(&roster, buffer),
                         "304 services: 1 failed, 1 backoff, 1 up, 300 down");
        roster_deinit(&roster);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {events_are_taken, what_a_new_broker_does_not_know_goes, summaries};

        return unit_run(unit_suite_of("roster", tests));
}
