/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/slot/noted.h"
#include "daemon/slot/scan.h"

/* What comes and goes in the scan directory. */
static struct toy dashboard = {.fifo = -1};
static struct service *service;

static struct service *find(const char *name)
{
        return registry_find(&model.registry, name);
}

static void begin(void)
{
        world_svscan();
        world_gateway("coder", NULL, &own, &logger);
        service = world_adopt(CODER);
}

static void make(const char *name)
{
        char path[80];

        snprintf(path, sizeof(path), "made-%s", name);
        ck_assert_int_eq(mkdirat(world_fd, path, 0755), 0);
        dashboard = (struct toy){.fifo = -1};
        toy_open(&dashboard, path);
        snprintf(dashboard.path, sizeof(dashboard.path), "scan/%s", name);
        ck_assert_int_eq(renameat(world_fd, path, world_fd, dashboard.path), 0);
}

static void unmake(const char *name)
{
        char path[80], away[80];

        toy_close(&dashboard);
        snprintf(path, sizeof(path), "scan/%s", name);
        snprintf(away, sizeof(away), "gone-%s", name);
        ck_assert_int_eq(renameat(world_fd, path, world_fd, away), 0);
}

START_TEST(static_services_come_and_go)
{
        begin();
        make("dashboard");
        TURN_UNTIL(find("dashboard"));
        ck_assert_ptr_null(find("dashboard")->profile);
        ck_assert(!find("dashboard")->logger.there);
        ck_assert(!find("dashboard")->own.has_readiness);
        toy_runs(&dashboard, 4000002, true);
        TURN_UNTIL(find("dashboard")->shown.state == STATE_UP);
        unmake("dashboard");
        TURN_UNTIL(!find("dashboard"));
        ck_assert_int_eq(answers[answer_count - 1].kind, 'g');
        ck_assert_str_eq(answers[answer_count - 1].name, "dashboard");
}
END_TEST

START_TEST(another_one_has_the_name)
{
        ino_t before;

        begin();
        make("dashboard");
        TURN_UNTIL(find("dashboard"));
        before = find("dashboard")->inode;
        unmake("dashboard");
        make("dashboard");
        TURN_UNTIL(find("dashboard") && find("dashboard")->inode != before);
}
END_TEST

START_TEST(one_with_a_logger_and_readiness)
{
        begin();
        ck_assert_int_eq(mkdirat(world_fd, "made", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "made/log", 0755), 0);
        world_put("made/notification-fd", "3\n");
        ck_assert_int_eq(renameat(world_fd, "made", world_fd, "scan/web"), 0);
        TURN_UNTIL(find("web"));
        ck_assert(find("web")->logger.there);
        ck_assert(find("web")->own.has_readiness);
}
END_TEST

START_TEST(what_is_none)
{
        begin();
        world_put("scan/file", "");
        ck_assert_int_eq(mkdirat(world_fd, "scan/.hidden", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "scan/no name", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "scan/last", 0755), 0); /* they are looked at in their order */
        TURN_UNTIL(find("last"));
        ck_assert_uint_eq(model.registry.count, 2);
        scan_all(&model.registry);
        ck_assert_uint_eq(model.registry.count, 2);
}
END_TEST

/* What it leads to may come, and nothing tells of that: it is looked at again. */
START_TEST(a_link_to_what_is_not_there_yet)
{
        char target[200];

        begin();
        snprintf(target, sizeof(target), "%s/later", world);
        ck_assert_int_eq(symlinkat(target, world_fd, "scan/later"), 0);
        TURN_UNTIL(model.registry.scan_whole);
        ck_assert_ptr_null(find("later"));
        ck_assert_int_eq(mkdirat(world_fd, "later", 0755), 0);
        noted_add(&model.scan,
                  "another"); /* whatever it is: as long as something is not known, all are looked at */
        TURN_UNTIL(find("later"));
        TURN_UNTIL(!model.registry.scan_whole);
}
END_TEST

START_TEST(a_link_that_was_taken_is_put_back)
{
        begin();
        TURN_UNTIL(world_has("scan/gateway-coder"));
        ck_assert_int_eq(unlinkat(world_fd, "scan/gateway-coder", 0), 0);
        TURN_UNTIL(world_has("scan/gateway-coder"));
        ck_assert_ptr_eq(find(CODER), service);
}
END_TEST

