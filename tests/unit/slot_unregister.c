/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/service/persist.h"
#include "daemon/slot/operation.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"

/* A slot is taken away: its gateway ends, its link, its supervisors, its files, what the volume has of it. */
static struct service *service;
static uint64_t calls;

#define LONG_MSEC 3600000

static void ask(const char *profile, int64_t timeout_msec)
{
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, ++calls}, profile,
                                              timeout_msec, true),
                         0);
}

static bool is_there(void)
{
        return registry_find(&model.registry, CODER) != NULL;
}

static const struct answer *answer_of(char kind)
{
        for (size_t i = 0; i < answer_count; i++)
                if (answers[i].kind == kind)
                        return &answers[i];
        return NULL;
}

static const struct answer *answered(void)
{
        TURN_UNTIL(answer_of('u'));
        return answer_of('u');
}

static void begin(pid_t pid)
{
        world_svscan();
        world_profile("coder");
        world_gateway("coder", pid ? world_wanted() : NULL, &own, &logger);
        if (pid)
                toy_runs(&own, pid, true);
        service = world_adopt(CODER);
}

static void expect_gone(void)
{
        TURN_UNTIL(!is_there());
        ck_assert(!world_has("services/gateway-coder"));
        ck_assert(!world_has("scan/gateway-coder"));
        ck_assert(!world_has("home/.svcbroker/intent/coder"));
        ck_assert_ptr_nonnull(answer_of('g'));
}

/* Its record was on the volume. */
static void persist_it(void)
{
        service->record.unpersisted = true;
        persist_soon(&model.registry);
        TURN_UNTIL(world_has("home/.svcbroker/intent/coder"));
        TURN_UNTIL(!service->record.unpersisted);
}

START_TEST(one_that_is_down)
{
        begin(0);
        persist_it();
        ask("coder", LONG_MSEC);
        ck_assert_uint_eq(answer_count, 0); /* on a later turn */
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert_int_eq(answered()->persist_error, 0);
        ck_assert_uint_eq(answered()->call, calls);
        ck_assert(answered()->has_service);
        expect_gone();
        ck_assert_uint_eq(model.registry.homes.away_count, 1);
}
END_TEST

START_TEST(one_that_runs)
{
        begin(4000002);
        ask("coder", LONG_MSEC);
        turn_until_told(&own, "d");
        TURN_UNTIL(service->operation == OPERATION_UNREGISTER && service->removal->phase == REMOVAL_STOPPING);
        ck_assert(world_has("services/gateway-coder/down"));
        ck_assert(service->record.removing);
        ck_assert(world_has("scan/gateway-coder"));
        ck_assert_ptr_null(answer_of('u'));
        toy_is_down(&own, false, SIGTERM);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_gone();
}
END_TEST

START_TEST(one_that_does_not_end)
{
        pid_t pid = world_process();

        begin(pid);
        ask("coder", 0);
        TURN_UNTIL(toy_was_told(&own, 'k'));
        ck_assert_int_eq(service->removal->phase, REMOVAL_KILLING);
        ck_assert_str_eq(toy_letters(&own), "dk");
        TURN_UNTIL(toy_was_told(&own, 'k')); /* until it helps */
        toy_is_down(&own, false, SIGKILL);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_gone();
}
END_TEST

/* Who waits is told that s6-supervise does not react; it goes when it does. */
START_TEST(one_whose_supervisor_does_not_react)
{
        pid_t pid = world_process();

        begin(pid);
        ask("coder", 0);
        TURN_UNTIL(toy_was_told(&own, 'k'));
        service->operation_began_msec -= KILL_GIVE_UP_MSEC;
        timer_start(&service->removal->timer, 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_UNSUPERVISED);
        ck_assert(is_there());
        toy_is_down(&own, false, SIGKILL);
        expect_gone();
}
END_TEST

