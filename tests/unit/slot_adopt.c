/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/slot/adopt.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"

/* What a broker finds when it starts. */
static struct service *find(const char *name)
{
        return registry_find(&model.registry, name);
}

static void begin(const char *state)
{
        world_svscan();
        world_gateway("coder", state, &own, &logger);
}

static void close_both(void)
{
        svscan_is_blind = true;
        toy_close(&own);
        toy_close(&logger);
}

START_TEST(one_that_runs_is_left_as_it_is)
{
        begin(world_wanted());
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert(world_has("scan/gateway-coder"));
        TURN_UNTIL(find(CODER)->shown.state == STATE_UP);
        ck_assert_str_eq(toy_letters(&own), "");
        ck_assert_int_eq(find(CODER)->operation, OPERATION_NONE);
        ck_assert(!world_has("services/gateway-coder/down"));
        ck_assert(model.registry.fresh_boot);
        adopt_note_boot(&model.registry);
        ck_assert(!model.registry.fresh_boot);
        ck_assert_str_eq(world_text("services/.boot"), model.registry.boot);
}
END_TEST

START_TEST(another_broker_has_reconciled)
{
        begin(world_wanted());
        world_put("services/.boot", model.registry.boot);
        world_put("services/.boot.new", "half");
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert(!model.registry.fresh_boot);
        ck_assert(!world_has("services/.boot.new"));
}
END_TEST

/* Whole, and nobody supervises it: a register that a killed broker left. */
START_TEST(one_that_was_being_made)
{
        begin(NULL);
        close_both();
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->operation, OPERATION_REGISTER);
        ck_assert(find(CODER)->registration->adopted);
        svscan_is_blind = false;
        TURN_UNTIL(find(CODER)->operation == OPERATION_NONE);
        ck_assert(world_has("scan/gateway-coder"));
        TURN_UNTIL(find(CODER)->shown.state == STATE_DOWN);
}
END_TEST

/* It is never rolled back. */
START_TEST(one_that_was_being_made_and_is_late)
{
        begin(world_record(&(struct record){.want_up = true, .pending = PENDING_ORDER}));
        close_both();
        ck_assert_int_eq(adopt(&model.registry), 0);
        TURN_UNTIL(find(CODER)->place.kind == PLACE_LINKED);
        find(CODER)->registration->began_msec -= REGISTER_MOST_MSEC;
        model.registry.moved_msec -= REGISTER_MSEC;
        timer_start(&find(CODER)->registration->timer, 0);
        TURN_UNTIL(find(CODER)->operation == OPERATION_NONE);
        ck_assert(world_has("services/gateway-coder"));
        ck_assert(world_has("scan/gateway-coder"));
        svscan_is_blind = false;
        TURN_UNTIL(toy_at("services/gateway-coder"));
        turn_until_told(toy_at("services/gateway-coder"), "u");
}
END_TEST

START_TEST(one_of_the_last_container)
{
        begin(world_record(&(struct record){.want_up = true, .boot = "another"}));
        close_both();
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_ptr_null(find(CODER));
        ck_assert(model.registry.has_dead);
        ck_assert(world_has("services/gateway-coder"));
        while (adopt_remove_dead(&model.registry))
                ;
        ck_assert(!model.registry.has_dead);
        ck_assert(!world_has("services/gateway-coder"));
        ck_assert(!adopt_remove_dead(&model.registry));
}
END_TEST

START_TEST(one_that_was_being_removed)
{
        begin(world_record(&(struct record){.removing = REMOVING_ALL}));
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->operation, OPERATION_UNREGISTER);
        TURN_UNTIL(!find(CODER));
        ck_assert(!world_has("services/gateway-coder"));
        ck_assert(!world_has("scan/gateway-coder"));
}
END_TEST

/* A broker of before, which knows nothing of what is owed, has registered it since, and has written down what is wanted. */
START_TEST(what_is_owed_of_one_that_is_there_again)
{
        begin(world_wanted());
        toy_runs(&own, 4000002, true);
        world_put("services/.owed", "writer\ncoder\n");
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert(!owed_has(&model.registry, "coder") && owed_has(&model.registry, "writer"));
        ck_assert_str_eq(world_text("services/.owed"), "writer\n");
}
END_TEST

START_TEST(what_is_owed_of_one_of_the_last_container)
{
        begin(world_record(&(struct record){.want_up = true, .boot = "another"}));
        close_both();
        world_put("services/.owed", "coder\n");
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert(!owed_has(&model.registry, "coder") && !world_has("services/.owed"));
}
END_TEST

START_TEST(what_is_owed_of_one_that_is_being_removed)
{
        begin(world_record(&(struct record){.removing = REMOVING_ALL}));
        world_put("services/.owed", "coder\n");
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert(owed_has(&model.registry, "coder"));
}
END_TEST

