/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/order/boot.h"
#include "daemon/order/order.h"
#include "daemon/order/plan.h"
#include "daemon/order/profiles.h"
#include "daemon/keep/survey.h"
#include "daemon/order/reconcile.h"
#include "daemon/service/home.h"
#include "daemon/slot/adopt.h"
#include "daemon/slot/operation.h"
#include "daemon/slot/removal.h"

/* The slots are brought in line with the volume: at boot, when somebody asks, and when profiles come and go. */
static struct reconcile_action actions[32];
static size_t action_count;
static int done, done_error;

#ifndef __SANITIZE_THREAD__ /* which calls calloc() before it can be called itself */
/* In front of the C library's, which has no memory for just so many bytes. */
static size_t no_memory_bytes;

void *calloc(size_t count, size_t size)
{
        void *memory;

        if (no_memory_bytes && count * size == no_memory_bytes)
                return NULL;
        memory = malloc(count * size);
        if (memory)
                explicit_bzero(memory,
                               count * size); /* memset() would be made a call of this very function */
        return memory;
}
#endif

static struct service *find(const char *name)
{
        return registry_find(&model.registry, name);
}

static void on_done(void *owner, const struct reconcile_action *its, size_t count, int error)
{
        done++;
        done_error = error;
        action_count = count;
        ck_assert_uint_le(count, sizeof(actions) / sizeof(actions[0]));
        if (count)
                memcpy(actions, its, count * sizeof(*its));
}

static void ask(struct reconcile_request asked)
{
        struct reconcile_request *request = malloc(sizeof(*request));

        ck_assert_ptr_nonnull(request);
        *request = asked;
        request->done = on_done;
        reconcile_run(&model.registry, request);
}

static void reconcile(struct reconcile_request asked)
{
        int before = done;

        ask(asked);
        ck_assert_int_eq(done, before); /* on a later turn */
        TURN_UNTIL(done > before);
}

#define BOOT ((struct reconcile_request){.boot = true, .root = true})
#define ASKED ((struct reconcile_request){.root = true})
#define DRY ((struct reconcile_request){.dry_run = true})

static const struct reconcile_action *action_of(const char *profile)
{
        for (size_t i = 0; i < action_count; i++)
                if (strcmp(actions[i].profile, profile) == 0)
                        return &actions[i];
        ck_abort_msg("nothing is said of %s", profile);
        return NULL;
}

#define expect(profile, kind) ck_assert_int_eq(action_of(profile)->what, kind)

static void intent(const char *profile, const char *text)
{
        char path[300];

        snprintf(path, sizeof(path), "home/.svcbroker/intent/%s", profile);
        world_put(path, text);
}

#define UP "{\"version\":1,\"want\":\"up\"}"
#define DOWN "{\"version\":1,\"want\":\"down\"}"

static void begin(void)
{
        world_svscan();
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker", 0700), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker/intent", 0700), 0);
        ck_assert_int_eq(adopt(&model.registry), 0);
}

START_TEST(a_boot)
{
        begin();
        world_profile("down");
        world_profile("new");
        world_profile("newer");
        world_profile("noted");
        world_profile("up");
        world_profile("unreadable");
        world_profile("Not A Profile");
        ck_assert_int_eq(mkdirat(world_fd, "home/profiles/soulless", 0755), 0);
        ck_assert_int_eq(symlinkat("/tmp", world_fd, "home/profiles/link"), 0);
        intent("up", UP);
        intent("down", DOWN);
        intent("newer", "{\"version\":99}");
        intent("unreadable", "what is this");
        intent("lost", UP);
        intent("soulless", UP);
        world_put("home/profiles/noted/gateway_state.json", "{\"desired_state\": \"running\"}");
        reconcile(BOOT);
        ck_assert_int_eq(done_error, 0);
        ck_assert_str_eq(actions[0].profile, "default");
        expect("default", RECONCILE_REGISTERED);
        expect("up", RECONCILE_STARTED);
        expect("down", RECONCILE_REGISTERED);
        expect("new", RECONCILE_REGISTERED);
        expect("noted", RECONCILE_STARTED);
        expect("newer", RECONCILE_HELD);
        ck_assert_int_eq(action_of("newer")->cause, CAUSE_NEWER);
        expect("unreadable", RECONCILE_HELD);
        ck_assert_int_eq(action_of("unreadable")->cause, CAUSE_UNREADABLE);
        expect("link", RECONCILE_SKIPPED);
        expect("lost", RECONCILE_SKIPPED);
        expect("soulless", RECONCILE_SKIPPED);
        expect("Not A Profile", RECONCILE_SKIPPED);
        ck_assert_uint_eq(model.registry.count, 7);
        ck_assert(!model.registry.fresh_boot);
        turn_until_told(toy_at("services/gateway-up"), "u");
        turn_until_told(toy_at("services/gateway-noted"), "u");
        ck_assert_ptr_nonnull(strstr(world_text("home/logs/container-boot.log"),
                                     "profile=up prior_state=None action=started"));
        ck_assert_ptr_nonnull(strstr(world_text("home/logs/container-boot.log"),
                                     "profile=lost prior_state=None action=skipped why=no_profile"));
        ck_assert(model.profiles.open);
        /* And once more nothing is to be done. */
        reconcile(BOOT);
        expect("up", RECONCILE_KEPT);
        expect("newer", RECONCILE_KEPT);
}
END_TEST

