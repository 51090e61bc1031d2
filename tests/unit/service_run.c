/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"
#include "daemon/service/halts.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/restart.h"
#include "daemon/service/turn.h"

/* A gateway and its logger, from order to reply, with s6-supervises that the test plays. */
static struct service *service;
static struct ready waiting;
static struct waiter waiter;
static int woken;

static bool is_woken(struct ready *ready)
{
        woken++;
        return false;
}

static enum service_state state(void)
{
        return service->shown.state;
}

static enum trouble trouble(void)
{
        return service->shown.trouble;
}

static pid_t logger_pid;

static void begin(void)
{
        world_gateway("coder", NULL, &own, &logger);
        logger_pid = world_process();
        toy_runs(&logger, logger_pid, true);
        service = world_adopt(CODER);
        ready_init(&waiting, &model.registry.ready, is_woken);
        waiter_init(&waiter, &waiting);
}

/* As an order does. */
static void order(bool up)
{
        restart_forgive(service);
        service->record.want_up = up;
        service->record.pending = PENDING_ORDER;
        ck_assert_int_eq(service_save(service), 0);
        service_set_goal(service, up ? GOAL_UP : GOAL_DOWN, 0);
        service_wake(service);
}

#define UNTIL_STATE(wanted) TURN_UNTIL(state() == (wanted))

static void start(pid_t pid)
{
        order(true);
        turn_until_told(&own, "u");
        toy_runs(&own, pid, true);
        UNTIL_STATE(STATE_UP);
}

START_TEST(it_is_started_and_stopped)
{
        struct wait wait = {.waiter = &waiter};

        begin();
        ck_assert_int_eq(state(), STATE_DOWN);
        service_add_wait(service, &wait);
        order(true);
        UNTIL_STATE(STATE_STARTING);
        turn_until_told(&own, "u");
        ck_assert_int_eq(service->record.pending, PENDING_NOTHING); /* it is s6-supervise's now */
        toy_runs(&own, 4000002, true);
        UNTIL_STATE(STATE_UP);
        turn_for(5);
        ck_assert_ptr_eq(waiter_take(&waiter), &wait);
        ck_assert_int_eq(wait.fault.kind, FAULT_NONE);
        ck_assert_int_eq(woken, 1);
        ck_assert_int_eq(service->shown.pid, 4000002);

        order(false);
        turn_until_told(&own, "d");
        UNTIL_STATE(STATE_STOPPING);
        ck_assert_int_eq(service->record.told, TOLD_DOWN);
        ck_assert_int_eq(service->record.told_pid, 4000002);
        toy_finishes(&own, false, SIGTERM);
        UNTIL_STATE(STATE_FINISHING);
        toy_is_down(&own, false, SIGTERM);
        UNTIL_STATE(STATE_DOWN);
        ck_assert_int_eq(service->record.told, TOLD_NOTHING);
        ck_assert_int_eq(service->shown.exit_signal, SIGTERM);
        ck_assert_int_eq(service->shown.restarts, 0);
        ck_assert_str_eq(toy_letters(&logger), "");
}
END_TEST

/* A crash, after which s6 starts it within its second; then a Stop, which s6-supervise reads at once or not, and a
 * Start. */
static void stop_and_start_what_s6_starts(bool deaf)
{
        begin();
        start(4000002);
        toy_is_down(&own, true, SIGSEGV);
        TURN_UNTIL(!service->own.status.pid);
        own.deaf = deaf;
        order(false);
        TURN_UNTIL(service->own.told_down);
        if (!deaf)
                turn_until_told(&own, "d");
        order(true);
}

static void comes_up(void)
{
        toy_runs(&own, 4000004, true);
        UNTIL_STATE(STATE_UP);
        ck_assert_int_eq(service->own.told, TOLD_NOTHING);
        ck_assert_int_eq(service->record.brake.hold, HOLD_NONE);
        ck_assert_int_eq(service->record.brake.restarts, 0);
        ck_assert_str_eq(toy_letters(&own), "");
}

/* s6-supervise read the `d` when the next run had begun, which was not seen. */
START_TEST(a_stop_meets_a_run_that_nobody_saw)
{
        struct wait wait = {.waiter = &waiter};

        stop_and_start_what_s6_starts(false);
        service_add_wait(service, &wait);
        toy_is_down(&own, false, SIGTERM);
        turn_until_told(&own, "u");
        ck_assert_int_eq(service->record.exit_order, EXIT_ORDERED);
        comes_up();
        TURN_UNTIL(woken);
        ck_assert_ptr_eq(waiter_take(&waiter), &wait);
        ck_assert_int_eq(wait.fault.kind, FAULT_NONE);
}
END_TEST

