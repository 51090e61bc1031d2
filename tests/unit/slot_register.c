/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/slot/operation.h"
#include "daemon/slot/registration.h"
#include "proto/limits.h"

/* A slot is made: its files, its link, its supervisors, what the volume has of it; or nothing of it is left. */
static uint64_t calls;

static void ask(const char *profile, const char *environment, bool start)
{
        struct json_object *object = environment ? json_tokener_parse(environment) : NULL;

        ck_assert_int_eq(operation_register(&model.registry, (struct ticket){1, ++calls}, profile, object,
                                            start, true),
                         0);
        json_object_put(object);
}

static const struct answer *answered(void)
{
        size_t before = answer_count;

        TURN_UNTIL(answer_count > before);
        return &answers[before];
}

static const struct answer *registered(const char *profile, const char *environment, bool start)
{
        ask(profile, environment, start);
        return answered();
}

static struct service *coder(void)
{
        return registry_find(&model.registry, CODER);
}

/* A variable of its slot; NULL: it has none of that name. */
static const char *variable(const char *name)
{
        static char text[64];
        struct json_object *environment = NULL, *value;

        ck_assert_int_eq(slot_read_environment(&model.registry.slots, CODER, &environment), 0);
        value = json_object_object_get(environment, name);
        snprintf(text, sizeof(text), "%s", value ? json_object_get_string(value) : "");
        json_object_put(environment);
        return *text ? text : NULL;
}

static void begin(void)
{
        world_svscan();
        world_profile("coder");
}

START_TEST(a_new_one)
{
        const struct answer *answer;

        begin();
        ask("coder", "{\"A\": \"b\"}", true);
        ck_assert_uint_eq(answer_count, 0); /* on a later turn */
        answer = answered();
        ck_assert_int_eq(answer->kind, 'r');
        ck_assert_str_eq(answer->name, "coder");
        ck_assert_uint_eq(answer->call, calls);
        ck_assert_int_eq(answer->fault.kind, FAULT_NONE);
        ck_assert(answer->created && !answer->changed && answer->has_service);
        ck_assert_int_eq(answer->persist_error, 0);
        ck_assert_int_eq(registry_is_linked(&model.registry, CODER), 1);
        ck_assert_str_eq(variable("A"), "b");
        ck_assert(!world_has("services/gateway-coder/down"));
        ck_assert_ptr_nonnull(strstr(world_text("home/.svcbroker/intent/coder"), "\"A\""));
        TURN_UNTIL(coder()->shown.state == STATE_UP);
        ck_assert_int_eq(coder()->operation, OPERATION_NONE);
        ck_assert_ptr_null(coder()->registration);
}
END_TEST

START_TEST(one_that_is_not_started)
{
        begin();
        ck_assert_int_eq(registered("coder", NULL, false)->fault.kind, FAULT_NONE);
        ck_assert(world_has("services/gateway-coder/down"));
        TURN_UNTIL(coder()->shown.state == STATE_DOWN);
}
END_TEST

START_TEST(once_more_is_no_change)
{
        const struct answer *answer;

        begin();
        registered("coder", "{\"A\": \"b\"}", false);
        answer = registered("coder", "{\"A\": \"b\"}", true);
        ck_assert_int_eq(answer->fault.kind, FAULT_NONE);
        ck_assert(!answer->created && !answer->changed);
        ck_assert(!coder()->record.want_up); /* that is what Start is for */
        answer = registered("coder", NULL, false);
        ck_assert(!answer->created && !answer->changed);
}
END_TEST

START_TEST(another_environment)
{
        const struct answer *answer;

        begin();
        registered("coder", "{\"A\": \"b\", \"C\": \"d\"}", false);
        answer = registered("coder", "{\"A\": \"e\"}", false);
        ck_assert_int_eq(answer->fault.kind, FAULT_NONE);
        ck_assert(!answer->created && answer->changed);
        ck_assert_int_eq(answer->persist_error, 0);
        ck_assert_str_eq(variable("A"), "e");
        ck_assert_ptr_null(variable("C"));
        ck_assert_ptr_null(strstr(world_text("home/.svcbroker/intent/coder"), "\"C\""));
        ck_assert(!coder()->record.unpersisted);
}
END_TEST