static int first;
static bool down_has_slot;
static void (*at_first)(void);

static void on_first(void *owner)
{
        first++;
        ck_assert_int_eq(done, 0);
        down_has_slot = find("gateway-down") != NULL;
        if (at_first)
                at_first();
}

static void boot_with_one_of_each(void (*then)(void))
{
        at_first = then;
        begin();
        world_profile("down");
        world_profile("up");
        world_profile("newer");
        intent("up", UP);
        intent("newer", "{\"version\":99}");
        intent("down", DOWN);
        reconcile((struct reconcile_request){.boot = true, .root = true, .first = on_first});
        ck_assert_int_eq(done_error, 0);
        ck_assert_int_eq(first, 1);
        ck_assert(!down_has_slot);
        ck_assert_ptr_nonnull(find("gateway-up"));
        ck_assert_ptr_nonnull(find("gateway-newer"));
}

static const char *told(void (*tell)(const struct registry *, void (*)(void *, const char *), void *));

static void expect_notes(void)
{
        ck_assert_ptr_nonnull(find("gateway-default"));
        ck_assert_ptr_nonnull(find("gateway-up"));
        ck_assert_ptr_nonnull(find("gateway-newer"));
        ck_assert_ptr_nonnull(strstr(told(boot_notes), "1 of 4 gateways has no slot yet"));
        ck_assert_int_ne(model.registry.volume_told, VOLUME_TOLD_NONE);
}

START_TEST(a_boot_makes_first_what_is_wanted)
{
        boot_with_one_of_each(expect_notes);
        ck_assert_ptr_nonnull(find("gateway-down"));
        expect("down", RECONCILE_REGISTERED);
        ck_assert_str_eq(told(boot_notes), "");
}
END_TEST

static void unregister_down(void)
{
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 1}, "down", 1000, true), 0);
}

START_TEST(one_is_unregistered_before_its_slot_is_made)
{
        boot_with_one_of_each(unregister_down);
        ck_assert_ptr_null(find("gateway-down"));
        expect("down", RECONCILE_SKIPPED);
        ck_assert_uint_eq(model.boot.to_come, 0);
        ck_assert(!world_has("services/gateway-down"));
}
END_TEST

static void unregister(const char *profile)
{
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 1}, profile, 0, true), 0);
}

/* The volume is looked at already, by a thread, when its Unregister comes. */
START_TEST(one_is_unregistered_while_the_volume_is_looked_at)
{
        begin();
        world_profile("a");
        intent("a", "{\"version\":1,\"want\":\"up\",\"environment\":{\"KEY\":\"secret\"}}");
        world_profile("b");
        intent("b", UP);
        ask(ASKED);
        unregister("a");
        TURN_UNTIL(done == 1);
        expect("a", RECONCILE_SKIPPED);
        ck_assert_str_eq(action_of("a")->message, RECONCILE_FORGOTTEN);
        expect("b", RECONCILE_STARTED);
        ck_assert(!world_has("services/gateway-a"));
        TURN_UNTIL(!world_has("home/.svcbroker/intent/a"));
        reconcile(ASKED);
        expect("a", RECONCILE_REGISTERED);
        ck_assert_str_eq(world_text("services/gateway-a/env"), "");
}
END_TEST

