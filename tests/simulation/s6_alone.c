/* SPDX-License-Identifier: ISC */
/* The world of s6 without a broker, which the tests play. */
#include "s6_inner.h"

#include <signal.h>
#include <string.h>

#include "daemon/edge/control.h"
#include "tests/unit/unit.h"

#include "alone.h"

#include "daemon/edge/process.h"

#define P1 "scan/gateway-p1"
#define P1_SERVICE ((unsigned)s6_find("gateway-p1"))

static void begin_p1(bool down, bool log)
{
        slot("p1", down, log);
        link_slot("p1");
        scan("a");
        pass(900 * MSEC);
}

START_TEST(is_scanned_started_and_stopped)
{
        struct s6_status seen;

        world((enum s6_flavour)_i);
        begin_p1(true, true);
        ck_assert_int_eq(s6_look(P1_SERVICE, false).state, S6_DOWN);
        ck_assert_int_eq(s6_look(P1_SERVICE, true).state, S6_UP);
        seen = status(P1);
        ck_assert(!seen.want_up && !seen.pid);
        tell(P1, "u");
        pass(SEC);
        seen = status(P1);
        ck_assert(seen.want_up && seen.pid > 0 && !seen.finishing);
        ck_assert_uint_eq(s6_gateways(P1_SERVICE), 1);
        ck_assert_int_eq(s6_gateway_pid(P1_SERVICE), seen.pid);
        tell(P1, "d");
        pass(10 * SEC);
        seen = status(P1);
        ck_assert(!seen.want_up && !seen.pid &&
                  seen.wait_status == 1 << 8); /* nobody left word that it was meant */
        ck_assert_uint_eq(s6_processes(P1_SERVICE), 0);
        end();
}
END_TEST

START_TEST(comes_again_a_second_after_its_end)
{
        struct s6_status before, now;

        world((enum s6_flavour)_i);
        begin_p1(false, false);
        before = status(P1);
        ck_assert_int_eq(s6_kill(before.pid, SIGKILL), 0);
        pass(400 * MSEC);
        now = status(P1);
        ck_assert(now.want_up && !now.pid && now.wait_status == SIGKILL);
        pass(SEC);
        now = status(P1);
        ck_assert(now.pid && now.pid != before.pid);
        end();
}
END_TEST

START_TEST(is_stopped_by_its_finish_after_five_deaths)
{
        const struct s6_run run = {.lasts_usec = 10 * MSEC, .code = 1};
        unsigned deaths = 0;

        world((enum s6_flavour)_i);
        s6_plan(P1_SERVICE, &run, 20);
        begin_p1(false, false);
        pass(30 * SEC);
        ck_assert(!status(P1).want_up && !status(P1).pid);
        ck_assert_int_eq(s6_tally_count(sim_directory, P1, &deaths), 0);
        ck_assert_uint_eq(deaths, 5);
        ck_assert_int_eq(status(P1).wait_status, 1 << 8);
        end();
}
END_TEST

START_TEST(leaves_with_what_is_gone)
{
        world((enum s6_flavour)_i);
        begin_p1(false, true);
        unlink_slot("p1");
        scan("an");
        pass(10 * SEC);
        ck_assert_int_eq(s6_look(P1_SERVICE, false).state, S6_ABSENT);
        ck_assert_int_eq(s6_look(P1_SERVICE, true).state, S6_ABSENT);
        ck_assert_uint_eq(s6_processes(P1_SERVICE), 0);
        ck_assert_int_eq(s6_control_alive(sim_directory, "services/gateway-p1"), 0);
        end();
}
END_TEST

START_TEST(a_killed_supervisor_is_replaced_and_its_gateway_ended)
{
        pid_t before;

        world((enum s6_flavour)_i);
        begin_p1(false, true);
        before = s6_gateway_pid(P1_SERVICE);
        ck_assert_int_gt(before, 0);
        ck_assert(s6_kill_supervisor(P1_SERVICE, false, SIGKILL));
        pass(10 * SEC);
        ck_assert_uint_eq(s6_gateways(P1_SERVICE), 1);
        ck_assert_int_ne(s6_gateway_pid(P1_SERVICE), before);
        ck_assert_int_eq(status(P1).pid, s6_gateway_pid(P1_SERVICE));
        end();
}
END_TEST