START_TEST(halves_of_a_killed_broker)
{
        begin(NULL);
        ck_assert_int_eq(mkdirat(world_fd, "services/.gateway-half", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "services/.gateway-gone~", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "services/.gateway-coder", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "services/.other", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "services/other", 0755), 0);
        ck_assert_int_eq(registry_link(&model.registry, "gateway-gone"), 0);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert(!world_has("services/.gateway-half"));
        ck_assert(!world_has("services/.gateway-gone~"));
        ck_assert(!world_has("scan/gateway-gone"));
        ck_assert(world_has("services/.other")); /* they are nobody's that we know */
        ck_assert(world_has("services/other"));
        ck_assert_ptr_nonnull(find(CODER));
        ck_assert_uint_eq(model.registry.count, 1);
}
END_TEST

/* What was wanted is not known: what runs goes on, what does not is left to a person. */
START_TEST(a_record_that_cannot_be_read)
{
        begin("what is this");
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(adopt(&model.registry), 0);
        TURN_UNTIL(find(CODER)->shown.state == STATE_UP);
        ck_assert(find(CODER)->record.want_up);
        ck_assert_str_eq(toy_letters(&own), "");
}
END_TEST

START_TEST(a_record_that_cannot_be_read_of_one_that_is_dead)
{
        begin("what is this");
        world_put("services/.boot", model.registry.boot); /* of this container */
        close_both();
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->record.brake.hold, HOLD_HELD);
        ck_assert_int_eq(find(CODER)->record.cause, CAUSE_UNREADABLE);
        svscan_is_blind = false;
        TURN_UNTIL(find(CODER)->shown.state == STATE_HELD);
}
END_TEST

START_TEST(a_record_of_a_newer_broker)
{
        begin("{\"version\":99}");
        world_put("services/.boot", model.registry.boot);
        close_both();
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->record.cause, CAUSE_NEWER);
}
END_TEST

START_TEST(one_of_another_profile)
{
        begin(world_wanted());
        world_put("services/.boot", model.registry.boot);
        world_put("services/gateway-coder/data/profile", "writer\n");
        close_both();
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->record.cause, CAUSE_UNREADABLE);
}
END_TEST

/* The run has been told to end, and to be followed by another; it is not told once more. */
START_TEST(a_restart_that_was_under_way)
{
        begin(world_record(&(struct record){
                .want_up = true, .pending = PENDING_RESTART, .told = TOLD_RESTART, .told_pid = 4000002}));
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(adopt(&model.registry), 0);
        turn_for(20);
        ck_assert_str_eq(toy_letters(&own), "");
        ck_assert_int_eq(find(CODER)->own.goal.replace, 4000002);
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(find(CODER)->shown.state == STATE_UP);
        ck_assert_int_eq(find(CODER)->shown.restarts, 0);
}
END_TEST

/* It was sent a signal that ends a run, has gone on for long, and ends by itself. */
START_TEST(a_signal_of_long_ago)
{
        begin(world_record(&(struct record){.want_up = true,
                                            .signalled_pid = 4000002,
                                            .signalled = 1u << (signals_of_letter('i') - signal_rows),
                                            .signalled_usec = 1}));
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(adopt(&model.registry), 0);
        TURN_UNTIL(find(CODER)->shown.state == STATE_UP);
        toy_finishes(&own, true, 256);
        TURN_UNTIL(find(CODER)->shown.state == STATE_FINISHING);
        ck_assert_int_eq(find(CODER)->record.exit_order, EXIT_UNORDERED);
}
END_TEST

START_TEST(a_restart_that_was_about_to_be)
{
        begin(world_record(&(struct record){.want_up = true, .pending = PENDING_RESTART}));
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(adopt(&model.registry), 0);
        turn_until_told(&own, "urc");
}
END_TEST

/* It was told to end, and to be followed by another, and has ended since: what was to follow, finish has undone. */
START_TEST(a_restart_whose_run_has_ended)
{
        begin(world_record(&(struct record){
                .want_up = true, .told = TOLD_RESTART, .told_pid = 4000002, .told_usec = 1}));
        toy_is_down(&own, false, 0);
        ck_assert_int_eq(adopt(&model.registry), 0);
        turn_until_told(&own, "u");
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(find(CODER)->shown.state == STATE_UP);
        ck_assert_int_eq(find(CODER)->record.told, TOLD_NOTHING);
        ck_assert_int_eq(find(CODER)->record.brake.attempt, 0);
        ck_assert_int_eq(find(CODER)->shown.restarts, 0);
}
END_TEST

static void put_ended(enum exit_order order, int64_t at_usec, enum hold hold)
{
        world_put("services/gateway-coder/data/state",
                  world_record(&(struct record){.want_up = true,
                                                .brake = {.hold = hold},
                                                .has_exit = true,
                                                .exit_order = order,
                                                .exit_at_usec = at_usec}));
}