START_TEST(what_is_forgotten)
{
        static struct forgotten forgotten;

        ck_assert(!forgotten_since(&forgotten, "a", 0));
        forgotten_note(&forgotten, "a");
        ck_assert(forgotten_since(&forgotten, "a", 0));
        ck_assert(!forgotten_since(&forgotten, "a", 1));
        ck_assert(!forgotten_since(&forgotten, "b", 0));
        for (int i = 0; i < FORGOTTEN_MOST - 1; i++)
                forgotten_note(&forgotten, "b");
        ck_assert(forgotten_since(&forgotten, "a", 0));
        ck_assert(!forgotten_since(&forgotten, "c", 0));
        forgotten_note(&forgotten, "b");
        ck_assert(!forgotten_since(&forgotten, "a", 1));
        ck_assert(forgotten_since(&forgotten, "c", 0)); /* who knows */
}
END_TEST

static void stop_down(void)
{
        const char *const name = "gateway-down";
        const struct order_request request = {
                .ticket = {1, 1}, .kind = ORDER_STOP, .names = &name, .count = 1, .root = true};

        ck_assert_int_eq(order_run(&model.registry, &request), 0);
}

START_TEST(one_is_ordered_before_its_slot_is_made)
{
        boot_with_one_of_each(stop_down);
        TURN_UNTIL(answer_count == 1);
        ck_assert_int_eq(answers[0].fault.kind, FAULT_NONE);
        ck_assert(answers[0].persisted);
        ck_assert_ptr_nonnull(find("gateway-down"));
}
END_TEST

static char lines[512];

static void on_line(void *owner, const char *line)
{
        snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s\n", line);
}

static const char *told(void (*tell)(const struct registry *, void (*)(void *, const char *), void *))
{
        lines[0] = '\0';
        tell(&model.registry, on_line, NULL);
        return lines;
}

START_TEST(what_a_boot_tells)
{
        begin();
        world_profile("a");
        world_profile("b");
        world_put("scan/gateway-b", "");
        ask(BOOT);
        TURN_UNTIL(model.boot.looking);
        ck_assert_ptr_nonnull(strstr(told(boot_notes), "is looking for the profiles"));
        svscan_is_blind = true;
        TURN_UNTIL(find("gateway-a"));
        ck_assert_ptr_nonnull(strstr(told(boot_notes), "of 3 gateways"));
        svscan_is_blind = false;
        TURN_UNTIL(done == 1);
        ck_assert_uint_eq(model.boot.missing, 1);
        ck_assert_uint_eq(boot_missing(&model.registry), 1);
        ck_assert_ptr_nonnull(strstr(told(boot_check), "1 of 3 profiles has no gateway yet"));
        expect("b", RECONCILE_SKIPPED);
        ck_assert(model.registry.fresh_boot); /* it is not whole: it is tried again */
        boot_forget(&model.registry, "a");
        ck_assert_uint_eq(model.boot.missing, 1);
        ck_assert_int_eq(unlinkat(world_fd, "scan/gateway-b", 0), 0);
        TURN_UNTIL(find("gateway-b"));
        timer_start(&model.reconciles.again, 0); /* profiles/ may have been looked at first */
        TURN_UNTIL(!model.registry.fresh_boot);
        ck_assert_str_eq(told(boot_check), "");
}
END_TEST

START_TEST(one_that_was_lost_is_unregistered)
{
        begin();
        world_profile("b");
        world_put("scan/gateway-b", "");
        reconcile(BOOT);
        ck_assert_uint_eq(model.boot.missing, 1);
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 1}, "b", 1000, true), 0);
        TURN_UNTIL(answer_count == 1);
        ck_assert_uint_eq(model.boot.missing, 0);
        ck_assert_int_eq(unlinkat(world_fd, "scan/gateway-b", 0), 0);
        reconcile((struct reconcile_request){.boot = true, .root = true, .lost = true});
        ck_assert_ptr_null(find("gateway-b"));
}
END_TEST

