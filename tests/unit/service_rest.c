/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"
#include "daemon/keep/survey.h"
#include "daemon/service/home.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/persist.h"
#include "daemon/service/poll.h"
#include "daemon/service/release.h"
#include "daemon/service/restart.h"
#include "daemon/service/turn.h"
#include "daemon/service/volume_room.h"
#include "daemon/service/watches.h"
#include "daemon/slot/scan.h"

/* What belongs to no single run: who may run, whose turn it is, what the volume has. */
static struct toy other, other_logger;

static struct service *find(const char *name)
{
        struct service *service = registry_find(&model.registry, name);

        ck_assert_ptr_nonnull(service);
        return service;
}

static void two_gateways(void)
{
        world_gateway("coder", NULL, &own, &logger);
        world_gateway("default", NULL, &other, &other_logger);
        world_adopt(CODER);
}

static void put_file(const char *path, const char *text)
{
        int fd = openat(world_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
}

static void want(struct service *service)
{
        service->record.want_up = true;
        ck_assert_int_eq(service_save(service), 0);
}

START_TEST(the_default_serves_every_profile)
{
        struct service *coder, *its_default;

        put_file("home/config.yaml",
                 "multiplex_profiles: true\n"); /* it is looked at whenever a gateway ends */
        two_gateways();
        coder = find(CODER);
        its_default = find("gateway-default");
        toy_runs(&logger, world_process(), true);
        want(coder);
        want(its_default);
        multiplex_take(&model.registry, MULTIPLEX_CONFIG_UNREADABLE);
        ck_assert(!restart_is_served(coder));
        multiplex_take(&model.registry, MULTIPLEX_CONFIG_ON);
        ck_assert(restart_is_served(coder));
        ck_assert(!restart_is_served(its_default));
        service_wake(coder);
        service_wake(its_default);
        TURN_UNTIL(coder->shown.state == STATE_HELD);
        ck_assert_int_eq(coder->shown.cause, CAUSE_SERVED);
        TURN_UNTIL(coder->shown.trouble == TROUBLE_NONE);
        ck_assert(release_is_held(&coder->record, MULTIPLEX_REASON));
        TURN_UNTIL(its_default->record.brake.hold == HOLD_BACKOFF);
        /* And when it does no more, it is started. */
        put_file("home/config.yaml", "multiplex_profiles: false\n");
        multiplex_take(&model.registry, MULTIPLEX_CONFIG_OFF);
        turn_until_told(&own, "u");
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(coder->shown.state == STATE_UP);
}
END_TEST

START_TEST(an_option_of_another_broker)
{
        struct service *coder;

        two_gateways();
        coder = find(CODER);
        want(coder);
        multiplex_init(&model.registry, MULTIPLEX_IS_ON);
        restart_take_option(coder);
        ck_assert_int_eq(coder->record.brake.hold, HOLD_HELD);
        multiplex_init(&model.registry, MULTIPLEX_IS_OFF);
        restart_take_option(coder);
        ck_assert_int_eq(coder->record.brake.hold, HOLD_NONE);
        ck_assert_int_eq(coder->record.pending, PENDING_ORDER);
        multiplex_init(&model.registry, MULTIPLEX_FROM_CONFIG);
        ck_assert(multiplex_asks_volume(&model.registry));
}
END_TEST

START_TEST(starts_that_nobody_waits_for_have_turns)
{
        struct service *coder, *its_default;

        two_gateways();
        coder = find(CODER);
        its_default = find("gateway-default");
        model.registry.stagger.at_once = 1;
        want(coder);
        want(its_default);
        coder->record.pending = its_default->record.pending = PENDING_ORDER;
        stagger_start(coder);
        stagger_start(its_default);
        turn_until_told(&other, "u");
        turn_for(20);
        ck_assert(coder->queued);
        ck_assert_str_eq(toy_letters(&own), "");
        toy_runs(&other, 4000002, true);
        turn_until_told(&own, "u");
        ck_assert(!coder->queued);
}
END_TEST

START_TEST(a_profile_that_is_gone)
{
        struct profile_facts facts = {.exists = true, .home = 4711};
        struct service *coder;

        two_gateways();
        coder = find(CODER);
        want(coder);
        snprintf(facts.name, sizeof(facts.name), "coder");
        home_judge_one(coder, &facts);
        ck_assert_int_eq(coder->record.home, 4711);
        facts.exists = false;
        home_judge_one(coder, &facts);
        ck_assert(coder->record.gone);
        TURN_UNTIL(coder->shown.state == STATE_HELD);
        ck_assert_str_eq(coder->shown.reason, HOME_GONE_REASON);
        ck_assert_int_eq(coder->shown.cause, CAUSE_NONE);
        facts.exists = true;
        home_judge_one(coder, &facts);
        ck_assert(!coder->record.gone);
        turn_until_told(&own, "u");
}
END_TEST

START_TEST(a_profile_that_has_another_name)
{
        struct service *coder;

        two_gateways();
        coder = find(CODER);
        toy_runs(&own, 4000002, true);
        want(coder);
        TURN_UNTIL(coder->shown.state == STATE_UP);
        coder->record.kill_after_msec = 60000;
        home_end(coder);
        ck_assert_uint_eq(coder->record.kill_after_msec, 0);
        turn_until_told(&own, "d");
        home_take_away(&model.registry, coder->profile, coder->record.home);
        ck_assert_uint_eq(model.registry.homes.away_count, 1);
        ck_assert(!home_is_new(&model.registry, &(struct profile_facts){.name = "coder"}));
}
END_TEST

/* Those that are first by name always have something new: the last one gets to the volume all the same. */
START_TEST(every_past_gets_to_the_volume)
{
        struct past *past = &model.registry.history.past;
        const struct event event = {.kind = EVENT_CONTAINER, .at_usec = 1};
        char name[32];

        two_gateways();
        for (unsigned round = 0; round < 2; round++) {
                for (unsigned i = 0; i < PAST_PARTS; i++) {
                        snprintf(name, sizeof(name), "gateway-a%02u", i);
                        if (!registry_find(&model.registry, name))
                                ck_assert_ptr_nonnull(service_new(&model.registry, name, true));
                        find(name)->past_is_known = true;
                        ck_assert(past_add(past, name, &event));
                }
                find(CODER)->past_is_known = find("gateway-default")->past_is_known = true;
                if (round == 0)
                        ck_assert(past_add(past, CODER, &event));
                ready_wake(&model.registry.history.volume_ready);
                TURN_UNTIL(!past_waits_for_volume(past_of(past, "gateway-a00")));
        }
        ck_assert(!past_waits_for_volume(past_of(past, CODER)));
}
END_TEST

/* What the volume has of it: an event, and after that so many lines that are none. */
static bool past_is_found_before(size_t lines)
{
        struct service *coder = find(CODER);
        const struct past_of *of;
        struct text text;

        text_init(&text);
        text_append_string(&text, "{\"at_usec\":1,\"event\":\"container\"}\n");
        while (lines--)
                text_append_string(&text, "[\n");
        text_append(&text, "", 1);
        ck_assert(!text.failed);
        put_file("home/.svcbroker/history/coder", text.bytes);
        text_deinit(&text);
        coder->past_is_known = false;
        ready_wake(&model.registry.history.volume_ready);
        TURN_UNTIL(coder->past_is_known && !model.registry.history.volume_busy);
        of = past_of(&model.registry.history.past, CODER);
        return of && past_is_from_volume(of->first);
}

START_TEST(so_many_lines_of_a_past_are_looked_at)
{
        two_gateways();
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker", 0700), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker/history", 0700), 0);
        ck_assert(!past_is_found_before(PAST_LINES_LOOKED));
        ck_assert(past_is_found_before(PAST_LINES_LOOKED - 1));
}
END_TEST