/* It has begun, and is to end once, by the `d` before the `u`. */
static void ends_once(void)
{
        ck_assert_int_eq(service->own.told, TOLD_RESTART);
        ck_assert_int_eq(service->record.told_pid, 4000003);
        toy_is_down(&own, true, SIGTERM);
        TURN_UNTIL(service->record.exit_order == EXIT_ORDERED);
        comes_up();
}

START_TEST(a_stop_meets_a_run_before_it_is_read)
{
        stop_and_start_what_s6_starts(true);
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(service->own.told == TOLD_RESTART);
        own.deaf = false;
        turn_until_told(&own, "du");
        ends_once();
}
END_TEST

START_TEST(a_stop_meets_a_run_as_it_is_read)
{
        stop_and_start_what_s6_starts(false);
        toy_runs(&own, 4000003, false);
        turn_until_told(&own, "u");
        ends_once();
}
END_TEST

/* It read the `d` first: what begins then was told nothing. */
START_TEST(a_stop_that_came_first)
{
        stop_and_start_what_s6_starts(false);
        toy_stays_down(&own, SIGSEGV);
        turn_until_told(&own, "u");
        comes_up();
}
END_TEST

START_TEST(a_stop_that_came_before_what_somebody_starts)
{
        stop_and_start_what_s6_starts(false);
        comes_up();
}
END_TEST

static bool past_says(const char *words)
{
        const struct past_of *of = past_of(&model.registry.history.past, CODER);

        for (const struct past_event *at = of ? of->first : NULL; at; at = at->next)
                if (strstr(at->line, words))
                        return true;
        return false;
}

static void signal_it(char letter)
{
        const char letters[] = {letter, '\0'};

        service_signal(service, (unsigned)(signals_of_letter(letter) - signal_rows));
        service_wake(service);
        turn_until_told(&own, letters);
}

static void put_tally(unsigned deaths)
{
        /* In a minute from now: TAI64N, exit code, signal. */
        const uint64_t seconds = htobe64((UINT64_C(1) << 62) + 37 + 60 + (uint64_t)time(NULL));
        unsigned char death[14] = {0};
        int fd = openat(world_fd, "services/gateway-coder/supervise/death_tally",
                        O_WRONLY | O_CREAT | O_TRUNC, 0644);

        memcpy(death, &seconds, sizeof(seconds));
        for (unsigned i = 0; i < deaths; i++)
                ck_assert_int_eq(write(fd, death, sizeof(death)), sizeof(death));
        close(fd);
}

static unsigned tally(void)
{
        unsigned deaths = 99;

        ck_assert_int_eq(s6_tally_count(model.registry.slots.fd, CODER, &deaths), 0);
        return deaths;
}

/* Its end is told as what it is, to whoever asks, and later. */
START_TEST(what_a_signal_ends_was_ordered)
{
        begin();
        start(4000002);
        put_tally(4);
        signal_it('1');
        ck_assert_uint_eq(tally(), 4); /* it goes on */
        signal_it('k');
        ck_assert_uint_eq(tally(), 0); /* finish counts that end before the broker sees it */
        toy_finishes(&own, true, SIGKILL);
        UNTIL_STATE(STATE_FINISHING);
        ck_assert_int_eq(service->record.exit_order, EXIT_ORDERED);
        ck_assert(past_says("\"signal\":\"SIGKILL\",\"ordered\":true"));
        toy_runs(&own, 4000003, true);
        UNTIL_STATE(STATE_UP);
        toy_finishes(&own, true, SIGKILL);
        UNTIL_STATE(STATE_FINISHING);
        ck_assert_int_eq(service->record.exit_order, EXIT_UNORDERED);
        ck_assert(past_says("\"signal\":\"SIGKILL\",\"ordered\":false"));
}
END_TEST

START_TEST(another_order_overtakes)
{
        struct wait wait = {.waiter = &waiter};

        begin();
        order(true);
        service_add_wait(service, &wait);
        turn_until_told(&own, "u");
        toy_is_down(&own, true, 0);
        turn_for(5);
        order(false);
        turn_until_told(&own, "d");
        ck_assert_ptr_eq(waiter_take(&waiter), &wait);
        ck_assert_int_eq(wait.fault.kind, FAULT_SUPERSEDED);
        service_add_wait(service, &wait);
        service_remove_wait(service, &wait);
        ck_assert_ptr_null(service->waits);
}
END_TEST