START_TEST(the_volume_cannot_be_looked_at)
{
        begin();
        ck_assert_int_eq(renameat(world_fd, "home", world_fd, "away"), 0);
        reconcile(ASKED);
        ck_assert_int_ne(done_error, 0);
        ck_assert_ptr_null(find("gateway-default"));
        reconcile(BOOT);
        ck_assert_int_ne(done_error, 0);
        expect("default", RECONCILE_REGISTERED); /* which has one whatever is known */
        ck_assert(find("gateway-default")->record.blind);
        ck_assert_int_eq(model.registry.volume_told, VOLUME_TOLD_NONE);
        /* What the volume says is made up for, when it says it. */
        ck_assert_int_eq(renameat(world_fd, "away", world_fd, "home"), 0);
        intent("default", UP);
        reconcile(BOOT);
        ck_assert_int_eq(done_error, 0);
        ck_assert_int_eq(model.registry.volume_told, VOLUME_TOLD_ALL);
        ck_assert(!find("gateway-default")->record.blind);
        turn_until_told(toy_at("services/gateway-default"), "u");
}
END_TEST

START_TEST(a_dry_run)
{
        begin();
        world_profile("a");
        intent("a", UP);
        reconcile(DRY);
        expect("a", RECONCILE_STARTED);
        expect("default", RECONCILE_REGISTERED);
        turn_for(10);
        ck_assert_uint_eq(model.registry.count, 0);
        ck_assert(!world_has("services/gateway-a"));
}
END_TEST

START_TEST(one_that_is_gone_is_removed)
{
        begin();
        world_profile("a");
        reconcile(ASKED);
        expect("a", RECONCILE_REGISTERED);
        TURN_UNTIL(find("gateway-a")->shown.state == STATE_DOWN);
        ck_assert_int_eq(renameat(world_fd, "home/profiles/a", world_fd, "away"), 0);
        reconcile(DRY);
        expect("a", RECONCILE_REMOVED);
        ck_assert_ptr_nonnull(find("gateway-a"));
        reconcile(BOOT); /* which removes none */
        ck_assert_uint_eq(action_count, 1);
        reconcile(ASKED);
        expect("a", RECONCILE_REMOVED);
        TURN_UNTIL(!find("gateway-a"));
        ck_assert_ptr_nonnull(find("gateway-default"));
}
END_TEST

/* It is not told as removed, and the next Reconcile finds it again. */
#ifndef __SANITIZE_THREAD__
START_TEST(there_is_no_memory_to_remove_one)
{
        begin();
        world_profile("a");
        reconcile(ASKED);
        TURN_UNTIL(find("gateway-a")->shown.state == STATE_DOWN);
        ck_assert_int_eq(renameat(world_fd, "home/profiles/a", world_fd, "away"), 0);
        reconcile(BOOT); /* which removes none */
        no_memory_bytes = sizeof(struct removal);
        reconcile(ASKED);
        no_memory_bytes = 0;
        expect("a", RECONCILE_SKIPPED);
        ck_assert_str_eq(action_of("a")->message, "it could not be removed: out of memory");
        ck_assert_int_eq(find("gateway-a")->operation, OPERATION_NONE);
        reconcile(ASKED);
        expect("a", RECONCILE_REMOVED);
        TURN_UNTIL(!find("gateway-a"));
}
END_TEST
#endif

START_TEST(one_that_is_locked_or_served)
{
        begin();
        world_put("home/config.yaml", "multiplex_profiles: true\n");
        world_profile("a");
        intent("a", UP);
        reconcile(ASKED);
        expect("a", RECONCILE_HELD);
        ck_assert_int_eq(action_of("a")->cause, CAUSE_SERVED);
        TURN_UNTIL(find("gateway-a")->shown.state == STATE_HELD);
}
END_TEST

START_TEST(it_bootstraps)
{
        begin();
        model.registry.boot_policy.bootstrap = true;
        reconcile(BOOT);
        expect("default", RECONCILE_STARTED);
        turn_until_told(toy_at("services/gateway-default"), "u");
        TURN_UNTIL(world_has("home/.svcbroker/intent/default"));
}
END_TEST

/* What the volume could not be told, a slot of the last container knows. */
START_TEST(slots_of_the_last_container)
{
        world_gateway("a",
                      world_record(&(struct record){.want_up = true, .unpersisted = true, .boot = "another"}),
                      &own, &logger);
        toy_close(&own);
        toy_close(&logger);
        begin();
        ck_assert(model.registry.has_dead);
        world_profile("a");
        intent("a", DOWN);
        reconcile(BOOT);
        expect("a", RECONCILE_STARTED);
        ck_assert(!model.registry.has_dead);
        turn_until_told(toy_at("services/gateway-a"), "u");
        TURN_UNTIL(strstr(world_text("home/.svcbroker/intent/a"), "\"up\""));
}
END_TEST