/* What is wanted is for the volume to say, which did not answer at boot. */
START_TEST(another_environment_of_one_that_nothing_is_known_of)
{
        const struct answer *answer;

        begin();
        registered("coder", NULL, false);
        coder()->record.blind = BLIND_TO_ALL;
        answer = registered("coder", "{\"A\": \"e\"}", false);
        ck_assert(answer->changed);
        ck_assert_int_eq(answer->persist_error, ETIMEDOUT);
        ck_assert(!record_is_blind_to_environment(&coder()->record));
        ck_assert(record_is_blind_to_want(&coder()->record));
}
END_TEST

START_TEST(two_ask_at_once)
{
        begin();
        svscan_is_blind = true;
        ask("coder", "{\"A\": \"b\"}", false);
        TURN_UNTIL(coder() && coder()->place.kind == PLACE_LINKED);
        ask("coder", "{\"A\": \"c\"}", false);
        TURN_UNTIL(coder()->registration->waiters && coder()->registration->waiters->next);
        ck_assert_uint_eq(answer_count, 0);
        svscan_is_blind = false;
        TURN_UNTIL(answer_count == 2);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(answers[i].fault.kind, FAULT_NONE);
                ck_assert(answers[i].created == (answers[i].call == 1));
                ck_assert(answers[i].changed == (answers[i].call == 2));
        }
        ck_assert_str_eq(variable("A"), "c");
}
END_TEST

START_TEST(a_name_that_is_taken)
{
        const struct answer *answer;

        begin();
        world_put("scan/gateway-coder", "");
        answer = registered("coder", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_SYSTEM);
        ck_assert_int_eq(answer->fault.error, EEXIST);
        ck_assert_str_eq(answer->fault.text, "link it into the scan directory");
        ck_assert_ptr_null(coder());
        ck_assert(!world_has("services/gateway-coder"));
        ck_assert(!world_has("services/.gateway-coder"));
}
END_TEST

/* Between the look and the link. */
START_TEST(a_name_that_is_taken_meanwhile)
{
        const struct answer *answer;

        begin();
        publication_hold(&model.registry, true);
        ask("coder", NULL, false);
        TURN_UNTIL(coder() && coder()->place.kind == PLACE_COMING);
        world_put("scan/gateway-coder", "");
        publication_release(&model.registry, true);
        answer = answered();
        ck_assert_int_eq(answer->fault.kind, FAULT_SYSTEM);
        ck_assert_int_eq(answer->fault.error, EEXIST);
        TURN_UNTIL(!coder());
        ck_assert(!world_has("services/gateway-coder"));
        ck_assert(world_has("scan/gateway-coder"));
}
END_TEST

START_TEST(a_static_service_has_its_name)
{
        struct toy toy = {.fifo = -1};
        const struct answer *answer;

        begin();
        ck_assert_int_eq(mkdirat(world_fd, "scan/gateway-coder", 0755), 0);
        toy_open(&toy, "scan/gateway-coder");
        world_gateway("default", NULL, &own, &logger);
        world_adopt("gateway-default");
        answer = registered("coder", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_PROTECTED);
        ck_assert(!coder()->profile);
}
END_TEST

START_TEST(there_is_no_room)
{
        const struct answer *answer;

        begin();
        model.registry.services_max = 2;
        registered("coder", NULL, false);
        answer = registered("writer", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_TOO_MANY_SERVICES);
        ck_assert_int_eq((int)answer->fault.number, 2);
        ck_assert_ptr_null(answer->fault.cause);
        model.registry.services_max = 100;
        model.registry.loggers_max = 1; /* by its descriptors */
        answer = registered("writer", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_TOO_MANY_SERVICES);
        ck_assert_str_eq(answer->fault.cause, FAULT_CAUSE_DESCRIPTORS);
        ck_assert(!world_has("services/gateway-writer"));
}
END_TEST

START_TEST(there_are_too_many_variables)
{
        const struct answer *answer;

        begin();
        registered("coder", NULL, false);
        coder()->environment_bytes = LIMIT_ENVIRONMENT_TOTAL_BYTES;
        answer = registered("writer", "{\"A\": \"b\"}", false);
        ck_assert_int_eq(answer->fault.kind, FAULT_LIMIT);
        ck_assert_str_eq(answer->fault.text, "environment_total_bytes");
        answer = registered("writer", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_NONE);
        answer = registered("writer", "{\"A\": \"b\"}", false);
        ck_assert_int_eq(answer->fault.kind, FAULT_LIMIT);
        answer = registered("coder", "{\"A\": \"b\"}", false); /* who takes less is welcome */
        ck_assert_int_eq(answer->fault.kind, FAULT_NONE);
}
END_TEST