/* s6-supervise has read its `u`, or has not, and no status says so: it is not down because the last one does. */
START_TEST(it_is_stopped_before_its_start_shows)
{
        struct wait wait = {.waiter = &waiter}, *taken = NULL;

        begin();
        order(true);
        turn_until_told(&own, "u");
        order(false);
        service_add_wait(service, &wait);
        turn_for(20);
        ck_assert_int_eq(service->own.goal.kind, GOAL_DOWN);
        ck_assert_str_eq(toy_letters(&own), ""); /* a gateway takes a second TERM for impatience */
        toy_runs(&own, 4000002, true);
        turn_until_told(&own, "d");
        ck_assert_ptr_null(waiter_take(&waiter));
        toy_is_down(&own, false, SIGTERM);
        UNTIL_STATE(STATE_DOWN);
        TURN_UNTIL(taken || (taken = waiter_take(&waiter)));
        ck_assert_ptr_eq(taken, &wait);
        ck_assert_int_eq(wait.fault.kind, FAULT_NONE);
}
END_TEST

/* What it wrote meanwhile is what it wrote before. */
START_TEST(it_is_stopped_by_two)
{
        begin();
        order(true);
        turn_until_told(&own, "u");
        order(false);
        turn_for(5);
        toy_is_down(&own, true, 0);
        toy_is_down(&own, false, 0); /* somebody of root's was sooner */
        TURN_UNTIL(service->own.goal.kind == GOAL_NONE);
}
END_TEST

START_TEST(it_is_restarted)
{
        begin();
        start(4000002);
        service_set_goal(service, GOAL_UP, 4000002);
        service_wake(service);
        turn_until_told(&own, "urc");
        UNTIL_STATE(STATE_STOPPING);
        toy_runs(&own, 4000003, true);
        UNTIL_STATE(STATE_UP);
        ck_assert_int_eq(service->shown.restarts, 0); /* it was ordered */
        ck_assert_int_eq(service->own.goal.kind, GOAL_NONE);
}
END_TEST

/* It ends, is braked, tried, ends again, waits longer, is tried, and lasts. */
static void live(struct toy *toy, struct run *run)
{
        model.registry.settle_msec =
                2 * WORLD_DEADLINE_MSEC; /* however busy the machine is, its runs are short */
        for (unsigned attempt = 1; attempt < 4; attempt++) {
                toy_is_down(toy, false, 0x0300);
                TURN_UNTIL(run->brake->hold == HOLD_BACKOFF && run->brake->next_start_usec);
                ck_assert_uint_eq(run->brake->attempt, attempt);
                turn_until_told(toy, "o");
                ck_assert_int_eq(run->brake->next_start_usec, 0);
                toy_runs(toy, 4000010 + (pid_t)attempt, false);
                TURN_UNTIL(run->brake->restarts == attempt);
        }
        model.registry.settle_msec = SETTLE_MSEC;
        service_wake(service);
        turn_until_told(toy, "u");
        toy_runs(toy, 4000013, true);
        TURN_UNTIL(run->brake->hold == HOLD_NONE);
        turn_for(2 * SEND_AGAIN_MSEC);
        ck_assert_int_eq(run->brake->hold, HOLD_NONE);
        ck_assert_str_eq(toy_letters(toy), "");
}

START_TEST(a_gateway_keeps_ending)
{
        begin();
        start(4000002);
        live(&own, &service->own);
        ck_assert_int_eq(state(), STATE_UP);
        ck_assert_int_eq(service->shown.restarts, 3);
        ck_assert_int_eq(service->shown.log_restarts, 0);
}
END_TEST

START_TEST(a_logger_keeps_ending)
{
        begin();
        start(4000002);
        live(&logger, &service->logger);
        ck_assert_int_eq(state(), STATE_UP);
        ck_assert_int_eq(service->shown.restarts, 0);
        ck_assert_int_eq(service->shown.log_restarts, 3);
        ck_assert_int_eq(trouble(), TROUBLE_NONE);
}
END_TEST