START_TEST(one_after_the_other)
{
        begin();
        ask(DRY);
        ask(ASKED);
        ask(BOOT);
        ask(DRY);
        TURN_UNTIL(done == 4);
        ck_assert_ptr_null(model.reconciles.running);
        ck_assert_ptr_null(model.reconciles.queue);
}
END_TEST

START_TEST(the_broker_ends_meanwhile)
{
        begin();
        world_profile("a");
        ask(BOOT);
        ask(DRY);
        TURN_UNTIL(find("gateway-default"));
}
END_TEST

/* The next look at profiles/, where one is to come, comes soon: its pauses are longer than a test. */
static bool look_soon(void)
{
        if (timer_is_running(&model.profiles.timer) && timer_left_msec(&model.profiles.timer) > 20)
                timer_start(&model.profiles.timer, 20);
        return true;
}

#define LOOK_UNTIL(condition) TURN_UNTIL(look_soon() && (condition))

/* profiles/ is watched from the boot's end. */
static void begin_watched(void)
{
        begin();
        world_profile("a");
        intent("a", UP);
        reconcile(BOOT);
        turn_until_told(toy_at("services/gateway-a"), "u");
        toy_runs(toy_at("services/gateway-a"), 4000002, true);
        LOOK_UNTIL(find("gateway-a")->shown.state == STATE_UP);
        LOOK_UNTIL(model.profiles.directory >= 0 && !model.profiles.looking);
}

START_TEST(a_new_profile_gets_its_gateway)
{
        begin_watched();
        world_profile("b");
        LOOK_UNTIL(find("gateway-b"));
        LOOK_UNTIL(find("gateway-b")->shown.state == STATE_DOWN);
}
END_TEST

/* And it comes again when its directory does. */
START_TEST(a_profile_goes_and_comes)
{
        struct toy *toy;

        begin_watched();
        toy = toy_at("services/gateway-a");
        ck_assert_int_eq(renameat(world_fd, "home/profiles/a", world_fd, "away"), 0);
        LOOK_UNTIL(find("gateway-a")->record.gone);
        ck_assert_str_eq(toy_letters(toy), ""); /* absence ends none */
        toy_is_down(toy, false, 0x0100);
        LOOK_UNTIL(find("gateway-a")->shown.state == STATE_HELD);
        ck_assert_int_eq(renameat(world_fd, "away", world_fd, "home/profiles/a"), 0);
        LOOK_UNTIL(!find("gateway-a")->record.gone);
        turn_until_told(toy, "u");
}
END_TEST

/* The gateway under the old name ends first. */
START_TEST(a_profile_has_another_name)
{
        struct toy *toy;

        begin_watched();
        toy = toy_at("services/gateway-a");
        ck_assert_int_eq(renameat(world_fd, "home/profiles/a", world_fd, "home/profiles/b"), 0);
        LOOK_UNTIL(toy_was_told(toy, 'd'));
        ck_assert_ptr_null(find("gateway-b"));
        toy_is_down(toy, false, 15);
        LOOK_UNTIL(find("gateway-b"));
        LOOK_UNTIL(toy_at("services/gateway-b"));
        turn_until_told(toy_at("services/gateway-b"), "u"); /* what was wanted of that is wanted of it */
}
END_TEST

/* What a person took away does not come by itself. */
START_TEST(one_that_was_taken_away)
{
        begin_watched();
        removal_begin(find("gateway-a"), 0, true, true);
        toy_is_down(toy_at("services/gateway-a"), false, 0);
        LOOK_UNTIL(!find("gateway-a"));
        world_profile("b");
        LOOK_UNTIL(find("gateway-b"));
        ck_assert_ptr_null(find("gateway-a"));
        reconcile(ASKED); /* and comes when somebody asks */
        ck_assert_ptr_nonnull(find("gateway-a"));
}
END_TEST

/* A boot that is not through tries again. What a person took away meanwhile, it does not bring back: neither what has had a
 * slot, nor what the boot had not come to. */