static int persisted;

static void count_persisted(void *owner, const struct store_batch *batch)
{
        ck_assert_ptr_eq(persist_registry(batch), &model.registry);
        persisted++;
}

START_TEST(what_is_wanted_gets_to_the_volume)
{
        struct service *coder;
        struct stat found;

        two_gateways();
        coder = find(CODER);
        want(coder);
        coder->record.unpersisted = true;
        ck_assert_uint_eq(persist_waiting(&model.registry), 1);
        ck_assert_int_eq(persist_services(&model.registry, &coder, 1, false, true, count_persisted, NULL), 0);
        TURN_UNTIL(persisted == 1);
        ck_assert(!coder->record.unpersisted);
        ck_assert_uint_eq(persist_waiting(&model.registry), 0);
        ck_assert_int_eq(fstatat(world_fd, "home/.svcbroker/intent/coder", &found, 0), 0);
        ck_assert_int_eq(persist_forget(&model.registry, "coder", true, count_persisted, NULL), 0);
        TURN_UNTIL(persisted == 2);
        ck_assert_int_eq(fstatat(world_fd, "home/.svcbroker/intent/coder", &found, 0), -1);
        /* What is not there yet comes there by itself. */
        coder->record.unpersisted = true;
        persist_soon(&model.registry);
        TURN_UNTIL(!coder->record.unpersisted);
        ck_assert_uint_eq(persist_blind(&model.registry), 0);
}
END_TEST