START_TEST(no_s6_svscan_runs)
{
        const struct answer *answer;

        answer = registered("coder", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_UNSUPERVISED);
        ck_assert_ptr_null(coder());
}
END_TEST

START_TEST(a_profile_that_is_a_link_or_deleted)
{
        const struct answer *answer;

        begin();
        ck_assert_int_eq(symlinkat("/tmp", world_fd, "home/profiles/away"), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/profiles/.deleted", 0755), 0);
        world_put("home/profiles/.deleted/coder", "");
        answer = registered("away", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_PROTECTED);
        ck_assert_str_eq(answer->fault.cause, FAULT_CAUSE_LINK);
        answer = registered("coder", NULL, false);
        ck_assert_int_eq(answer->fault.kind, FAULT_PROTECTED);
        ck_assert_str_eq(answer->fault.cause, FAULT_CAUSE_DELETED);
}
END_TEST

static void expire(struct service *service)
{
        service->registration->began_msec -= REGISTER_MOST_MSEC;
        model.registry.moved_msec -= REGISTER_MSEC;
        timer_start(&service->registration->timer, 0);
}

START_TEST(its_time_is_over)
{
        const struct answer *answer;

        begin();
        svscan_is_blind = true;
        ask("coder", NULL, true);
        TURN_UNTIL(coder() && coder()->place.kind == PLACE_LINKED);
        /* As long as s6-svscan is at work it has more time. */
        timer_start(&coder()->registration->timer, 0);
        TURN_UNTIL(timer_left_msec(&coder()->registration->timer) > 0);
        ck_assert_uint_eq(answer_count, 0);
        expire(coder());
        answer = answered();
        ck_assert_int_eq(answer->fault.kind, FAULT_SYSTEM);
        ck_assert_int_eq(answer->fault.error, ETIMEDOUT);
        TURN_UNTIL(!coder());
        ck_assert(!world_has("services/gateway-coder"));
        ck_assert(!world_has("scan/gateway-coder"));
        svscan_is_blind = false;
        ck_assert_int_eq(registered("coder", NULL, true)->fault.kind, FAULT_NONE); /* and again */
}
END_TEST

/* The broker's own doing is no reason to undo it, for so long. */
START_TEST(its_time_is_over_while_nothing_comes_into_view)
{
        begin();
        publication_hold(&model.registry, true);
        ask("coder", NULL, true);
        TURN_UNTIL(coder() && coder()->place.kind == PLACE_COMING);
        model.registry.moved_msec -= REGISTER_MSEC;
        timer_start(&coder()->registration->timer, 0);
        TURN_UNTIL(timer_left_msec(&coder()->registration->timer) > 0);
        ck_assert_uint_eq(answer_count, 0);
        publication_release(&model.registry, true);
        ck_assert_int_eq(answered()->fault.kind, FAULT_NONE);
}
END_TEST

START_TEST(one_that_is_to_go_again)
{
        begin();
        svscan_is_blind = true;
        ask("coder", NULL, false);
        TURN_UNTIL(coder() && coder()->place.kind == PLACE_LINKED);
        ck_assert_int_eq(operation_unregister(&model.registry, (struct ticket){1, 2}, "coder", 1000, true),
                         0);
        TURN_UNTIL(coder()->registration->remove_after);
        ask("coder", NULL, false);
        ck_assert_int_eq(answered()->fault.kind, FAULT_BUSY);
        svscan_is_blind = false;
        TURN_UNTIL(!coder());
        TURN_UNTIL(answer_count == 4); /* Busy, registered, unregistered, and gone */
        ck_assert(!world_has("home/.svcbroker/intent/coder"));
}
END_TEST

START_TEST(one_that_lacks_its_supervisor)
{
        begin();
        registered("coder", NULL, false);
        svscan_is_blind = true; /* or it begins it again */
        toy_close(toy_at("services/gateway-coder"));
        TURN_UNTIL(!coder()->own.supervised);
        ck_assert_int_eq(registered("coder", NULL, false)->fault.kind, FAULT_UNSUPERVISED);
}
END_TEST

/* The broker's own. */
static struct fault ended_fault;
static struct service *ended_service;
static int ended;

static void on_ended(struct own_registration *its, struct service *service, const struct fault *fault)
{
        ended++;
        ended_service = service;
        ended_fault = fault ? *fault : (struct fault){.kind = FAULT_NONE};
}

static struct own_registration its = {.ended = on_ended};

START_TEST(one_of_its_own)
{
        const struct record record = {.want_up = true, .pending = PENDING_ORDER};
        struct fault fault;

        begin();
        ck_assert(operation_register_own(&model.registry, "coder", &record, NULL, &its, &fault));
        TURN_UNTIL(ended == 1);
        ck_assert_int_eq(ended_fault.kind, FAULT_NONE);
        ck_assert_ptr_eq(ended_service, coder());
        ck_assert(world_has("services/gateway-coder/down")); /* it is started when it is its turn */
        ck_assert(!world_has("home/.svcbroker/intent/coder"));
        ck_assert(!operation_register_own(&model.registry, "coder", &record, NULL, &its, &fault));
        ck_assert_int_eq(fault.kind, FAULT_NONE);
        ck_assert_int_eq(ended, 1);
}
END_TEST

START_TEST(one_of_its_own_that_cannot_be)
{
        const struct record record = {.want_up = false};
        struct fault fault;

        begin();
        world_put("scan/gateway-coder", "");
        ck_assert(!operation_register_own(&model.registry, "coder", &record, NULL, &its, &fault));
        ck_assert_int_eq(fault.kind, FAULT_SYSTEM);
        ck_assert_int_eq(fault.error, EEXIST);
        ck_assert_int_eq(ended, 0);
}
END_TEST

/* Nobody asks again: it stays, and goes on as soon as s6-svscan comes to it. */
START_TEST(one_of_its_own_that_is_late)
{
        const struct record record = {.want_up = true, .pending = PENDING_ORDER};
        struct fault fault;

        begin();
        svscan_is_blind = true;
        ck_assert(operation_register_own(&model.registry, "coder", &record, NULL, &its, &fault));
        TURN_UNTIL(coder()->place.kind == PLACE_LINKED);
        expire(coder());
        TURN_UNTIL(ended == 1);
        ck_assert_int_eq(ended_fault.error, ETIMEDOUT);
        ck_assert_ptr_eq(ended_service, coder());
        ck_assert(world_has("scan/gateway-coder"));
        svscan_is_blind = false;
        TURN_UNTIL(toy_at("services/gateway-coder"));
        turn_until_told(toy_at("services/gateway-coder"), "u");
}
END_TEST

START_TEST(the_broker_ends_meanwhile)
{
        const struct record record = {.want_up = false};
        struct fault fault;

        begin();
        svscan_is_blind = true;
        ck_assert(operation_register_own(&model.registry, "coder", &record, NULL, &its, &fault));
        ask("writer", NULL, false);
        TURN_UNTIL(registry_find(&model.registry, "gateway-writer"));
        registration_drop(coder());
        ck_assert_int_eq(ended, 1);
        ck_assert_int_eq(ended_fault.kind, FAULT_SUPERSEDED);
        ask("another", NULL, false);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_new_one,
                                      one_that_is_not_started,
                                      once_more_is_no_change,
                                      another_environment,
                                      another_environment_of_one_that_nothing_is_known_of,
                                      two_ask_at_once,
                                      a_name_that_is_taken,
                                      a_name_that_is_taken_meanwhile,
                                      a_static_service_has_its_name,
                                      there_is_no_room,
                                      there_are_too_many_variables,
                                      no_s6_svscan_runs,
                                      a_profile_that_is_a_link_or_deleted,
                                      its_time_is_over,
                                      its_time_is_over_while_nothing_comes_into_view,
                                      one_that_is_to_go_again,
                                      one_that_lacks_its_supervisor,
                                      one_of_its_own,
                                      one_of_its_own_that_cannot_be,
                                      one_of_its_own_that_is_late,
                                      the_broker_ends_meanwhile};

        return unit_run(world_suite("slot_register", tests, sizeof(tests) / sizeof(tests[0])));
}
