/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/order/order.h"
#include "daemon/order/order_parts.h"
#include "daemon/slot/adopt.h"
#include "daemon/slot/registration.h"

/* A logger waits for something to log: whoever starts its gateway, it is told before. */
#define LOG_DOWN "services/gateway-coder/log/down"
#define DOWN "services/gateway-coder/down"

static uint64_t calls;

static void run(enum order_kind kind)
{
        const char *name = CODER;
        const struct order_request request = {
                .ticket = {1, ++calls}, .kind = kind, .names = &name, .count = 1, .timeout_msec = 3600000};

        ck_assert_int_eq(order_run(&model.registry, &request), 0);
        TURN_UNTIL(!model.registry.orders);
}

static struct service *begin(void)
{
        world_svscan();
        world_profile("coder");
        world_gateway("coder", NULL, &own, &logger);
        return world_adopt(CODER);
}

static void remove_log_down(void)
{
        ck_assert_int_eq(unlinkat(world_fd, LOG_DOWN, 0), 0);
}

START_TEST(it_waits)
{
        struct service *service = begin();

        ck_assert(service->logger.idle && world_has(LOG_DOWN));
        ck_assert_int_eq(service->shown.state, STATE_DOWN);
        ck_assert_int_eq(service->shown.trouble, TROUBLE_NONE);
        run(ORDER_RESET);
        run(ORDER_STOP);
        turn_for(20);
        ck_assert_str_eq(toy_letters(&logger), "");
        ck_assert(service->logger.idle && world_has(LOG_DOWN));
        ck_assert_int_eq(service->shown.trouble, TROUBLE_NONE);
}
END_TEST

START_TEST(it_is_told_first)
{
        struct service *service = begin();

        run(ORDER_START);
        ck_assert(toy_was_told(&logger, 'u'));
        ck_assert(!world_has(LOG_DOWN) && !world_has(DOWN));
        turn_until_told(&own, "u");
        toy_runs(&logger, world_process(), true);
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
        TURN_UNTIL(service->logger.goal.kind == GOAL_NONE);
        ck_assert_int_eq(service->shown.trouble, TROUBLE_NONE);
        ck_assert_int_eq(service->shown.log_restarts, 0);
        toy_letters(&logger);
        run(ORDER_STOP); /* and it stays */
        turn_until_told(&own, "d");
        toy_is_down(&own, false, 0);
        TURN_UNTIL(service->shown.state == STATE_DOWN);
        ck_assert_str_eq(toy_letters(&logger), "");
        ck_assert(!service->logger.idle && !world_has(LOG_DOWN));
}
END_TEST

/* Root has started it, past us. */
START_TEST(it_is_told_when_its_gateway_begins)
{
        struct service *service = begin();

        toy_runs(&own, 4000002, true);
        turn_until_told(&logger, "u");
        ck_assert(!world_has(LOG_DOWN));
        ck_assert(world_has(DOWN)); /* what is wanted is as it was */
        ck_assert(!service->logger.idle);
}
END_TEST

START_TEST(it_stays_if_it_is_started_itself)
{
        struct service *service = begin();

        toy_runs(&logger, world_process(), true);
        TURN_UNTIL(!service->logger.idle);
        ck_assert(!world_has(LOG_DOWN));
        turn_for(20);
        ck_assert_str_eq(toy_letters(&logger), "");
        ck_assert_int_eq(service->shown.trouble, TROUBLE_NONE);
}
END_TEST

/* The last broker was killed after it had let it run, and before it told it. */
START_TEST(it_was_about_to_be_told)
{
        struct service *service;

        world_svscan();
        world_profile("coder");
        world_gateway("coder", NULL, &own, &logger);
        remove_log_down();
        service = world_adopt(CODER);
        ck_assert(!service->logger.idle);
        turn_until_told(&logger, "u");
        ck_assert_int_eq(service->record.logger_brake.attempt, 0);
        ck_assert_int_eq(service->shown.trouble, TROUBLE_NONE);
}
END_TEST

/* A gateway that runs, or is to run, has one, whatever its down file says: as of a broker that did not see to it. */
START_TEST(another_broker_left_it_down)
{
        struct service *service;

        world_svscan();
        world_profile("coder");
        world_gateway("coder", world_wanted(), &own, &logger);
        toy_runs(&own, 4000002, true);
        service = world_adopt(CODER);
        turn_until_told(&logger, "u");
        ck_assert(!world_has(LOG_DOWN) && !world_has(DOWN));
        ck_assert_int_eq(service->record.logger_brake.attempt, 0);
}
END_TEST

/* An older broker's: its logger has run from the beginning, and does on. */
START_TEST(an_older_broker_let_it_run)
{
        struct service *service;

        world_svscan();
        world_profile("coder");
        world_gateway("coder", NULL, &own, &logger);
        remove_log_down();
        toy_runs(&logger, world_process(), true);
        service = world_adopt(CODER);
        ck_assert(!service->logger.idle);
        turn_for(20);
        ck_assert_str_eq(toy_letters(&logger), "");
        toy_is_down(&logger, false, 0); /* it is braked, and tried again */
        turn_until_told(&logger, "o");
        ck_assert_int_eq(service->record.logger_brake.attempt, 1);
}
END_TEST

/* Its supervisor has seen the down file, and the broker has not seen that supervisor. */
START_TEST(its_supervisor_is_another)
{
        struct service *service = begin();

        svscan_is_blind = true;
        toy_close(&logger);
        service_see(service);
        ck_assert(!service->logger.supervised);
        run(ORDER_START);
        toy_open(&logger, "services/gateway-coder/log");
        turn_until_told(&logger, "u");
        ck_assert_int_eq(service->record.logger_brake.attempt, 0);
}
END_TEST

/* However long it was idle: that it has no process yet is nothing that has lasted. */
START_TEST(its_time_begins_with_its_order)
{
        struct service *service;
        int64_t before_usec;

        world_svscan();
        world_gateway("coder", NULL, &own, &logger);
        remove_log_down();
        turn_for(20);
        before_usec = clock_utc_usec();
        ck_assert_int_eq(adopt(&model.registry), 0);
        service = registry_find(&model.registry, CODER);
        TURN_UNTIL(service->logger.step.kind == STEP_PROCESS);
        ck_assert_int_ge(service->logger.step.since_usec, before_usec);
}
END_TEST

/* That its logger does not run makes a repeated order no work. */
START_TEST(an_order_is_carried_out_all_the_same)
{
        struct service *service = begin();

        run(ORDER_STOP);
        TURN_UNTIL(order_is_carried_out(service, ORDER_STOP, false));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {it_waits,
                                      it_is_told_first,
                                      it_is_told_when_its_gateway_begins,
                                      it_stays_if_it_is_started_itself,
                                      it_was_about_to_be_told,
                                      another_broker_left_it_down,
                                      an_older_broker_let_it_run,
                                      its_supervisor_is_another,
                                      its_time_begins_with_its_order,
                                      an_order_is_carried_out_all_the_same};

        return unit_run(world_suite("service_logger", tests, sizeof(tests) / sizeof(tests[0])));
}