/* Its record is still there: so is what happened to it. */
START_TEST(what_is_not_forgotten_keeps_its_past)
{
        two_gateways();
        for (size_t i = 0; i < 2; i++)
                ck_assert_int_eq(mkdirat(world_fd, i ? "home/.svcbroker/history" : "home/.svcbroker", 0700),
                                 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker/intent", 0700), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/.svcbroker/intent/coder", 0700), 0);
        put_file("home/.svcbroker/history/coder", "{}\n");
        ck_assert_int_eq(persist_forget(&model.registry, "coder", true, count_persisted, NULL), 0);
        TURN_UNTIL(persisted == 1);
        ck_assert(world_has("home/.svcbroker/history/coder"));
        ck_assert_int_eq(unlinkat(world_fd, "home/.svcbroker/intent/coder", AT_REMOVEDIR), 0);
        ck_assert_int_eq(persist_forget(&model.registry, "coder", true, count_persisted, NULL), 0);
        TURN_UNTIL(persisted == 2);
        ck_assert(!world_has("home/.svcbroker/history/coder"));
}
END_TEST

START_TEST(why_it_is_not_on_the_volume)
{
        static const int errors[] = {ENOBUFS, ECANCELED, EPROTONOSUPPORT, ETIMEDOUT, ENOSPC, 100000};

        ck_assert_ptr_null(persist_problem(0));
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                ck_assert_ptr_nonnull(persist_problem(errors[i]));
}
END_TEST

START_TEST(an_application_that_stops_itself)
{
        struct service *coder;

        ck_assert_int_eq(mkdirat(world_fd, "home/profiles/coder", 0755), 0);
        put_file("home/profiles/coder/SOUL.md", "");
        put_file("home/profiles/coder/gateway_state.json", "{\"desired_state\": \"running\"}");
        two_gateways();
        coder = find(CODER);
        want(coder);
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(coder->habit == HABIT_UP);
        model.registry.backoff.first_msec = model.registry.backoff.most_msec = 3600000;
        put_file("home/profiles/coder/gateway_state.json", "{\"desired_state\": \"stopped\"}");
        toy_is_down(&own, false, 0);
        TURN_UNTIL(coder->shown.state == STATE_DOWN);
        ck_assert_int_eq(coder->shown.note, NOTE_OWN_STOP);
        ck_assert(!coder->record.want_up);
        TURN_UNTIL(!coder->record.unpersisted);
}
END_TEST

START_TEST(locks_are_looked_at)
{
        struct service *coder;
        char text[LOCKS_PROBLEM_BYTES];

        two_gateways();
        coder = find(CODER);
        want(coder);
        toy_runs(&own, 4000002, true);
        turn_until_told(&logger, "u"); /* there is something to log now */
        toy_runs(&logger, world_process(), true);
        TURN_UNTIL(coder->shown.state == STATE_UP && coder->locks.log_pid);
        coder->own.began_msec -= 2 * LOCKS_GRACE_MSEC;
        coder->logger.began_msec -= 2 * LOCKS_GRACE_MSEC;
        locks_look_all(&model.registry);
        TURN_UNTIL(!locks_is_looking(&model.registry));
        ck_assert(coder->locks.unlocked);
        ck_assert_ptr_nonnull(locks_problem(coder));
        locks_log_problem(coder, text, sizeof(text));
        ck_assert_ptr_nonnull(strstr(text, "its logger cannot write in its directory"));
        TURN_UNTIL(coder->shown.trouble == TROUBLE_LOG);
        locks_try_again(coder); /* for a person's order: it is ended, and that is no restart of its own */
        turn_until_told(&logger, "t");
        ck_assert_int_eq(coder->logger.told, TOLD_RESTART);
        toy_runs(&logger, world_process(), true);
        TURN_UNTIL(coder->logger.told == TOLD_NOTHING);
        ck_assert_int_eq(coder->shown.log_restarts, 0);
}
END_TEST