START_TEST(one_that_was_taken_away_during_a_boot)
{
        begin();
        world_profile("a");
        world_profile("b");
        world_put("home/profiles/a/gateway_state.json", "{\"desired_state\": \"running\"}");
        world_put("home/profiles/b/gateway_state.json", "{\"desired_state\": \"running\"}");
        world_put("scan/gateway-b", "");
        reconcile(BOOT);
        ck_assert_uint_eq(model.boot.missing, 1);
        turn_until_told(toy_at("services/gateway-a"), "u");
        toy_runs(toy_at("services/gateway-a"), 4000002, true);
        TURN_UNTIL(find("gateway-a")->shown.state == STATE_UP);
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 1}, "a", 60000, true), 0);
        TURN_UNTIL(toy_was_told(toy_at("services/gateway-a"), 'd'));
        toy_is_down(toy_at("services/gateway-a"), false, 0);
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 2}, "b", 0, true), 0);
        TURN_UNTIL(!find("gateway-a") && answer_count >= 2);
        ck_assert_int_eq(unlinkat(world_fd, "scan/gateway-b", 0), 0);
        reconcile(BOOT);
        ck_assert_ptr_null(find("gateway-a"));
        ck_assert_ptr_null(find("gateway-b"));
        reconcile(ASKED);
        ck_assert_ptr_nonnull(find("gateway-a"));
        ck_assert_ptr_nonnull(find("gateway-b"));
}
END_TEST

/* A directory that nobody has looked at yet. */
START_TEST(one_that_was_taken_away_unseen)
{
        const struct profile_facts facts = {.name = "a", .home = 7}, other = {.name = "a", .home = 8},
                                   hung = {.name = "a"}, b = {.name = "b", .home = 7};

        begin();
        home_take_away(&model.registry, "a", 0);
        ck_assert(!home_is_new(&model.registry, &facts) && !home_is_new(&model.registry, &hung));
        ck_assert(home_is_new(&model.registry, &b));
        model.registry.homes.away_count = 0;
        home_take_away(&model.registry, "a", 7);
        home_take_away(&model.registry, "a", 7);
        ck_assert_uint_eq(model.registry.homes.away_count, 1);
        ck_assert(!home_is_new(&model.registry, &facts) && !home_is_new(&model.registry, &hung));
        ck_assert(home_is_new(&model.registry, &other)); /* it was made anew */
        for (int home = 8; home < 2 * PROFILES_AWAY_MOST; home++)
                home_take_away(&model.registry, "a", home);
        ck_assert_uint_eq(model.registry.homes.away_count, PROFILES_AWAY_MOST);
}
END_TEST

/* What the volume has of it was to go with its Unregister, and could not. */
START_TEST(one_whose_record_is_to_go)
{
        begin();
        world_profile("a");
        intent("a", UP);
        owed_note(&model.registry, "a");
        reconcile(BOOT);
        expect("a", RECONCILE_REGISTERED);
}
END_TEST

START_TEST(a_container_without_gateways)
{
        begin();
        model.registry.boot_policy.no_gateways = true;
        profiles_open(&model.registry);
        ck_assert(!model.profiles.open);
        profiles_look_soon(&model.registry);
        ck_assert(!timer_is_running(&model.profiles.timer));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_boot,
                                      a_boot_makes_first_what_is_wanted,
                                      one_is_unregistered_before_its_slot_is_made,
                                      one_is_unregistered_while_the_volume_is_looked_at,
                                      what_is_forgotten,
                                      one_is_ordered_before_its_slot_is_made,
                                      what_a_boot_tells,
                                      one_that_was_lost_is_unregistered,
                                      the_volume_cannot_be_looked_at,
                                      a_dry_run,
                                      one_that_is_gone_is_removed,
#ifndef __SANITIZE_THREAD__
                                      there_is_no_memory_to_remove_one,
#endif
                                      one_that_is_locked_or_served,
                                      it_bootstraps,
                                      slots_of_the_last_container,
                                      one_after_the_other,
                                      the_broker_ends_meanwhile,
                                      a_new_profile_gets_its_gateway,
                                      a_profile_goes_and_comes,
                                      a_profile_has_another_name,
                                      one_that_was_taken_away,
                                      one_that_was_taken_away_during_a_boot,
                                      one_that_was_taken_away_unseen,
                                      one_whose_record_is_to_go,
                                      a_container_without_gateways};

        return unit_run(world_suite("order_reconcile", tests, sizeof(tests) / sizeof(tests[0])));
}