START_TEST(something_else_has_its_name)
{
        begin();
        TURN_UNTIL(world_has("scan/gateway-coder"));
        world_put("other", "");
        ck_assert_int_eq(renameat(world_fd, "other", world_fd, "scan/gateway-coder"), 0);
        world_put("scan/mark", "");
        scan_all(&model.registry);
        ck_assert_ptr_eq(find(CODER), service);
        ck_assert_int_eq(registry_is_linked(&model.registry, CODER),
                         0); /* it is not the broker's to take away */
        ck_assert_int_eq(unlinkat(world_fd, "scan/gateway-coder", 0), 0);
        TURN_UNTIL(registry_is_linked(&model.registry, CODER) == 1);
}
END_TEST

/* A link into our own directory whose slot is gone was left by a killed broker. */
START_TEST(a_link_to_nothing_of_ours_goes)
{
        begin();
        ck_assert_int_eq(registry_link(&model.registry, "gateway-writer"), 0);
        TURN_UNTIL(!world_has("scan/gateway-writer"));
        ck_assert_ptr_null(find("gateway-writer"));
}
END_TEST

/* The directory is looked at whole where it is not known what came. */
START_TEST(all_are_looked_at)
{
        begin();
        make("dashboard");
        noted_add(&model.scan, NULL);
        TURN_UNTIL(find("dashboard"));
        unmake("dashboard");
        noted_add(&model.scan, NULL);
        TURN_UNTIL(!find("dashboard"));
}
END_TEST

static size_t seen_meanwhile;

static bool look_meanwhile(struct ready *ready)
{
        seen_meanwhile = model.registry.count;
        return false;
}

/* One in a step: whoever waits behind the first has its turn before the second. */
START_TEST(all_are_looked_at_one_by_one)
{
        struct ready behind;
        char path[40];

        begin();
        TURN_UNTIL(!ready_is_waiting(&model.scan.ready) && !ready_is_waiting(&service->ready));
        watch_close(&model.registry.watch);
        for (int i = 0; i < 20; i++) {
                snprintf(path, sizeof(path), "scan/web%d", i);
                ck_assert_int_eq(mkdirat(world_fd, path, 0755), 0);
        }
        ready_init(&behind, &model.registry.ready, look_meanwhile);
        noted_add(&model.scan, NULL);
        ready_wake(&behind);
        TURN_UNTIL(model.registry.count == 21);
        ck_assert_uint_le(seen_meanwhile, 2);
}
END_TEST

/* What cannot be known yet is no reason to begin again and again. */
START_TEST(a_look_at_all_comes_to_its_end)
{
        char target[200];

        begin();
        snprintf(target, sizeof(target), "%s/never", world);
        ck_assert_int_eq(symlinkat(target, world_fd, "scan/never"), 0);
        noted_add(&model.scan, NULL);
        TURN_UNTIL(model.registry.scan_whole && !ready_is_waiting(&model.scan.ready));
}
END_TEST

static bool step(struct ready *ready)
{
        return false;
}

START_TEST(more_names_than_are_noted)
{
        struct noted noted;
        size_t count = 0;

        noted_init(&noted, &model.registry, step);
        ck_assert_ptr_null(noted_take(&noted));
        noted_add(&noted, "a");
        noted_add(&noted, "bc");
        ck_assert_str_eq(noted_take(&noted), "a");
        ck_assert_str_eq(noted_take(&noted), "bc");
        ck_assert_ptr_null(noted_take(&noted));
        ck_assert(!noted_take_all(&noted));
        while (!noted.all && ++count <= NOTED_BYTES)
                noted_add(&noted, "d");
        ck_assert_uint_le(count, NOTED_BYTES);
        ck_assert(noted_take_all(&noted));
        ck_assert_ptr_null(noted_take(&noted)); /* which need not be looked at then */
        ck_assert(!noted_take_all(&noted));
        noted_deinit(&noted);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {static_services_come_and_go,
                                      another_one_has_the_name,
                                      one_with_a_logger_and_readiness,
                                      what_is_none,
                                      a_link_to_what_is_not_there_yet,
                                      a_link_that_was_taken_is_put_back,
                                      something_else_has_its_name,
                                      a_link_to_nothing_of_ours_goes,
                                      all_are_looked_at,
                                      all_are_looked_at_one_by_one,
                                      a_look_at_all_comes_to_its_end,
                                      more_names_than_are_noted};

        return unit_run(world_suite("slot_scan", tests, sizeof(tests) / sizeof(tests[0])));
}
