/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/order/enroll.h"
#include "daemon/order/order.h"
#include "daemon/order/order_parts.h"
#include "daemon/service/persist.h"
#include "daemon/slot/removal.h"
#include "proto/limits.h"

/* Orders, from who asks to what each is told: recorded, on the volume, told, delivered, waited for. */
static struct toy other, other_logger;
static struct service *service;
static uint64_t calls;

#define LONG_MSEC 3600000
#define WRITER "gateway-writer"

static struct ticket last(void)
{
        return (struct ticket){1, calls};
}

static void run_many(enum order_kind kind, const char *const *names, size_t count, bool wait,
                     int64_t timeout_msec)
{
        const struct order_request request = {.ticket = {1, ++calls},
                                              .kind = kind,
                                              .names = names,
                                              .count = count,
                                              .wait = wait,
                                              .timeout_msec = timeout_msec};

        ck_assert_int_eq(order_run(&model.registry, &request), 0);
}

static void run(enum order_kind kind, const char *name, bool wait)
{
        run_many(kind, &name, 1, wait, LONG_MSEC);
}

static const struct answer *answered(void)
{
        size_t before = answer_count;

        TURN_UNTIL(answer_count > before);
        return &answers[before];
}

static void expect_over(void)
{
        TURN_UNTIL(!model.registry.orders);
        ck_assert_uint_eq(model.registry.names_under_way, 0);
}

static void begin_as(bool up)
{
        world_svscan();
        world_profile("coder");
        world_gateway("coder", up ? world_wanted() : NULL, &own, &logger);
        toy_runs(&logger, world_process(), true);
        if (up)
                toy_runs(&own, 4000002, true);
        service = world_adopt(CODER);
        if (up)
                TURN_UNTIL(service->shown.state == STATE_UP);
}

static void begin(void)
{
        begin_as(false);
}

static void two(void)
{
        world_gateway("writer", NULL, &other, &other_logger);
        begin();
}

static bool past_says(const char *words)
{
        const struct past_of *of = past_of(&model.registry.history.past, CODER);

        for (const struct past_event *at = of ? of->first : NULL; at; at = at->next)
                if (strstr(at->line, words))
                        return true;
        return false;
}

START_TEST(a_signal)
{
        struct order_request request = {.ticket = {1, ++calls},
                                        .kind = ORDER_SIGNAL,
                                        .signal = (unsigned)(signals_of_letter('1') - signal_rows),
                                        .names = (const char *[]){CODER},
                                        .count = 1,
                                        .timeout_msec = LONG_MSEC};

        begin_as(true);
        ck_assert_int_eq(order_run(&model.registry, &request), 0);
        turn_until_told(&own, "1");
        expect_over();
        ck_assert(past_says("\"order\":\"signal\",\"signal\":\"SIGUSR1\""));
        run(ORDER_STOP, CODER, false);
        expect_over();
        ck_assert(past_says("\"order\":\"stop\"}"));
}
END_TEST