START_TEST(lives_of_the_broker_pass_it_by)
{
        pid_t before;

        world((enum s6_flavour)_i);
        begin_p1(true, true);
        tell(P1, "u");
        actor_s6.save();
        actor_s6.begin();
        pass(SEC);
        before = s6_gateway_pid(P1_SERVICE);
        ck_assert_int_gt(before, 0);
        scan("a");
        actor_s6.save();
        actor_s6.begin();
        pass(SEC);
        ck_assert_int_eq(s6_gateway_pid(P1_SERVICE), before);
        ck_assert_int_eq(process_holding(sim_directory, P1 "/supervise/lock"),
                         0); /* no real process has it */
        end();
}
END_TEST

static void until_scanning(void)
{
        while (!svscan->scanning) {
                now_usec = actor_s6.due_usec() > now_usec ? actor_s6.due_usec() : now_usec;
                actor_s6.step();
        }
}

/* A name that vanishes under a scan: from 2.12 on what the scan saw for the first time is started by no later one. */
START_TEST(a_name_that_vanishes_spoils_the_scan)
{
        world((enum s6_flavour)_i);
        pass(SEC);
        slot("p1", false, false);
        slot("p2", false, false);
        link_slot("p1");
        link_slot("p2");
        scan("a");
        until_scanning();
        ck_assert_uint_eq(svscan->names, 3);
        strcpy(svscan->name[0], "dashboard");
        strcpy(svscan->name[1], "gateway-p1");
        strcpy(svscan->name[2], "gateway-p2");
        while (svscan->at < 2)
                actor_s6.step();
        unlink_slot("p2");
        pass(20 * SEC);
        scan("a");
        pass(20 * SEC);
        ck_assert_int_eq(s6_look(P1_SERVICE, false).state, _i == S6_2_11 ? S6_UP : S6_ABSENT);
        /* Something else that is to be started helps it. */
        link_slot("p2");
        scan("a");
        pass(20 * SEC);
        ck_assert_int_eq(s6_look(P1_SERVICE, false).state, S6_UP);
        end();
}
END_TEST

START_TEST(exit_125_and_a_lost_u)
{
        const struct s6_run run = {.lasts_usec = SIM_NEVER, .code = 78};

        world((enum s6_flavour)_i);
        s6_plan(P1_SERVICE, &run, 1);
        begin_p1(false, false);
        ck_assert(s6_end_run(P1_SERVICE, 78, 0));
        while (s6_look(P1_SERVICE, false).state != S6_FINISHING) {
                now_usec = actor_s6.due_usec() > now_usec ? actor_s6.due_usec() : now_usec;
                actor_s6.step();
        }
        tell(P1, "u");
        pass(10 * SEC);
        ck_assert(!status(P1).want_up && !status(P1).pid);
        tell(P1, "u");
        pass(SEC);
        ck_assert(status(P1).want_up && status(P1).pid);
        end();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("simulation_s6");
        TCase *tcase = tcase_create("world");
        const TTest *const tests[] = {is_scanned_started_and_stopped,
                                      comes_again_a_second_after_its_end,
                                      is_stopped_by_its_finish_after_five_deaths,
                                      leaves_with_what_is_gone,
                                      a_killed_supervisor_is_replaced_and_its_gateway_ended,
                                      lives_of_the_broker_pass_it_by,
                                      a_name_that_vanishes_spoils_the_scan,
                                      exit_125_and_a_lost_u};

        tcase_set_timeout(tcase, 60);
        for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
                tcase_add_loop_test(tcase, tests[i], S6_2_11, S6_2_15 + 1);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