START_TEST(what_fails_is_tried_again)
{
        struct retries again = {0};

        ck_assert_int_eq(again_wait_msec(&again), INT64_MAX);
        again_note(&again, AGAIN_SAVE, -ENOSPC, "x");
        again_note(&again, AGAIN_DOWN, -EIO, "x");
        ck_assert_int_eq(again.error, EIO);
        ck_assert_int_le(again_wait_msec(&again), AGAIN_FIRST_MSEC);
        ck_assert_uint_eq(again_take(&again), 0);
        again.at_msec = clock_msec();
        ck_assert_uint_eq(again_take(&again), AGAIN_SAVE | AGAIN_DOWN);
        ck_assert_int_eq(again.pause_msec, 2 * AGAIN_FIRST_MSEC);
        again_note(&again, AGAIN_SAVE, 0, "x");
        ck_assert_uint_eq(again.what, AGAIN_DOWN);
        again_note(&again, AGAIN_DOWN, 0, "x");
        ck_assert_int_eq(again_wait_msec(&again), INT64_MAX);
}
END_TEST

START_TEST(a_record_that_cannot_be_written)
{
        struct service *coder;

        two_gateways();
        coder = find(CODER);
        ck_assert_int_eq(
                renameat(world_fd, "services/gateway-coder/data", world_fd, "services/gateway-coder/away"),
                0);
        ck_assert_int_ne(service_save(coder), 0);
        ck_assert_uint_eq(coder->again.what, AGAIN_SAVE);
        service_wake(coder);
        turn_for(5);
        ck_assert_int_eq(
                renameat(world_fd, "services/gateway-coder/away", world_fd, "services/gateway-coder/data"),
                0);
        TURN_UNTIL(!coder->again.what);
}
END_TEST

START_TEST(a_service_that_is_not_watched_is_looked_at)
{
        struct service *coder;

        two_gateways();
        coder = find(CODER);
        watch_remove(&model.registry.watch, coder->own.wd);
        coder->own.wd = -1;
        ck_assert(service_lacks_watch(coder));
        ck_assert_uint_ge(watches_lacking(&model.registry), 1);
        toy_runs(&own, 4000002, true);
        service_catch_up(coder);
        ck_assert_int_eq(coder->own.status.pid, 4000002);
        poll_wake(&model.registry);
        TURN_UNTIL(coder->own.wd >= 0);
}
END_TEST

START_TEST(static_services)
{
        struct toy dashboard = {.fifo = -1};
        struct service *service;

        ck_assert_int_eq(mkdirat(world_fd, "scan/dashboard", 0755), 0);
        toy_open(&dashboard, "scan/dashboard");
        toy_runs(&dashboard, 4000002, true);
        two_gateways();
        scan_all(&model.registry);
        multiplex_init(&model.registry, MULTIPLEX_IS_ON); /* which is no matter of theirs */
        service = find("dashboard");
        TURN_UNTIL(service->shown.state == STATE_UP); /* what runs is up */
        for (int i = 0; i < STATIC_ENDS; i++) {
                toy_is_down(&dashboard, true, 0x0300);
                TURN_UNTIL(service->shown.state == STATE_BACKOFF);
                toy_runs(&dashboard, 4000003 + i, true);
                TURN_UNTIL(service->shown.state == STATE_UP);
        }
        ck_assert(static_end_loops(service));
        ck_assert_int_eq(service->shown.restarts, STATIC_ENDS);
        toy_finishes(&dashboard, true, 78 << 8);
        TURN_UNTIL(service->shown.state == STATE_FINISHING);
        toy_is_down(&dashboard, false, 78 << 8);
        TURN_UNTIL(service->shown.state == STATE_FAILED);
        ck_assert_int_eq(service->shown.trouble, TROUBLE_FAILED);
        /* Somebody of root's starts it, and tells it to end: that is no fault. */
        toy_runs(&dashboard, 4000009, true);
        TURN_UNTIL(service->shown.state == STATE_UP);
        toy_runs(&dashboard, 4000009, false);
        turn_for(20);
        toy_is_down(&dashboard, false, 0x0f);
        TURN_UNTIL(service->shown.state == STATE_DOWN);
        toy_close(&dashboard);
}
END_TEST

START_TEST(room_on_the_volume)
{
        struct room room;

        two_gateways();
        volume_room_look(&model.registry);
        TURN_UNTIL(volume_room(&model.registry, &room));
        ck_assert_uint_gt(room.bytes, 0);
        ck_assert_int_eq(volume_refused(&model.registry), 0);
}
END_TEST