START_TEST(start_and_stop)
{
        begin();
        run(ORDER_START, CODER, false);
        ck_assert_uint_eq(answer_count, 0); /* on a later turn */
        answered();
        ck_assert_int_eq(answers[0].kind, 'o');
        ck_assert_str_eq(answers[0].name, CODER);
        ck_assert_int_eq(answers[0].fault.kind, FAULT_NONE);
        ck_assert(answers[0].persisted && answers[0].last && answers[0].has_service);
        ck_assert(!world_has("services/gateway-coder/down"));
        ck_assert_ptr_nonnull(strstr(world_text("home/.svcbroker/intent/coder"), "\"up\""));
        turn_until_told(&own, "u");
        expect_over();
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
        run(ORDER_STOP, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        turn_until_told(&own, "d");
        ck_assert(world_has("services/gateway-coder/down"));
        ck_assert_ptr_nonnull(strstr(world_text("home/.svcbroker/intent/coder"), "\"down\""));
        toy_is_down(&own, false, SIGTERM);
        TURN_UNTIL(service->shown.state == STATE_DOWN);
        expect_over();
}
END_TEST

START_TEST(one_that_waits)
{
        begin();
        run(ORDER_START, CODER, true);
        turn_until_told(&own, "u");
        turn_for(20);
        ck_assert_uint_eq(answer_count, 0);
        ck_assert_ptr_nonnull(model.registry.orders);
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(answers[0].last);
        ck_assert_int_eq(service->shown.state, STATE_UP);
        expect_over();
        run(ORDER_STOP, CODER, true);
        turn_until_told(&own, "d");
        toy_is_down(&own, false, SIGTERM);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert_int_eq(service->shown.state, STATE_DOWN);
        expect_over();
}
END_TEST

START_TEST(a_restart)
{
        begin_as(true);
        run(ORDER_RESTART, CODER, true);
        turn_until_told(&own, "urc");
        turn_for(10);
        ck_assert_uint_eq(answer_count, 0);
        toy_runs(&own, 4000003, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert_int_eq(service->shown.pid, 4000003);
        ck_assert_int_eq(service->shown.restarts, 0);
        expect_over();
}
END_TEST

START_TEST(a_restart_of_one_that_is_down)
{
        begin();
        run(ORDER_RESTART, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        turn_until_told(&own, "u");
        ck_assert(service->record.want_up);
}
END_TEST

START_TEST(a_reset)
{
        begin_as(true);
        toy_is_down(&own, false, 78 << 8);
        TURN_UNTIL(service->shown.state == STATE_FAILED);
        run(ORDER_RESET, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_over();
        TURN_UNTIL(service->shown.state == STATE_HELD);
        ck_assert_str_eq(toy_letters(&own), "");
        run(ORDER_RESET, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(answers[1].persisted);
        expect_over();
}
END_TEST

/* It was brought back by somebody else, while it waited for its next start. */
START_TEST(a_reset_of_one_that_runs)
{
        begin_as(true);
        service->record.brake.hold = HOLD_BACKOFF;
        service->record.brake.next_start_usec = INT64_MAX;
        ck_assert_int_eq(service_set_down(service, true), 0);
        run(ORDER_RESET, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert_int_eq(service->record.brake.hold, HOLD_NONE);
        ck_assert(!world_has("services/gateway-coder/down")); /* a new s6-supervise would obey that */
        expect_over();
}
END_TEST

/* What it was told before has come about: that is no word about the order that waits for the volume. */
START_TEST(a_stop_that_ends_while_its_start_is_written)
{
        begin_as(true);
        run(ORDER_STOP, CODER, false);
        turn_until_told(&own, "d");
        expect_over();
        run(ORDER_START, CODER, false);
        TURN_UNTIL(service->record.want_up);
        service_delivered(service);
        ck_assert(service->record.pending || service->ordered.delivered == service->ordered.number);
        toy_is_down(&own, false, SIGTERM);
        turn_until_told(&own, "u");
        ck_assert_int_eq(service->record.brake.hold, HOLD_NONE);
        ck_assert_uint_eq(service->record.brake.attempt, 0);
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
        ck_assert(!service->record.pending);
        expect_over();
}
END_TEST

START_TEST(one_that_fails_while_it_is_waited_for)
{
        begin();
        run(ORDER_START, CODER, true);
        turn_until_told(&own, "u");
        toy_is_down(&own, false, 78 << 8);
        ck_assert_int_eq(answered()->fault.kind, FAULT_FAILED);
        expect_over();
}
END_TEST

/* It has no goal that could come about: nobody waits for one. */
START_TEST(a_reset_does_not_wait)
{
        begin_as(true);
        toy_is_down(&own, false, 78 << 8);
        TURN_UNTIL(service->shown.state == STATE_FAILED);
        run(ORDER_RESET, CODER, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(answers[0].last);
        expect_over();
        ck_assert_ptr_null(service->waits);
}
END_TEST

START_TEST(its_time_is_over)
{
        const char *const name = CODER;

        begin();
        run_many(ORDER_START, &name, 1, true, 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_WAIT_TIMEOUT);
        ck_assert(answers[0].persisted);
        expect_over();
        ck_assert_ptr_null(service->waits);
        turn_until_told(&own, "u"); /* what was ordered stays ordered */
}
END_TEST

/* As its words go: who is told that its time is over is told so only of what has not come about. */
START_TEST(it_comes_about_in_the_moment_in_which_its_time_is_over)
{
        begin();
        model.registry.settle_msec = LONG_MSEC;
        run(ORDER_START, CODER, true);
        turn_until_told(&own, "u");
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(service->shown.state == STATE_STARTING && service->own.status.pid == 4000002);
        turn_for(20);
        model.registry.settle_msec = 0; /* it counts as up now, and nothing has woken it */
        timer_start(&model.registry.orders->timer, 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_over();
}
END_TEST

START_TEST(it_comes_about_before_its_reader_takes_that_its_time_is_over)
{
        begin();
        run(ORDER_START, CODER, true);
        turn_until_told(&own, "u");
        answers_taken = 0;
        timer_start(&model.registry.orders->timer, 0);
        TURN_UNTIL(model.registry.orders->due_first);
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
        answers_taken = WORLD_ANSWERS;
        order_go_on(&model.registry, last());
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_over();
}
END_TEST

/* It runs, but that is the run which is to be replaced; and what somebody else has ordered since is not what was waited for. */
START_TEST(what_has_not_come_about_when_its_time_is_over)
{
        begin_as(true);
        run(ORDER_RESTART, CODER, true);
        turn_until_told(&own, "urc");
        timer_start(&model.registry.orders->timer, 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_WAIT_TIMEOUT);
        expect_over();
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
        run(ORDER_STOP, CODER, true);
        turn_until_told(&own, "d");
        timer_start(&model.registry.orders->timer, 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_WAIT_TIMEOUT);
        expect_over();
}
END_TEST

START_TEST(one_overtakes_the_other)
{
        begin();
        run(ORDER_START, CODER, true);
        turn_until_told(&own, "u");
        toy_is_down(&own, true, 0);
        turn_for(5);
        run(ORDER_STOP, CODER, false);
        TURN_UNTIL(answer_count == 2);
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(answers[i].fault.kind, answers[i].call == 1 ? FAULT_SUPERSEDED : FAULT_NONE);
        turn_until_told(&own, "d");
        expect_over();
}
END_TEST

/* In the same turn: root's is worked off first, and the one that came later wins. */
START_TEST(one_overtakes_the_other_before_it_is_recorded)
{
        const char *const name = CODER;
        const struct order_request request = {
                .ticket = {2, 7}, .kind = ORDER_STOP, .names = &name, .count = 1, .root = true};

        begin();
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(order_run(&model.registry, &request), 0);
        TURN_UNTIL(answer_count == 2);
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(answers[i].fault.kind, answers[i].call == 1 ? FAULT_SUPERSEDED : FAULT_NONE);
        ck_assert(!service->record.want_up);
        expect_over();
}
END_TEST

/* It is recorded, and waits for its reader, when the other one is: it is given to nobody. */
START_TEST(one_overtakes_the_other_that_is_recorded)
{
        struct order *order;

        begin();
        answers_taken = 0;
        run(ORDER_START, CODER, false);
        order = model.registry.orders;
        TURN_UNTIL(order->phase == ORDER_TELLING && timer_is_running(&order->timer));
        run(ORDER_STOP, CODER, false);
        TURN_UNTIL(!service->record.want_up);
        answers_taken = WORLD_ANSWERS;
        order_go_on(&model.registry, (struct ticket){1, 1});
        order_go_on(&model.registry, last());
        TURN_UNTIL(answer_count == 2);
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(answers[i].fault.kind, answers[i].call == 1 ? FAULT_SUPERSEDED : FAULT_NONE);
        expect_over();
        TURN_UNTIL(service->own.goal.kind == GOAL_NONE);
        ck_assert(!toy_was_told(&own, 'u'));
        ck_assert(world_has("services/gateway-coder/down"));
}
END_TEST

static int written;

static void count_written(void *owner, const struct store_batch *batch)
{
        ck_assert_ptr_eq(persist_registry(batch), owner);
        written++;
}

/* The answer comes when another order is recorded, and not given to the volume yet. */
START_TEST(the_volume_has_what_was_wanted_before)
{
        struct order *order = calloc(1, sizeof(*order) + sizeof(order->entries[0]));

        begin_as(true);
        service->record.unpersisted = true;
        ck_assert_int_eq(
                persist_services(&model.registry, &service, 1, false, true, count_written, &model.registry),
                0);
        order->registry = &model.registry;
        order->kind = ORDER_STOP;
        order->number = ++model.registry.order_number;
        order->entries[0].order = order;
        order->entries[0].name = CODER;
        ck_assert(order_record_entry(&order->entries[0]));
        ck_assert(!service->record.want_up);
        TURN_UNTIL(written);
        ck_assert(service->record.unpersisted);
        persist_soon(&model.registry); /* as where nothing of it is under way */
        TURN_UNTIL(!service->record.unpersisted);
        ck_assert_ptr_nonnull(strstr(world_text("home/.svcbroker/intent/coder"), "\"down\""));
        free(order);
}
END_TEST

START_TEST(the_same_from_two)
{
        const char *const name = CODER;
        const struct order_request request = {
                .ticket = {2, 7}, .kind = ORDER_START, .names = &name, .count = 1, .root = true};

        begin();
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(order_run(&model.registry, &request), 0);
        TURN_UNTIL(answer_count == 2);
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(answers[i].fault.kind, FAULT_NONE);
        turn_until_told(&own, "u");
        expect_over();
}
END_TEST

/* Who says the same again and again has it done once. */
START_TEST(the_same_again)
{
        begin();
        run(ORDER_START, CODER, true);
        turn_until_told(&own, "u");
        toy_runs(&own, 4000002, true);
        answered();
        expect_over();
        service->ordered.msec =
                clock_msec() + 2 * WORLD_DEADLINE_MSEC; /* just now, however busy the machine is */
        TURN_UNTIL(order_is_carried_out(service, ORDER_START, false));
        ck_assert_uint_eq(order_weigh(&model.registry, ORDER_START, CODER), 0);
        ck_assert_uint_eq(order_weigh(&model.registry, ORDER_STOP, CODER), 1);
        ck_assert_uint_eq(order_weigh(&model.registry, ORDER_RESTART, CODER), 1);
        ck_assert_uint_eq(order_weigh(&model.registry, ORDER_START, "gateway-new"), 1);
        ck_assert_uint_eq(order_weigh(&model.registry, ORDER_STOP, "gateway-new"), 0);
        ck_assert_uint_eq(order_weigh(&model.registry, ORDER_START, "dashboard"), 0);
        ck_assert(!order_is_carried_out(service, ORDER_START, true));
        run(ORDER_START, CODER, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(answers[1].persisted);
        expect_over();
        ck_assert_str_eq(toy_letters(&own), "");
}
END_TEST

START_TEST(names_that_are_none)
{
        static const char *const names[] = {"gateway-Coder", "gateway-", "no/name", "gateway-none",
                                            "dashboard"};
        static const enum fault_kind kinds[] = {FAULT_INVALID_NAME, FAULT_INVALID_NAME, FAULT_INVALID_NAME,
                                                FAULT_NOT_REGISTERED, FAULT_NO_SUCH_SERVICE};

        begin();
        run_many(ORDER_STOP, names, 5, true, LONG_MSEC);
        TURN_UNTIL(answer_count == 5);
        for (size_t i = 0; i < 5; i++) {
                ck_assert_str_eq(answers[i].name, names[i]);
                ck_assert_int_eq(answers[i].fault.kind, kinds[i]);
                ck_assert(!answers[i].has_service);
                ck_assert(answers[i].last == (i == 4));
        }
        expect_over();
}
END_TEST

START_TEST(some_are_refused_and_some_are_waited_for)
{
        static const char *const names[] = {"gateway-none", CODER, WRITER};

        two();
        run_many(ORDER_STOP, names, 1, false, LONG_MSEC);
        answered();
        answer_count = 0;
        run_many(ORDER_START, names, 3, true, LONG_MSEC);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NOT_REGISTERED);
        ck_assert(!answers[0].last);
        turn_until_told(&other, "u");
        toy_runs(&other, 4000005, true);
        ck_assert_str_eq(answered()->name, WRITER);
        ck_assert(!answers[1].last);
        turn_until_told(&own, "u");
        toy_runs(&own, 4000002, true);
        ck_assert_str_eq(answered()->name, CODER);
        ck_assert(answers[2].last);
        expect_over();
}
END_TEST

/* The one has come about before the other is delivered, or refused: nobody waits for the end of its time to hear of that. */
START_TEST(one_comes_about_while_the_others_are_delivered)
{
        static const char *const names[] = {CODER, WRITER, "gateway-none"};

        two();
        run_many(ORDER_STOP, names, 3, true, LONG_MSEC);
        TURN_UNTIL(answer_count == 3);
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(answers[i].fault.kind, strcmp(answers[i].name, "gateway-none") == 0
                                                                ? FAULT_NOT_REGISTERED
                                                                : FAULT_NONE);
        ck_assert(answers[2].last);
        expect_over();
}
END_TEST

START_TEST(what_is_not_possible_now)
{
        begin();
        service->operation = OPERATION_REGISTER;
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_BUSY);
        service->operation = OPERATION_NONE;
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker", 0755), 0); /* it is the broker's volume */
        service->record.gone = true;
        service->record.home = 4711;
        run(ORDER_RESTART, CODER, false);
        ck_assert_int_eq(answered()->fault.kind,
                         FAULT_NONE); /* its directory is there again: that was looked at */
        answer_count = 0;
        svscan_is_blind = true;
        toy_close(&own);
        TURN_UNTIL(!service->own.supervised);
        run(ORDER_STOP, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_UNSUPERVISED);
        expect_over();
}
END_TEST

START_TEST(a_profile_whose_directory_is_gone)
{
        begin();
        service->record.gone = true;
        service->record.home = 4711;
        ck_assert_int_eq(renameat(world_fd, "home/profiles/coder", world_fd, "away"), 0);
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_HELD);
        run(ORDER_STOP, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_over();
}
END_TEST

START_TEST(one_that_the_default_serves)
{
        begin();
        world_put("home/config.yaml", "multiplex_profiles: true\n");
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_HELD);
        world_put("home/config.yaml", "multiplex_profiles: false\n");
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        expect_over();
}
END_TEST

START_TEST(static_services)
{
        static const char *const allowed[] = {"dashboard", NULL};
        struct toy dashboard = {.fifo = -1};

        ck_assert_int_eq(mkdirat(world_fd, "scan/dashboard", 0755), 0);
        toy_open(&dashboard, "scan/dashboard");
        begin();
        run(ORDER_START, "dashboard", false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_PROTECTED);
        model.registry.allowed_static = allowed;
        run(ORDER_RESET, "dashboard", false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_PROTECTED);
        run(ORDER_START, "dashboard", false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(!answers[2].persisted);
        turn_until_told(&dashboard, "u");
        expect_over();
}
END_TEST

START_TEST(the_record_cannot_be_written)
{
        begin();
        ck_assert_int_eq(renameat(world_fd, "services/gateway-coder/data", world_fd, "away"), 0);
        run(ORDER_START, CODER, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_SYSTEM);
        ck_assert(!service->record.want_up);
        ck_assert_str_eq(toy_letters(&own), "");
        expect_over();
        ck_assert_int_eq(renameat(world_fd, "away", world_fd, "services/gateway-coder/data"), 0);
}
END_TEST

START_TEST(the_volume_cannot_be_written)
{
        begin();
        ck_assert_int_eq(renameat(world_fd, "home", world_fd, "away"), 0);
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(!answers[0].persisted);
        turn_until_told(&own, "u");
        ck_assert(service->record.unpersisted);
        expect_over();
}
END_TEST

/* Nobody waits for it any more; what was ordered stays ordered. */
static void abandon_in(enum order_phase phase, bool wait, bool ended)
{
        begin();
        run(ORDER_START, CODER, wait);
        TURN_UNTIL(model.registry.orders && model.registry.orders->phase >= phase);
        ck_assert(order_abandon(&model.registry, last()) == ended);
        turn_until_told(&own, "u");
        expect_over();
        ck_assert_uint_eq(answer_count, ended ? 0 : 1);
        ck_assert_ptr_null(service->waits);
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
}

START_TEST(one_is_abandoned_at_once)
{
        abandon_in(ORDER_LOOKING, false, false);
}
END_TEST

START_TEST(one_that_waits_is_abandoned_at_once)
{
        abandon_in(ORDER_LOOKING, true, false);
}
END_TEST

START_TEST(one_is_abandoned_while_it_is_written)
{
        abandon_in(ORDER_WRITING, true, false);
}
END_TEST

START_TEST(one_is_abandoned_while_it_waits)
{
        begin();
        run(ORDER_START, CODER, true);
        TURN_UNTIL(model.registry.orders->phase == ORDER_WAITING);
        ck_assert(order_abandon(&model.registry, last()));
        ck_assert(!order_abandon(&model.registry, (struct ticket){5, 5}));
        expect_over();
        ck_assert_uint_eq(answer_count, 0);
        ck_assert_ptr_null(service->waits);
        turn_until_told(&own, "u");
}
END_TEST

START_TEST(one_is_abandoned_by_a_reader_that_does_not_take)
{
        begin();
        answers_taken = 0;
        run(ORDER_START, CODER, false);
        TURN_UNTIL(model.registry.orders->phase == ORDER_TELLING);
        turn_for(20);
        ck_assert_str_eq(toy_letters(&own), "");
        ck_assert(!order_abandon(&model.registry, last()));
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE); /* so that its call is over */
        turn_until_told(&own, "u");
        expect_over();
}
END_TEST

/* For a while; then what was ordered is done, and what is to be told waits. */
START_TEST(a_reader_that_does_not_take)
{
        begin();
        answers_taken = 0;
        run(ORDER_START, CODER, false);
        TURN_UNTIL(model.registry.orders->phase == ORDER_TELLING &&
                   timer_is_running(&model.registry.orders->timer));
        turn_for(20);
        ck_assert_str_eq(toy_letters(&own), "");
        timer_start(&model.registry.orders->timer, 0);
        turn_until_told(&own, "u");
        TURN_UNTIL(model.registry.orders->phase == ORDER_WAITING);
        ck_assert_uint_eq(answer_count, 0);
        order_go_on(&model.registry, last());
        turn_for(10);
        ck_assert_uint_eq(answer_count, 0);
        answers_taken = WORLD_ANSWERS;
        order_go_on(&model.registry, last());
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(answers[0].last);
        expect_over();
}
END_TEST

START_TEST(a_reader_that_takes_one_at_a_time)
{
        static const char *const names[] = {CODER, "gateway-none", WRITER};

        two();
        answers_taken = 1;
        run_many(ORDER_STOP, names, 3, false, LONG_MSEC);
        ck_assert_str_eq(answered()->name, CODER);
        turn_for(10);
        ck_assert_uint_eq(answer_count, 1);
        for (answers_taken = 2; answers_taken <= 3; answers_taken++) {
                order_go_on(&model.registry, last());
                TURN_UNTIL(answer_count == answers_taken);
        }
        ck_assert_int_eq(answers[1].fault.kind, FAULT_NOT_REGISTERED);
        ck_assert(answers[2].last);
        expect_over();
}
END_TEST

/* It takes nothing, and what it waits for comes, or goes. */
START_TEST(what_is_due_is_looked_at_again)
{
        static const char *const names[] = {CODER, WRITER};

        two();
        run_many(ORDER_START, names, 2, true, LONG_MSEC);
        TURN_UNTIL(model.registry.orders->phase == ORDER_WAITING);
        answers_taken = 0;
        timer_start(&model.registry.orders->timer, 0);
        TURN_UNTIL(model.registry.orders->due_first && model.registry.orders->due_first->due_next);
        removal_begin(service, 0, false, true);
        toy_is_down(&own, false, 0);
        TURN_UNTIL(!registry_find(&model.registry, CODER));
        ck_assert_int_eq(answers[0].kind, 'g');
        answers_taken = WORLD_ANSWERS;
        order_go_on(&model.registry, last());
        TURN_UNTIL(answer_count == 3);
        for (int i = 1; i < 3; i++)
                ck_assert_int_eq(answers[i].fault.kind, strcmp(answers[i].name, CODER) == 0
                                                                ? FAULT_NOT_REGISTERED
                                                                : FAULT_WAIT_TIMEOUT);
        expect_over();
}
END_TEST

START_TEST(one_goes_before_it_is_told)
{
        begin();
        answers_taken = 0;
        run(ORDER_START, CODER, false);
        TURN_UNTIL(model.registry.orders->phase == ORDER_TELLING);
        removal_begin(service, 0, false, true);
        answers_taken = WORLD_ANSWERS;
        order_go_on(&model.registry, last());
        TURN_UNTIL(answer_count);
        ck_assert_int_eq(answers[0].fault.kind, FAULT_BUSY);
        expect_over();
}
END_TEST

START_TEST(the_broker_ends_meanwhile)
{
        begin();
        run(ORDER_START, CODER, true);
        TURN_UNTIL(model.registry.orders->phase == ORDER_WAITING);
        run(ORDER_RESTART, CODER, true);
        run(ORDER_START, "gateway-new", true);
        for (uint64_t call = 1; call <= calls; call++) /* whoever asked is gone by then */
                order_abandon(&model.registry, (struct ticket){1, call});
}
END_TEST

/* A start of a profile that has no slot makes one. */
START_TEST(a_profile_without_a_slot)
{
        begin();
        world_profile("new");
        run(ORDER_START, "gateway-new", true);
        TURN_UNTIL(toy_at("services/gateway-new"));
        turn_until_told(toy_at("services/gateway-new"), "u");
        toy_runs(toy_at("services/gateway-new"), 4000007, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert_str_eq(answers[0].name, "gateway-new");
        ck_assert(answers[0].persisted);
        ck_assert_ptr_nonnull(registry_find(&model.registry, "gateway-new"));
        expect_over();
}
END_TEST

static bool enrolled;

static void not_enrolled(void *owner, const char *profile, const struct fault *fault)
{
        ck_abort();
}

static void is_enrolled(void *owner)
{
        enrolled = true;
}

/* The order that a slot is made for does not come to it: what is wanted is what the volume says. */
START_TEST(a_slot_that_no_order_comes_to)
{
        static const char *const profiles[] = {"new"};

        begin();
        world_profile("new");
        run(ORDER_START, CODER, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        world_put("home/.svcbroker/intent/new", world_text("home/.svcbroker/intent/coder"));
        ck_assert_int_eq(enroll(&model.registry, profiles, 1, false,
                                (struct enroll_events){not_enrolled, is_enrolled, NULL}),
                         0);
        TURN_UNTIL(enrolled);
        ck_assert(registry_find(&model.registry, "gateway-new")->record.want_up);
        turn_until_told(toy_at("services/gateway-new"), "u");
}
END_TEST

START_TEST(profiles_that_can_have_none)
{
        static const char *const names[] = {"gateway-none", "gateway-link", "gateway-deleted", CODER,
                                            "gateway-taken"};

        begin();
        ck_assert_int_eq(symlinkat("/tmp", world_fd, "home/profiles/link"), 0);
        world_profile("deleted");
        world_profile("taken");
        world_put("scan/gateway-taken", "");
        ck_assert_int_eq(mkdirat(world_fd, "home/profiles/.deleted", 0755), 0);
        world_put("home/profiles/.deleted/deleted", "");
        run_many(ORDER_START, names, 5, false, LONG_MSEC);
        TURN_UNTIL(answer_count == 5);
        ck_assert_int_eq(answers[0].fault.kind, FAULT_NOT_REGISTERED);
        ck_assert_int_eq(answers[1].fault.kind, FAULT_PROTECTED);
        ck_assert_str_eq(answers[1].fault.cause, FAULT_CAUSE_LINK);
        ck_assert_int_eq(answers[2].fault.kind, FAULT_PROTECTED);
        ck_assert_str_eq(answers[2].fault.cause, FAULT_CAUSE_DELETED);
        ck_assert_int_eq(answers[3].fault.kind, FAULT_NONE);
        ck_assert_int_eq(answers[4].fault.kind, FAULT_SYSTEM);
        ck_assert_int_eq(answers[4].fault.error, EEXIST);
        expect_over();
}
END_TEST

START_TEST(the_volume_does_not_say_whether_there_is_such_a_profile)
{
        begin();
        ck_assert_int_eq(renameat(world_fd, "home", world_fd, "away"), 0);
        run(ORDER_START, "gateway-new", false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_SYSTEM);
        expect_over();
}
END_TEST

/* No descriptor is free until it is over. */
static struct rlimit descriptors_take(void)
{
        struct rlimit before, none;
        int next = dup(0);

        ck_assert_int_ge(next, 0);
        close(next);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        return before;
}

START_TEST(descriptors_are_short_for_a_moment)
{
        struct rlimit before;

        begin_as(true);
        before = descriptors_take();
        run(ORDER_STOP, CODER, false);
        turn_for(ORDER_SHORTAGE_PAUSE_MSEC * 3);
        ck_assert_uint_eq(answer_count, 0);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
        ck_assert(answers[0].persisted);
        turn_until_told(&own, "d");
        expect_over();
}
END_TEST

START_TEST(descriptors_are_short_for_long)
{
        struct rlimit before;

        begin_as(true);
        before = descriptors_take();
        run(ORDER_STOP, CODER, false);
        TURN_UNTIL(answer_count);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_int_eq(answers[0].fault.kind, FAULT_SYSTEM);
        ck_assert_int_eq(answers[0].fault.error, EMFILE);
        ck_assert(service->record.want_up);
        ck_assert_str_eq(toy_letters(&own), "");
        expect_over();
}
END_TEST

static bool wake_service(struct ready *ready)
{
        service_wake(service);
        return true;
}

/* Its time is over, also where its service always has something to do. */
START_TEST(a_wait_for_one_that_is_always_woken)
{
        struct ready always;
        const char *name = CODER;

        begin();
        ready_init(&always, &model.registry.ready, wake_service);
        ready_wake(&always);
        run_many(ORDER_START, &name, 1, true, 100);
        ck_assert_int_eq(answered()->fault.kind, FAULT_WAIT_TIMEOUT);
        ready_remove(&always);
        expect_over();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_signal,
                                      start_and_stop,
                                      one_that_waits,
                                      a_restart,
                                      a_restart_of_one_that_is_down,
                                      a_reset,
                                      a_reset_does_not_wait,
                                      a_reset_of_one_that_runs,
                                      a_stop_that_ends_while_its_start_is_written,
                                      one_that_fails_while_it_is_waited_for,
                                      its_time_is_over,
                                      it_comes_about_in_the_moment_in_which_its_time_is_over,
                                      it_comes_about_before_its_reader_takes_that_its_time_is_over,
                                      what_has_not_come_about_when_its_time_is_over,
                                      a_wait_for_one_that_is_always_woken,
                                      one_overtakes_the_other,
                                      one_overtakes_the_other_before_it_is_recorded,
                                      one_overtakes_the_other_that_is_recorded,
                                      the_volume_has_what_was_wanted_before,
                                      the_same_from_two,
                                      the_same_again,
                                      names_that_are_none,
                                      some_are_refused_and_some_are_waited_for,
                                      one_comes_about_while_the_others_are_delivered,
                                      what_is_not_possible_now,
                                      a_profile_whose_directory_is_gone,
                                      one_that_the_default_serves,
                                      static_services,
                                      the_record_cannot_be_written,
                                      the_volume_cannot_be_written,
                                      one_is_abandoned_at_once,
                                      one_that_waits_is_abandoned_at_once,
                                      one_is_abandoned_while_it_is_written,
                                      one_is_abandoned_while_it_waits,
                                      one_is_abandoned_by_a_reader_that_does_not_take,
                                      a_reader_that_does_not_take,
                                      a_reader_that_takes_one_at_a_time,
                                      what_is_due_is_looked_at_again,
                                      one_goes_before_it_is_told,
                                      the_broker_ends_meanwhile,
                                      a_profile_without_a_slot,
                                      a_slot_that_no_order_comes_to,
                                      profiles_that_can_have_none,
                                      the_volume_does_not_say_whether_there_is_such_a_profile,
                                      descriptors_are_short_for_a_moment,
                                      descriptors_are_short_for_long};

        return unit_run(world_suite("order_order", tests, sizeof(tests) / sizeof(tests[0])));
}