static void limit_files(rlim_t limit)
{
        struct rlimit files;

        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
        files.rlim_cur = limit;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

/* What was not given has not failed. */
START_TEST(a_try_without_descriptors)
{
        struct brake *brake;
        struct rlimit before;
        int64_t due_usec;
        int next = dup(0);

        close(next);
        begin();
        start(4000002);
        brake = &service->record.brake;
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        model.registry.backoff.first_msec = model.registry.backoff.most_msec = 3600000;
        toy_is_down(&own, false, 256);
        TURN_UNTIL(brake->hold == HOLD_BACKOFF);
        limit_files((rlim_t)next);
        brake->next_start_usec = due_usec = clock_utc_usec();
        service_wake(service);
        TURN_UNTIL(brake->next_start_usec != due_usec);
        ck_assert_int_gt(brake->next_start_usec, due_usec); /* 0: it is under way */
        limit_files(before.rlim_cur);
        turn_until_told(&own, "o");
        ck_assert_uint_eq(brake->attempt, 1);
        ck_assert_int_eq(brake->hold, HOLD_BACKOFF);
        ck_assert(!world_has("services/gateway-coder/down"));
}
END_TEST

/* s6 was about to start it. */
START_TEST(a_hold_without_descriptors)
{
        struct rlimit before;
        int next = dup(0);

        close(next);
        begin();
        start(4000002);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        toy_is_down(&own, true, SIGSEGV);
        TURN_UNTIL(!service->own.status.pid);
        limit_files((rlim_t)next);
        service->record.gone = true;
        service_wake(service);
        TURN_UNTIL(service->record.brake.hold == HOLD_HELD);
        limit_files(before.rlim_cur);
        turn_until_told(&own, "d");
        service_wake(service);
        turn_for(20);
        ck_assert_str_eq(toy_letters(&own), "");
        toy_stays_down(&own, SIGSEGV);
        UNTIL_STATE(STATE_HELD);
        TURN_UNTIL(world_has("services/gateway-coder/down"));
}
END_TEST

START_TEST(a_logger_is_tried_when_a_person_asks)
{
        char text[RECORD_REASON_BYTES];

        begin();
        start(4000002);
        model.registry.backoff.first_msec = model.registry.backoff.most_msec = 3600000;
        toy_is_down(&logger, false, 0x6f00);
        TURN_UNTIL(service->shown.trouble == TROUBLE_LOGGER);
        service_describe_logger(service, text, sizeof(text));
        ck_assert_str_eq(text, "its logger keeps ending: with exit code 111; attempt 1 waits 3600 s");
        ck_assert_str_eq(service->shown.reason, text);
        restart_forgive(service);
        turn_until_told(&logger, "u");
        toy_runs(&logger, 4000101, true);
        TURN_UNTIL(service->shown.trouble == TROUBLE_NONE);
        ck_assert_int_eq(service->shown.log_restarts, 0);
}
END_TEST

START_TEST(a_configuration_error_is_not_tried_again)
{
        begin();
        start(4000002);
        toy_is_down(&own, false, 78 << 8);
        UNTIL_STATE(STATE_FAILED);
        turn_for(3 * BACKOFF_MSEC);
        ck_assert_str_eq(toy_letters(&own), "");
        restart_reset(service);
        service_show(service);
        ck_assert_int_eq(state(), STATE_HELD);
        ck_assert_int_eq(service->shown.cause, CAUSE_FORGIVEN);
        start(4000003);
}
END_TEST

START_TEST(one_that_runs_elsewhere_is_looked_at)
{
        begin();
        start(4000002);
        model.registry.backoff.elsewhere_msec = 100;
        toy_is_down(&own, false, 69 << 8);
        UNTIL_STATE(STATE_HELD);
        ck_assert_int_eq(service->shown.cause, CAUSE_ELSEWHERE);
        turn_until_told(&own, "o"); /* nobody holds a lock on this volume */
        ck_assert_int_eq(service->asks, ASK_NOTHING);
}
END_TEST

START_TEST(a_try_that_asks_for_another_gets_it)
{
        begin();
        start(4000002);
        model.registry.settle_msec = 2 * WORLD_DEADLINE_MSEC; /* its runs are short */
        toy_is_down(&own, false, 75 << 8);
        turn_until_told(&own, "o");
        put_tally(1);
        toy_runs(&own, 4000003, false);
        turn_for(5);
        toy_is_down(&own, false, 75 << 8);
        turn_until_told(&own, "o");
        ck_assert_uint_eq(service->record.brake.attempt, 1); /* that was free */
        put_tally(RESTARTS_FREE + 1);
        toy_runs(&own, 4000004, false);
        turn_for(5);
        toy_is_down(&own, false, 75 << 8);
        TURN_UNTIL(service->record.brake.attempt == 2);
}
END_TEST

START_TEST(its_supervisor_ends)
{
        begin();
        start(4000002);
        toy_close(&own);
        UNTIL_STATE(STATE_UNSUPERVISED);
        ck_assert_int_eq(trouble(), TROUBLE_UNSUPERVISED);
        toy_open(&own, "services/gateway-coder");
        toy_runs(&own, 4000003, true);
        UNTIL_STATE(STATE_UP);
        toy_close(&logger);
        TURN_UNTIL(service->shown.trouble == TROUBLE_LOGGER);
        ck_assert_str_eq(service->shown.reason, "its logger does not run: no s6-supervise runs for it");
}
END_TEST

/* It has begun, and runs nothing: that is no end of what was ordered. */
START_TEST(its_supervisor_is_replaced_while_it_is_to_start)
{
        struct wait wait = {.waiter = &waiter};

        begin();
        service_add_wait(service, &wait);
        order(true);
        turn_until_told(&own, "u");
        toy_close(&own);
        UNTIL_STATE(STATE_UNSUPERVISED);
        toy_open(&own, "services/gateway-coder");
        toy_begins(&own, false);
        turn_until_told(&own, "u");
        ck_assert_int_eq(service->record.brake.attempt, 0);
        toy_runs(&own, 4000002, true);
        UNTIL_STATE(STATE_UP);
        turn_for(5);
        ck_assert_ptr_eq(waiter_take(&waiter), &wait);
        ck_assert_int_eq(wait.fault.kind, FAULT_NONE);
}
END_TEST

/* The next one obeys the down file, which says up: it has run nothing yet, and so nothing has ended. */
START_TEST(its_supervisor_is_replaced_while_it_is_tried)
{
        begin();
        start(4000002);
        toy_is_down(&own, false, 1 << 8);
        turn_until_told(&own, "o");
        ck_assert(!world_has("services/gateway-coder/down"));
        toy_close(&own);
        UNTIL_STATE(STATE_UNSUPERVISED);
        toy_open(&own, "services/gateway-coder");
        toy_begins(&own, true);
        TURN_UNTIL(service->own.supervised);
        turn_for(3 * BACKOFF_MSEC);
        ck_assert_uint_eq(service->record.brake.attempt, 1);
        ck_assert(!world_has("services/gateway-coder/down"));
        ck_assert_str_eq(toy_letters(&own), "");
        toy_runs(&own, 4000003, true);
        UNTIL_STATE(STATE_UP);
        TURN_UNTIL(service->record.brake.hold == HOLD_NONE);
        ck_assert_uint_eq(service->record.brake.attempt, 1);
}
END_TEST

/* s6-supervise ends with its run (`x`), and another one begins before any of it is seen. */
static void is_replaced(void)
{
        toy_finishes(&own, true, 1 << 8);
        toy_close(&own);
        toy_open(&own, "services/gateway-coder");
        toy_begins(&own, true);
}

static void it_ended_unseen(pid_t pid)
{
        TURN_UNTIL(service->own.supervised && service->shown.pid == pid);
        ck_assert(!service->record.has_exit);
        ck_assert(past_says("\"event\":\"ended\""));
        ck_assert(!past_says("\"code\":"));
        ck_assert_uint_eq(service->deaths[DEATH_SUCCESS], 0);
}

START_TEST(its_supervisor_is_replaced_unseen)
{
        begin();
        start(4000002);
        is_replaced();
        it_ended_unseen(0);
        toy_runs(&own, 4000003, true);
        UNTIL_STATE(STATE_UP);
        ck_assert_int_eq(service->shown.restarts, 1);
}
END_TEST

START_TEST(its_supervisor_is_replaced_and_has_started_it_unseen)
{
        begin();
        start(4000002);
        is_replaced();
        toy_runs(&own, 4000003, true);
        it_ended_unseen(4000003);
        UNTIL_STATE(STATE_UP);
        ck_assert_int_eq(service->shown.restarts, 1);
}
END_TEST

/* It is the same one, and what it counts says so. */
START_TEST(it_ended_with_0_unseen)
{
        begin();
        start(4000002);
        put_tally(1);
        toy_finishes(&own, true, 0);
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(service->shown.pid == 4000003);
        ck_assert(service->record.has_exit);
        ck_assert_int_eq(service->record.exit_code, 0);
        ck_assert_uint_eq(service->deaths[DEATH_SUCCESS], 1);
}
END_TEST

START_TEST(its_supervisor_ends_as_it_did)
{
        begin();
        start(4000002);
        toy_finishes(&own, true, 1 << 8);
        toy_close(&own);
        TURN_UNTIL(service->record.has_exit);
        ck_assert_int_eq(service->record.exit_code, 1);
}
END_TEST

START_TEST(orders_that_nobody_reads)
{
        pid_t pid;

        begin();
        pid = world_process();
        start(pid);
        ck_assert_ptr_null(obstacle_now(service));
        order(false);
        UNTIL_STATE(STATE_STOPPING);
        ck_assert_str_eq(obstacle_now(service), view_unread_text);
        TURN_UNTIL(service->shown.trouble == TROUBLE_UNREAD);
        ck_assert_str_eq(service->shown.reason, view_unread_text);
        ck_assert_str_eq(toy_letters(&own), "d");
        TURN_UNTIL(service->shown.trouble == TROUBLE_NONE);
        toy_finishes(&own, false, 0);
        UNTIL_STATE(STATE_FINISHING);
        ck_assert_str_eq(obstacle_now(service), "its finish script does not end");
        kill(pid, SIGKILL);
}
END_TEST

/* Its KILL is due, and no letter more finds room: it is tried again, and not at once each time. */
START_TEST(a_kill_that_finds_no_room)
{
        char unread[4096];
        int fifo;

        begin();
        start(4000002);
        order(false);
        service->own.goal.kill_after_msec = 3600000;
        turn_until_told(&own, "d");
        fifo = openat(world_fd, "services/gateway-coder/supervise/control",
                      O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_ge(fifo, 0);
        while (write(fifo, "c", 1) == 1)
                ;
        close(fifo);
        service->own.kill_msec = clock_msec();
        service_wake(service);
        TURN_UNTIL(service->own.send_error == SEND_ERROR_FULL);
        ck_assert_int_ne(service->own.kill_msec, 0);
        ck_assert(run_kill_wait_msec(&service->own) == INT64_MAX);
        while (read(own.fifo, unread, sizeof(unread)) > 0)
                ;
        TURN_UNTIL(toy_was_told(&own, 'k'));
        ck_assert_int_eq(service->own.kill_msec, 0);
}
END_TEST

/* Its order's end has come: what ends it later kills nobody. */
START_TEST(a_kill_is_of_its_order)
{
        begin();
        start(4000002);
        service->record.kill_after_msec = 3600000;
        order(false);
        turn_until_told(&own, "d");
        ck_assert_uint_eq(service->record.kill_after_msec, 3600000);
        toy_finishes(&own, false, SIGTERM);
        UNTIL_STATE(STATE_FINISHING);
        ck_assert_uint_eq(service->record.kill_after_msec, 0);
}
END_TEST

/* It is not over yet: the run was told to end, and to be followed by another, before somebody wanted it down. */
START_TEST(a_kill_of_an_order_that_goes_on)
{
        begin();
        start(4000002);
        service_set_goal(service, GOAL_UP, 4000002);
        service_wake(service);
        turn_until_told(&own, "urc");
        service->record.kill_after_msec = 3600000;
        service->record.want_up = false;
        service->record.pending = PENDING_ORDER;
        service->ordered.number++; /* it waits for the volume */
        toy_runs(&own, 4000003, true);
        TURN_UNTIL(service->shown.pid == 4000003);
        ck_assert_uint_eq(service->record.kill_after_msec, 3600000);
}
END_TEST

START_TEST(a_process_that_is_stopped)
{
        pid_t pid;

        begin();
        pid = world_process();
        start(pid);
        halts_look(service);
        ck_assert_int_eq(trouble(), TROUBLE_NONE);
        kill(pid, SIGSTOP);
        while (process_state(pid) != PROCESS_STATE_STOPPED) /* it is, as soon as it is scheduled */
                turn_once();
        halts_look_at_all(&model.registry);
        TURN_UNTIL(service->shown.trouble == TROUBLE_STOPPED);
        /* It would not see its TERM. */
        service_set_goal(service, GOAL_UP, pid);
        service_wake(service);
        turn_until_told(&own, "urc");
        kill(pid, SIGKILL);
}
END_TEST

START_TEST(a_short_run_is_counted)
{
        begin();
        start(4000002);
        toy_is_down(&own, true, 0x0100);
        UNTIL_STATE(STATE_BACKOFF);
        ck_assert_str_eq(service->shown.reason, "it ended; s6 starts it again");
        toy_is_down(&own, true, 0x0200); /* it ran meanwhile */
        TURN_UNTIL(service->shown.exit_code == 2);
        ck_assert_int_eq(service->shown.restarts, 1);
}
END_TEST

/* The broker finds what the one before it was about to do. */
static void write_record(const struct record *record)
{
        struct record its = *record;
        struct text text;

        text_init(&text);
        snprintf(its.boot, sizeof(its.boot), "%s", model.registry.boot);
        record_write(&its, NULL, &text);
        text_append(&text, "", 1);
        world_gateway("coder", text.bytes, &own, &logger);
        text_deinit(&text);
}

START_TEST(a_stop_that_was_under_way)
{
        write_record(&(struct record){.pending = PENDING_ORDER});
        toy_runs(&own, 4000002, true);
        service = world_adopt(CODER);
        turn_until_told(&own, "d");
        ck_assert_int_eq(service->own.told, TOLD_DOWN);
}
END_TEST

START_TEST(a_start_that_was_under_way)
{
        write_record(&(struct record){.want_up = true, .pending = PENDING_ORDER});
        service = world_adopt(CODER);
        turn_until_told(&own, "u");
        ck_assert_int_eq(service->queued, QUEUED_FOR_NOTHING);
}
END_TEST

START_TEST(a_try_of_another_broker)
{
        write_record(&(struct record){.want_up = true, .brake = {.hold = HOLD_BACKOFF, .attempt = 3}});
        service = world_adopt(CODER);
        TURN_UNTIL(service->record.brake.attempt == 4);
        turn_until_told(&own, "o");
}
END_TEST

/* Each is looked at in a step of its own: the loop has others to serve. */
START_TEST(events_were_lost)
{
        struct watch *watch = &model.registry.watch;

        begin();
        TURN_UNTIL(!ready_is_waiting(&service->ready));
        watch_remove(watch, service->own.wd); /* nothing tells of what comes now */
        toy_runs(&own, 4000002, true);
        watch->notify(watch->owner, NULL, WATCH_OVERFLOW, NULL);
        ck_assert(ready_is_waiting(&service->ready));
        ck_assert_int_eq(service->own.status.pid, 0);
        TURN_UNTIL(service->own.status.pid == 4000002);
        ck_assert(!service->unseen);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {it_is_started_and_stopped,
                                      a_stop_meets_a_run_that_nobody_saw,
                                      a_stop_meets_a_run_before_it_is_read,
                                      a_stop_meets_a_run_as_it_is_read,
                                      a_stop_that_came_first,
                                      a_stop_that_came_before_what_somebody_starts,
                                      what_a_signal_ends_was_ordered,
                                      it_is_stopped_before_its_start_shows,
                                      it_is_stopped_by_two,
                                      another_order_overtakes,
                                      it_is_restarted,
                                      a_gateway_keeps_ending,
                                      a_logger_keeps_ending,
                                      a_try_without_descriptors,
                                      a_hold_without_descriptors,
                                      a_logger_is_tried_when_a_person_asks,
                                      a_configuration_error_is_not_tried_again,
                                      one_that_runs_elsewhere_is_looked_at,
                                      a_try_that_asks_for_another_gets_it,
                                      its_supervisor_ends,
                                      its_supervisor_is_replaced_while_it_is_to_start,
                                      its_supervisor_is_replaced_unseen,
                                      its_supervisor_is_replaced_and_has_started_it_unseen,
                                      it_ended_with_0_unseen,
                                      its_supervisor_ends_as_it_did,
                                      orders_that_nobody_reads,
                                      a_kill_that_finds_no_room,
                                      a_kill_is_of_its_order,
                                      a_kill_of_an_order_that_goes_on,
                                      a_process_that_is_stopped,
                                      a_short_run_is_counted,
                                      a_stop_that_was_under_way,
                                      a_start_that_was_under_way,
                                      a_try_of_another_broker,
                                      its_supervisor_is_replaced_while_it_is_tried,
                                      events_were_lost};

        return unit_run(world_suite("service_run", tests, sizeof(tests) / sizeof(tests[0])));
}
