/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/order/order.h"
#include "daemon/service/log_pipe.h"
#include "daemon/slot/operation.h"

/* The pipe between a gateway and its logger is lost: the slot is made anew when the gateway has ended. */
static struct service *service;
static ino_t before;

static ino_t inode(void)
{
        struct stat found;

        ck_assert_int_eq(fstatat(world_fd, "services/gateway-coder", &found, 0), 0);
        return found.st_ino;
}

/* The logger ends as often as it is begun. */
static void lose_pipe(void)
{
        for (int i = 0; i < LOG_PIPE_ENDS; i++) {
                toy_runs(&logger, 4000010 + i, true);
                TURN_UNTIL(run_is_alive(&service->logger));
                toy_is_down(&logger, true, 0);
                TURN_UNTIL(!run_is_alive(&service->logger));
        }
        TURN_UNTIL(service->shown.trouble == TROUBLE_PIPE);
        ck_assert(log_pipe_of_service_is_lost(service));
}

static void begin(bool up)
{
        world_svscan();
        world_profile("coder");
        world_gateway("coder", up ? world_wanted() : NULL, &own, &logger);
        if (up)
                toy_runs(&own, 4000002, true);
        toy_runs(&logger, 4000003, true);
        service = world_adopt(CODER);
        TURN_UNTIL(service->shown.state == (up ? STATE_UP : STATE_DOWN));
        before = inode();
}

/* s6-svscan is not told to end what is gone: that may be more than this one. */
static void expect_renewed(void)
{
        TURN_UNTIL(toy_was_told(&own, 'x') && toy_was_told(&logger, 'x'));
        ck_assert(!world_has("scan/gateway-coder"));
        toy_close(&own);
        toy_close(&logger);
        TURN_UNTIL(inode() != before);
        TURN_UNTIL(service->place.kind == PLACE_KEPT && service_is_wholly_supervised(service));
        ck_assert(!log_pipe_of_service_is_lost(service));
        ck_assert_int_ne(service->shown.trouble, TROUBLE_PIPE);
        ck_assert(service->own.wd >= 0 && service->logger.wd >= 0);
        ck_assert_int_eq(service->operation, OPERATION_NONE);
}

static void order(enum order_kind kind)
{
        const char *name = CODER;
        const struct order_request request = {
                .ticket = {1, 1}, .kind = kind, .names = &name, .count = 1, .timeout_msec = 1000};

        ck_assert_int_eq(order_run(&model.registry, &request), 0);
        TURN_UNTIL(answer_count > 0);
        ck_assert_int_eq(answers[0].fault.kind, FAULT_NONE);
}

START_TEST(one_that_runs_is_not_ended)
{
        begin(true);
        lose_pipe();
        turn_until_told(&own, "O");
        toy_runs(&own, 4000002, false);
        turn_for(1500);
        ck_assert_str_eq(toy_letters(&own), "");
        ck_assert_uint_eq(inode(), before);
        ck_assert_int_eq(service->shown.state, STATE_UP);
        /* It ends by itself, and begins again in the new slot. */
        toy_is_down(&own, false, 1 << 8);
        expect_renewed();
        TURN_UNTIL(toy_was_told(toy_at("services/gateway-coder"), 'o'));
        ck_assert_int_eq(service->record.brake.restarts, 0);
}
END_TEST

START_TEST(a_restart)
{
        begin(true);
        lose_pipe();
        turn_until_told(&own, "O");
        toy_runs(&own, 4000002, false);
        order(ORDER_RESTART);
        turn_until_told(&own, "Orc");
        toy_is_down(&own, false, SIGTERM);
        expect_renewed();
        ck_assert(!world_has("services/gateway-coder/down"));
        TURN_UNTIL(service->shown.state == STATE_UP);
}
END_TEST

START_TEST(one_that_is_down)
{
        begin(false);
        lose_pipe();
        expect_renewed();
        ck_assert(world_has("services/gateway-coder/down"));
        ck_assert_int_eq(service->shown.state, STATE_DOWN);
}
END_TEST

/* Its supervisors stay, or nobody sees the link: it comes back as it was, and starts. */
START_TEST(one_that_cannot_be)
{
        begin(true);
        lose_pipe();
        turn_until_told(&own, "O");
        svscan_end();
        toy_is_down(&own, false, 1 << 8);
        turn_until_told(&own, "o");
        ck_assert_uint_eq(inode(), before);
        ck_assert(log_pipe_of_service_is_lost(service) && !log_pipe_holds(service));
}
END_TEST

START_TEST(an_unregister_comes_first)
{
        begin(true);
        lose_pipe();
        turn_until_told(&own, "O");
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 1}, "coder", 60000, false), 0);
        turn_until_told(&own, "d");
        toy_is_down(&own, false, SIGTERM);
        TURN_UNTIL(answer_count > 0);
        ck_assert_int_eq(answers[0].kind, 'u');
        ck_assert_int_eq(answers[0].fault.kind, FAULT_NONE);
        ck_assert(!world_has("services/gateway-coder"));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {one_that_runs_is_not_ended, a_restart, one_that_is_down, one_that_cannot_be,
                                      an_unregister_comes_first};

        return unit_run(world_suite("slot_renewal", tests, sizeof(tests) / sizeof(tests[0])));
}
