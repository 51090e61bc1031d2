/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/stray.h"
#include "daemon/slot/revival.h"

/* A supervisor is missing, and s6-svscan, which has seen that, does not start it. */
static struct service *service;

/* In place of edge/stray.c: what it would find. */
static unsigned looks, dismissed;
static pid_t stray_pid;
static bool stray_is_busy;

int stray_each(int at, void (*found)(void *owner, const char *name, pid_t pid, bool busy), void *owner)
{
        looks++;
        found(owner, "gateway-none", 4000500, false);
        found(owner, "gateway-coder/other", 4000500, false);
        if (stray_pid)
                found(owner, CODER "/log", 4000501, true);
        if (stray_pid)
                found(owner, CODER, stray_pid, stray_is_busy);
        return 0;
}

int stray_dismiss(pid_t pid)
{
        ck_assert_int_eq(pid, stray_pid);
        dismissed++;
        return 0;
}

static void begin(void)
{
        world_svscan();
        world_gateway("coder", world_wanted(), &own, &logger);
        toy_runs(&own, 4000002, true);
        toy_runs(&logger, 4000003, true);
        service = world_adopt(CODER);
        TURN_UNTIL(service->shown.state == STATE_UP);
        svscan_is_blind = true;
}

static void lose(struct toy *toy, const struct run *run)
{
        toy_close(toy);
        TURN_UNTIL(!run->supervised);
}

/* s6-svscan has read what it was told, and the time of the next try has come. */
static void try_it(unsigned tries)
{
        turn_once();
        revival_turn(&model.registry);
        ck_assert_int_ne(service->revival.since_msec, 0);
        ck_assert_uint_eq(service->revival.tries, tries - 1); /* it is given its time */
        service->revival.next_msec = clock_msec();
        while (service->revival.tries < tries) {
                turn_once();
                revival_turn(&model.registry);
        }
}

static ino_t inode(void)
{
        struct stat found;

        ck_assert_int_eq(fstatat(world_fd, "services/gateway-coder", &found, 0), 0);
        return found.st_ino;
}

START_TEST(the_logger_that_is_left_is_ended)
{
        begin();
        lose(&own, &service->own);
        try_it(1);
        turn_until_told(&logger, "dx");
        ck_assert_int_eq(service->revival.pause_msec, 2 * REVIVAL_FIRST_MSEC);
        try_it(2);
        turn_until_told(&logger, "kx");
        ck_assert_int_eq(service->revival.pause_msec, 4 * REVIVAL_FIRST_MSEC);
        /* And when both are back, it is over. */
        svscan_is_blind = false;
        toy_close(&logger);
        TURN_UNTIL(service_is_wholly_supervised(service));
        revival_turn(&model.registry);
        ck_assert_uint_eq(service->revival.tries, 0);
        ck_assert_int_eq(service->revival.since_msec, 0);
}
END_TEST

START_TEST(the_gateway_that_has_no_process_is_ended)
{
        begin();
        toy_is_down(&own, false, 78 << 8);
        TURN_UNTIL(service->shown.state == STATE_FAILED);
        lose(&logger, &service->logger);
        try_it(1);
        turn_until_told(&own, "x");
}
END_TEST

START_TEST(a_gateway_that_runs_is_left)
{
        begin();
        lose(&logger, &service->logger);
        turn_once();
        revival_turn(&model.registry);
        ck_assert_int_ne(service->revival.since_msec, 0);
        service->revival.next_msec = clock_msec();
        revival_turn(&model.registry);
        ck_assert_uint_eq(service->revival.tries, 0);
        ck_assert_str_eq(toy_letters(&own), "");
}
END_TEST

START_TEST(a_slot_that_nobody_has_is_made_anew)
{
        ino_t before;

        begin();
        toy_is_down(&own, true, 0);
        TURN_UNTIL(!service->own.status.pid);
        before = inode();
        toy_close(&own);
        lose(&logger, &service->logger);
        TURN_UNTIL(!service->own.supervised);
        try_it(1);
        ck_assert_uint_ne(inode(), before);
        ck_assert(service->own.wd >= 0 && service->logger.wd >= 0);
        ck_assert(!world_has("services/gateway-coder/down"));
        svscan_is_blind = false;
        TURN_UNTIL(service_is_wholly_supervised(service));
        TURN_UNTIL(service->shown.state == STATE_UP);
}
END_TEST

/* Nothing is done where s6-svscan had no time to see it, or cannot. */
START_TEST(one_that_is_out_of_sight)
{
        begin();
        lose(&own, &service->own);
        turn_once();
        revival_turn(&model.registry);
        ck_assert_int_ne(service->revival.since_msec, 0);
        svscan_end();
        revival_turn(&model.registry);
        ck_assert_int_eq(service->revival.since_msec, 0);
}
END_TEST

START_TEST(one_that_went_astray)
{
        begin();
        stray_pid = 4000502;
        lose(&own, &service->own);
        try_it(1);
        ck_assert_uint_eq(dismissed, 1);
        ck_assert_str_eq(toy_letters(&logger), "");
        stray_is_busy = true; /* that may be the gateway */
        service->revival.next_msec = clock_msec();
        revival_turn(&model.registry);
        ck_assert_uint_eq(service->revival.tries, 1);
        ck_assert_uint_eq(dismissed, 1);
}
END_TEST

/* Nothing can be done about any: each is tried with each look, and what there is is read once. */
START_TEST(many_are_one_look)
{
        static struct toy gateways[4], logs[4];
        static const char *const names[] = {"a", "b", "c", "d"};
        char name[32];
        unsigned before;

        for (int i = 0; i < 4; i++) {
                world_gateway(names[i], world_wanted(), &gateways[i], &logs[i]);
                toy_runs(&gateways[i], 4000010 + i, true);
                toy_runs(&logs[i], 4000020 + i, true);
        }
        begin();
        for (int i = 0; i < 4; i++) {
                snprintf(name, sizeof(name), "gateway-%s", names[i]);
                lose(&logs[i], &registry_find(&model.registry, name)->logger);
        }
        turn_once();
        revival_turn(&model.registry);
        before = looks;
        for (int i = 0; i < 4; i++) {
                snprintf(name, sizeof(name), "gateway-%s", names[i]);
                registry_find(&model.registry, name)->revival.next_msec = clock_msec();
        }
        revival_turn(&model.registry);
        ck_assert_uint_eq(looks, before + 1);
        for (int i = 0; i < 4; i++) {
                snprintf(name, sizeof(name), "gateway-%s", names[i]);
                ck_assert_uint_eq(registry_find(&model.registry, name)->revival.tries, 0);
        }
        looks = 0;
        service_wake(service);
        turn_for(20);
        ck_assert_uint_eq(looks, 0); /* and where nobody lacks one it is not */
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_logger_that_is_left_is_ended,
                                      the_gateway_that_has_no_process_is_ended, a_gateway_that_runs_is_left,
                                      a_slot_that_nobody_has_is_made_anew, one_that_is_out_of_sight,
                                      one_that_went_astray, many_are_one_look};

        return unit_run(world_suite("slot_revival", tests, sizeof(tests) / sizeof(tests[0])));
}