/* s6-supervise cannot write its status, which shows a run for ever. */
START_TEST(one_whose_run_is_gone_and_shown)
{
        begin(4000002);
        ask("coder", 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_gone();
}
END_TEST

START_TEST(one_that_lacks_its_supervisor)
{
        begin(0);
        svscan_is_blind = true; /* or it begins it again */
        toy_close(&own);
        TURN_UNTIL(!service->own.supervised);
        ask("coder", LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_gone();
}
END_TEST

/* Its supervisors see to their end with time: they are told once more, and then the logger is killed. */
START_TEST(supervisors_that_do_not_end)
{
        begin(0);
        svscan_end();
        ask("coder", LONG_MSEC);
        TURN_UNTIL(service->removal && service->removal->phase == REMOVAL_LEAVING);
        ck_assert_ptr_nonnull(strstr(toy_letters(&own), "dx")); /* s6-svscan cannot be told */
        service->operation_began_msec -= LEAVE_TELL_MSEC;
        turn_until_told(&own, "dx");
        ck_assert_str_eq(toy_letters(&logger), "");
        toy_close(&own);
        TURN_UNTIL(toy_was_told(&logger, 'x'));
        ck_assert_int_eq(toy_letters(&logger)[0], 'd');
        service->operation_began_msec -= LEAVE_KILL_LOGGER_MSEC;
        TURN_UNTIL(toy_was_told(&logger, 'k'));
        ck_assert_ptr_null(answer_of('u'));
        service->operation_began_msec -= LEAVE_GIVE_UP_MSEC;
        ck_assert_int_eq(answered()->fault.kind, FAULT_UNSUPERVISED);
        ck_assert_ptr_nonnull(strstr(answered()->fault.text, "logger"));
        ck_assert(is_there());
        toy_close(&logger);
        expect_gone();
}
END_TEST

/* What it is told is seen in its status, which is a reason to look again, and none to tell it again at once. In its time it is killed. */
START_TEST(one_that_begins_behind_our_back_and_does_not_end)
{
        int64_t began_msec;
        unsigned told = 0;
        bool killed = false;

        begin(0);
        svscan_end();
        ask("coder", LEAVE_TELL_MSEC + 500);
        TURN_UNTIL(service->removal && service->removal->phase == REMOVAL_LEAVING);
        began_msec = clock_msec();
        while (!killed && clock_msec() - began_msec < WORLD_DEADLINE_MSEC) {
                const char *letters = toy_letters(&own);

                told += strchr(letters, 'x') != NULL;
                killed = strchr(letters, 'k') != NULL;
                if (letters[0])
                        toy_runs(&own, 4000002, false);
                turn_once();
        }
        ck_assert(killed);
        ck_assert_uint_le(told, (unsigned)((clock_msec() - began_msec) / LEAVE_LOOK_MSEC));
        toy_close(&own);
        toy_close(&logger);
        expect_gone();
}
END_TEST

START_TEST(two_ask)
{
        begin(4000002);
        ask("coder", LONG_MSEC);
        TURN_UNTIL(toy_was_told(&own, 'd'));
        TURN_UNTIL(service->removal->phase == REMOVAL_STOPPING);
        ask("coder", 0); /* the more impatient one wins */
        TURN_UNTIL(answer_count == 3);
        ck_assert_int_eq(answers[0].kind, 'u');
        ck_assert_int_eq(answers[1].kind, 'u');
        ck_assert_int_eq(answers[2].kind, 'g');
        ck_assert_uint_eq(answers[0].call + answers[1].call, 3);
        expect_gone();
}
END_TEST

START_TEST(two_ask_before_the_volume_knows)
{
        begin(4000002);
        ask("coder", LONG_MSEC);
        ask("coder", 0);
        TURN_UNTIL(answer_count == 3);
        expect_gone();
}
END_TEST

START_TEST(one_that_is_there_no_more)
{
        begin(0);
        persist_it();
        ask("coder", LONG_MSEC);
        expect_gone();
        answer_count = 0;
        ask("coder", LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NOT_REGISTERED);
        ck_assert_int_eq(answered()->persist_error, 0);
}
END_TEST

/* What the one before it could not take from the volume is taken now. */
START_TEST(one_that_only_the_volume_has)
{
        begin(0);
        persist_it();
        ck_assert_int_eq(
                renameat(world_fd, "home/.svcbroker/intent/coder", world_fd, "home/.svcbroker/intent/writer"),
                0);
        ask("writer", LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NOT_REGISTERED);
        ck_assert(!world_has("home/.svcbroker/intent/writer"));
}
END_TEST

/* It said `persisted: false`; and the volume forgets it when it can be written again. */
START_TEST(one_that_the_volume_does_not_forget)
{
        begin(0);
        persist_it();
        ck_assert_int_eq(renameat(world_fd, "home", world_fd, "away"), 0);
        ask("coder", LONG_MSEC);
        ck_assert_int_ne(answered()->persist_error, 0);
        TURN_UNTIL(!is_there());
        ck_assert_str_eq(world_text("services/.owed"), "coder\n"); /* for the next broker */
        ck_assert(owed_has(&model.registry, "coder"));
        persist_soon(&model.registry);
        turn_for(20);
        ck_assert(owed_has(&model.registry, "coder"));
        ck_assert_int_eq(renameat(world_fd, "away", world_fd, "home"), 0);
        ck_assert(world_has("home/.svcbroker/intent/coder"));
        TURN_UNTIL(!model.registry.owed.under_way);
        persist_soon(&model.registry);
        TURN_UNTIL(!world_has("home/.svcbroker/intent/coder"));
        TURN_UNTIL(!world_has("services/.owed"));
        ck_assert_uint_eq(model.registry.owed.count, 0);
}
END_TEST

START_TEST(one_that_the_last_broker_could_not_forget)
{
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker", 0700), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker/intent", 0700), 0);
        world_put("home/.svcbroker/intent/writer", "{\"version\":1,\"want\":\"up\"}");
        world_put("services/.owed", "writer\nNo Name\n../run\nwriter\n");
        world_put("services/.owed.new", "wri");
        begin(0);
        TURN_UNTIL(!world_has("home/.svcbroker/intent/writer"));
        TURN_UNTIL(!world_has("services/.owed"));
        ck_assert(!world_has("services/.owed.new"));
}
END_TEST

