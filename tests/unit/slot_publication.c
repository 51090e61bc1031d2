/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/slot/operation.h"
#include "daemon/slot/publication.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"

/* When slots come into s6-svscan's view and leave it. */
static int ended;

static void on_ended(struct own_registration *its, struct service *service, const struct fault *fault)
{
        ended++;
}

static struct own_registration its[3] = {{on_ended}, {on_ended}, {on_ended}};

static struct service *come(const char *profile, size_t at)
{
        const struct record record = {.want_up = false};
        char name[80];
        struct fault fault;

        ck_assert(operation_register_own(&model.registry, profile, &record, NULL, &its[at], &fault));
        snprintf(name, sizeof(name), "gateway-%s", profile);
        return registry_find(&model.registry, name);
}

static struct service *leave(const char *name)
{
        struct service *service = registry_find(&model.registry, name);

        removal_begin(service, 0, false, true);
        return service;
}

START_TEST(many_come_into_view_at_once)
{
        struct service *a, *b;

        world_svscan();
        publication_hold(&model.registry, true);
        publication_hold(&model.registry, true);
        a = come("a", 0);
        b = come("b", 1);
        publication_wake(&model.registry);
        turn_for(20);
        publication_release(&model.registry, true);
        ck_assert(publication_is_held(&model.registry));
        turn_for(20);
        ck_assert_int_eq(a->place.kind, PLACE_COMING);
        ck_assert_int_eq(b->place.kind, PLACE_COMING);
        ck_assert(!world_has("scan/gateway-a") && !world_has("scan/gateway-b"));
        publication_release(&model.registry, true);
        ck_assert(!publication_is_held(&model.registry));
        TURN_UNTIL(ended == 2);
        ck_assert(world_has("scan/gateway-a") && world_has("scan/gateway-b"));
        ck_assert_int_eq(a->place.kind, PLACE_KEPT);
}
END_TEST

/* A name that vanishes under a scan ends it, and what that one saw first is never started. */
START_TEST(none_leaves_while_another_has_no_supervisor)
{
        struct service *a, *b;

        world_svscan();
        a = come("a", 0);
        TURN_UNTIL(ended == 1);
        svscan_is_blind = true;
        b = come("b", 1);
        TURN_UNTIL(b->place.kind == PLACE_LINKED);
        leave("gateway-a");
        model.registry.moved_msec = b->place.linked_msec =
                clock_msec() + 2 * WORLD_DEADLINE_MSEC; /* so long it may be */
        TURN_UNTIL(a->place.kind == PLACE_LEAVING);
        turn_for(50);
        ck_assert_int_eq(a->place.kind, PLACE_LEAVING);
        ck_assert(world_has("scan/gateway-a"));
        svscan_is_blind = false;
        TURN_UNTIL(ended == 2);
        TURN_UNTIL(!registry_find(&model.registry, "gateway-a"));
        ck_assert(!world_has("scan/gateway-a"));
        ck_assert(world_has("scan/gateway-b"));
}
END_TEST

/* And none comes while one waits to leave: it would be the next that is seen for the first time. */
START_TEST(none_comes_while_another_waits_to_leave)
{
        struct service *a, *b, *c;

        world_svscan();
        a = come("a", 0);
        TURN_UNTIL(ended == 1);
        svscan_is_blind = true;
        b = come("b", 1);
        TURN_UNTIL(b->place.kind == PLACE_LINKED);
        model.registry.moved_msec = b->place.linked_msec = clock_msec() + 2 * WORLD_DEADLINE_MSEC;
        leave("gateway-a");
        TURN_UNTIL(a->place.kind == PLACE_LEAVING);
        c = come("c", 2);
        turn_for(50);
        ck_assert_int_eq(c->place.kind, PLACE_COMING);
        svscan_is_blind = false;
        TURN_UNTIL(ended == 3);
        TURN_UNTIL(!registry_find(&model.registry, "gateway-a"));
}
END_TEST

/* One that never gets a supervisor keeps nobody for ever. */
START_TEST(one_leaves_in_the_end)
{
        struct service *b;

        world_svscan();
        come("a", 0);
        TURN_UNTIL(ended == 1);
        svscan_is_blind = true;
        b = come("b", 1);
        TURN_UNTIL(b->place.kind == PLACE_LINKED);
        leave("gateway-a");
        TURN_UNTIL(!registry_find(&model.registry, "gateway-a"));
        ck_assert_int_eq(b->place.kind, PLACE_LINKED);
        ck_assert_int_eq(ended, 1);
}
END_TEST

static void leaves(const char *path)
{
        struct toy *toy = toy_at(path);

        ck_assert_ptr_nonnull(toy);
        TURN_UNTIL(toy_was_told(toy, 'x'));
        toy_close(toy);
}

/* s6-svscan of 2.11, told to end what is gone, would end it, too. */
START_TEST(one_without_its_logger_is_not_ended)
{
        struct service *a;

        world_svscan();
        a = come("a", 0);
        come("b", 1);
        TURN_UNTIL(ended == 2);
        svscan_is_blind = true;
        toy_close(toy_at("services/gateway-a/log"));
        TURN_UNTIL(a->own.supervised && !a->logger.supervised);
        leave("gateway-b");
        leaves("services/gateway-b");
        leaves("services/gateway-b/log");
        TURN_UNTIL(!registry_find(&model.registry, "gateway-b"));
        ck_assert_ptr_nonnull(toy_at("services/gateway-a"));
        ck_assert(a->own.supervised);
}
END_TEST

START_TEST(s6_svscan_takes_no_orders)
{
        struct service *a;

        world_svscan();
        publication_hold(&model.registry, true);
        a = come("a", 0);
        ck_assert_int_eq(renameat(world_fd, "scan/.s6-svscan/control", world_fd, "scan/.s6-svscan/away"), 0);
        publication_release(&model.registry, true);
        TURN_UNTIL(a->place.kind == PLACE_LINKED);
        ck_assert(model.publication.rescan);
        ck_assert(timer_is_running(&model.publication.turn));
        ck_assert_int_eq(renameat(world_fd, "scan/.s6-svscan/away", world_fd, "scan/.s6-svscan/control"), 0);
        TURN_UNTIL(ended == 1); /* it is told again */
        ck_assert(!model.publication.rescan);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {many_come_into_view_at_once,
                                      none_leaves_while_another_has_no_supervisor,
                                      none_comes_while_another_waits_to_leave,
                                      one_leaves_in_the_end,
                                      one_without_its_logger_is_not_ended,
                                      s6_svscan_takes_no_orders};

        return unit_run(world_suite("slot_publication", tests, sizeof(tests) / sizeof(tests[0])));
}