/* The last broker has seen the end that it had ordered, and not what came of its `u`. */
START_TEST(a_restart_whose_end_was_seen)
{
        begin(NULL);
        toy_finishes(&own, true, 0);
        put_ended(EXIT_ORDERED, own.since_usec, HOLD_NONE);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->own.goal.kind, GOAL_UP);
        ck_assert_int_eq(find(CODER)->own.goal.base_usec, own.since_usec);
        turn_for(20);
        ck_assert_str_eq(toy_letters(&own), ""); /* finish would undo it */
}
END_TEST

START_TEST(a_restart_that_was_undone)
{
        begin(NULL);
        toy_is_down(&own, false, 0);
        put_ended(EXIT_ORDERED, own.since_usec, HOLD_NONE);
        ck_assert_int_eq(adopt(&model.registry), 0);
        turn_until_told(&own, "u");
        ck_assert_int_eq(find(CODER)->record.brake.hold, HOLD_NONE);
}
END_TEST

static void check_no_goal(enum exit_order order, int earlier_usec, enum hold hold)
{
        begin(NULL);
        toy_is_down(&own, false, 256);
        put_ended(order, own.since_usec - earlier_usec, hold);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->own.goal.kind, GOAL_NONE);
        TURN_UNTIL(find(CODER)->record.brake.hold != HOLD_NONE);
        ck_assert_str_eq(toy_letters(&own), "");
}

START_TEST(an_end_that_nobody_ordered)
{
        check_no_goal(EXIT_UNORDERED, 0, HOLD_NONE);
}
END_TEST

START_TEST(an_end_after_the_one_that_was_ordered)
{
        check_no_goal(EXIT_ORDERED, 1, HOLD_NONE);
}
END_TEST

START_TEST(an_ordered_end_of_one_that_is_held)
{
        check_no_goal(EXIT_ORDERED, 0, HOLD_HELD);
}
END_TEST

/* The run that followed has ended as well, by itself: s6 has noted two. */
START_TEST(a_restart_that_has_ended_again)
{
        begin(world_record(&(struct record){
                .want_up = true, .told = TOLD_RESTART, .told_pid = 4000002, .told_usec = 1}));
        world_put("services/gateway-coder/supervise/death_tally", "two deaths, of 14 bytes each");
        toy_is_down(&own, false, 256);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_int_eq(find(CODER)->own.goal.kind, GOAL_NONE);
        TURN_UNTIL(find(CODER)->record.brake.hold == HOLD_BACKOFF);
}
END_TEST

/* Somebody had moved it away when the broker started, and has put it back. */
START_TEST(one_that_comes_later)
{
        begin(world_wanted());
        toy_runs(&own, 4000002, true);
        ck_assert_int_eq(renameat(world_fd, "services/gateway-coder", world_fd, "away"), 0);
        ck_assert_int_eq(adopt(&model.registry), 0);
        ck_assert_ptr_null(find(CODER));
        ck_assert_int_eq(renameat(world_fd, "away", world_fd, "services/gateway-coder"), 0);
        TURN_UNTIL(find(CODER) && find(CODER)->shown.state == STATE_UP);
}
END_TEST

START_TEST(all_that_come_later)
{
        begin(world_wanted());
        toy_runs(&own, 4000002, true);
        noted_add(&model.late, NULL);
        TURN_UNTIL(find(CODER));
        noted_add(&model.late, "none");
        noted_add(&model.late, CODER);
        turn_for(10);
        ck_assert_uint_eq(model.registry.count, 1);
}
END_TEST

START_TEST(the_services_directory_cannot_be_read)
{
        int fd = model.registry.slots.fd;

        begin(NULL);
        model.registry.slots.fd = -1;
        ck_assert_int_ne(adopt(&model.registry), 0);
        model.registry.slots.fd = fd;
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {one_that_runs_is_left_as_it_is,
                                      another_broker_has_reconciled,
                                      one_that_was_being_made,
                                      one_that_was_being_made_and_is_late,
                                      one_of_the_last_container,
                                      one_that_was_being_removed,
                                      what_is_owed_of_one_that_is_there_again,
                                      what_is_owed_of_one_of_the_last_container,
                                      what_is_owed_of_one_that_is_being_removed,
                                      halves_of_a_killed_broker,
                                      a_record_that_cannot_be_read,
                                      a_record_that_cannot_be_read_of_one_that_is_dead,
                                      a_record_of_a_newer_broker,
                                      one_of_another_profile,
                                      a_restart_that_was_under_way,
                                      a_signal_of_long_ago,
                                      a_restart_that_was_about_to_be,
                                      a_restart_whose_run_has_ended,
                                      a_restart_whose_end_was_seen,
                                      a_restart_that_was_undone,
                                      an_end_that_nobody_ordered,
                                      an_end_after_the_one_that_was_ordered,
                                      an_ordered_end_of_one_that_is_held,
                                      a_restart_that_has_ended_again,
                                      one_that_comes_later,
                                      all_that_come_later,
                                      the_services_directory_cannot_be_read};

        return unit_run(world_suite("slot_adopt", tests, sizeof(tests) / sizeof(tests[0])));
}