/* What has a record again is nothing to be forgotten; and there is a bound. */
START_TEST(what_is_owed)
{
        char name[16];

        begin(0);
        owed_note(&model.registry, "coder");
        owed_note(&model.registry, "coder");
        ck_assert_uint_eq(model.registry.owed.count, 1);
        persist_it();
        ck_assert_uint_eq(model.registry.owed.count, 0);
        ck_assert(!world_has("services/.owed"));
        for (int i = 0; i < OWED_MOST + 2; i++) {
                snprintf(name, sizeof(name), "p%d", i);
                owed_note(&model.registry, name);
        }
        ck_assert_uint_eq(model.registry.owed.count, OWED_MOST);
        ck_assert(owed_has(&model.registry, "p0") && !owed_has(&model.registry, name));
}
END_TEST

START_TEST(what_is_protected)
{
        struct toy toy = {.fifo = -1};

        ck_assert_int_eq(mkdirat(world_fd, "scan/gateway-writer", 0755), 0);
        toy_open(&toy, "scan/gateway-writer");
        begin(0);
        ask("default", LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_PROTECTED);
        answer_count = 0;
        ask("writer", LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_PROTECTED);
}
END_TEST

/* A register that is undone is no unregister: what is wanted stays on the volume, until somebody asks. */
START_TEST(one_that_is_undone_and_asked_for)
{
        begin(0);
        persist_it();
        removal_begin(service, LONG_MSEC, false, true);
        ck_assert_int_eq(service->record.removing, REMOVING_SLOT);
        ask("coder", LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_gone();
}
END_TEST

START_TEST(one_that_is_undone)
{
        begin(0);
        persist_it();
        removal_begin(service, LONG_MSEC, false, true);
        TURN_UNTIL(!is_there());
        ck_assert(world_has("home/.svcbroker/intent/coder"));
        ck_assert_uint_eq(model.registry.homes.away_count, 0);
}
END_TEST

START_TEST(whoever_waits_for_it_is_overtaken)
{
        struct ready ready;
        struct waiter waiter;
        struct wait wait = {.waiter = &waiter};

        ready_init(&ready, &model.registry.ready, NULL);
        waiter_init(&waiter, &ready);
        begin(0);
        service_add_wait(service, &wait);
        removal_begin(service, LONG_MSEC, true, true);
        ck_assert_ptr_eq(waiter_take(&waiter), &wait);
        ck_assert_int_eq(wait.fault.kind, FAULT_SUPERSEDED);
        ready_remove(&ready);
}
END_TEST

START_TEST(the_broker_ends_meanwhile)
{
        begin(4000002);
        ask("coder", LONG_MSEC);
        TURN_UNTIL(toy_was_told(&own, 'd'));
        ask("writer", LONG_MSEC); /* it is dropped */
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {one_that_is_down,
                                      one_that_runs,
                                      one_that_does_not_end,
                                      one_whose_supervisor_does_not_react,
                                      one_whose_run_is_gone_and_shown,
                                      one_that_lacks_its_supervisor,
                                      supervisors_that_do_not_end,
                                      one_that_begins_behind_our_back_and_does_not_end,
                                      two_ask,
                                      two_ask_before_the_volume_knows,
                                      one_that_is_there_no_more,
                                      one_that_only_the_volume_has,
                                      one_that_the_volume_does_not_forget,
                                      one_that_the_last_broker_could_not_forget,
                                      what_is_owed,
                                      what_is_protected,
                                      one_that_is_undone_and_asked_for,
                                      one_that_is_undone,
                                      whoever_waits_for_it_is_overtaken,
                                      the_broker_ends_meanwhile};

        return unit_run(world_suite("slot_unregister", tests, sizeof(tests) / sizeof(tests[0])));
}