START_TEST(names_and_places)
{
        two_gateways();
        ck_assert_ptr_null(registry_find(&model.registry, "gateway-"));
        ck_assert_uint_eq(registry_behind(&model.registry, "gateway-a"), 0);
        ck_assert_uint_eq(registry_behind(&model.registry, CODER), 1);
        ck_assert_uint_eq(registry_behind(&model.registry, "gateway-z"), 2);
        ck_assert_uint_eq(registry_supervisors(&model.registry), 4);
        ck_assert_uint_eq(registry_room(&model.registry), 48);
        ck_assert(!registry_lacks_descriptors(&model.registry));
        ck_assert(!registry_allows_static(&model.registry, "dashboard"));
        ck_assert_int_eq(registry_is_linked(&model.registry, CODER), 1);
        ck_assert(!registry_is_taken(&model.registry, CODER));
        ck_assert_int_eq(registry_unlink(&model.registry, CODER), 0);
        ck_assert_int_eq(registry_is_linked(&model.registry, CODER), 0);
        registry_forget(&model.registry, find(CODER));
        ck_assert_ptr_null(registry_find(&model.registry, CODER));
        ck_assert_uint_eq(model.registry.count, 1);
}
END_TEST

/* Its group is in the slot's note, and it goes on. */
static pid_t leave_running(const char *state)
{
        pid_t pid = world_process();
        struct process_life life;
        char note[64];

        world_gateway("coder", state, &own, &logger);
        ck_assert_int_eq(setpgid(pid, pid), 0);
        ck_assert_int_eq(process_look(pid, &life), 0);
        snprintf(note, sizeof(note), "%d:%llu\n", (int)pid, life.start);
        put_file("services/gateway-coder/data/pgid", note);
        return pid;
}

static bool has_ended(pid_t pid)
{
        siginfo_t info = {.si_pid = 0};

        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
        return info.si_pid == pid;
}

/* What an s6-supervise that was killed left running goes on behind a Stop. */
START_TEST(what_was_left_running_and_is_not_wanted)
{
        pid_t pid = leave_running(NULL), other_pid;
        struct service *coder;

        coder = world_adopt(CODER);
        TURN_UNTIL(has_ended(pid));
        TURN_UNTIL(coder->leftover == LEFTOVER_NONE);
        /* Another s6-supervise, whose next one comes when its gateway runs. */
        other_pid = world_process();
        toy_runs(&own, other_pid, false);
        TURN_UNTIL(coder->own.status.pid == other_pid);
        turn_for(20);
        ck_assert(!has_ended(other_pid));
}
END_TEST

/* Its next run ends it, and whoever waits for that is told. */
START_TEST(what_was_left_running_and_is_wanted)
{
        pid_t pid = leave_running(world_wanted());
        struct service *coder = world_adopt(CODER);

        turn_for(50);
        ck_assert(!has_ended(pid));
        ck_assert_int_eq(coder->leftover, LEFTOVER_UNKNOWN);
        toy_runs(&own, 4000002, true);
        TURN_UNTIL(coder->shown.state == STATE_UP);
        ck_assert_int_eq(coder->leftover, LEFTOVER_NONE);
        ck_assert(!has_ended(pid));
}
END_TEST

/* A broker that takes the want of a descriptor for an answer registers more than s6-svscan takes. */
START_TEST(what_s6_svscan_takes)
{
        struct rlimit before, none;
        int next = dup(0);

        close(next);
        world_svscan();
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        ck_assert_int_eq(registry_read_limits(&model.registry, 100000), -EMFILE);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_int_eq(registry_read_limits(&model.registry, 100000), 0);
        ck_assert_uint_lt(model.registry.services_max, 100000);
        ck_assert_int_eq(registry_read_limits(&model.registry, 7), 0);
        ck_assert_uint_eq(model.registry.services_max, 7);
        svscan_end();
        ck_assert_int_eq(registry_read_limits(&model.registry, 9), 0); /* nobody is there to be asked */
        ck_assert_uint_eq(model.registry.services_max, 9);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_default_serves_every_profile,
                                      an_option_of_another_broker,
                                      starts_that_nobody_waits_for_have_turns,
                                      a_profile_that_is_gone,
                                      a_profile_that_has_another_name,
                                      every_past_gets_to_the_volume,
                                      so_many_lines_of_a_past_are_looked_at,
                                      what_is_wanted_gets_to_the_volume,
                                      what_is_not_forgotten_keeps_its_past,
                                      why_it_is_not_on_the_volume,
                                      an_application_that_stops_itself,
                                      locks_are_looked_at,
                                      what_fails_is_tried_again,
                                      a_record_that_cannot_be_written,
                                      a_service_that_is_not_watched_is_looked_at,
                                      static_services,
                                      room_on_the_volume,
                                      names_and_places,
                                      what_s6_svscan_takes,
                                      what_was_left_running_and_is_not_wanted,
                                      what_was_left_running_and_is_wanted};

        return unit_run(world_suite("service_rest", tests, sizeof(tests) / sizeof(tests[0])));
}
