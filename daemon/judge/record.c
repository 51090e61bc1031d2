/* SPDX-License-Identifier: ISC */
#include "daemon/judge/record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "proto/fields.h"
#include "proto/json.h"
#include "proto/limits.h"

static const char *const hold_names[] = {"none", "backoff", "failed", "held", NULL};

static const char *const told_names[] = {"nothing", "restart", "down", NULL};
static const char *const pending_names[] = {"nothing", "order", "restart", NULL};

/* Names of causes, in the interface and in what is written. */
static const char *const cause_names[] = {"none",       "served", "elsewhere", "forgiven",
                                          "unreadable", "newer",  NULL};

const char *cause_name(enum cause cause)
{
        return cause == CAUSE_NONE ? NULL : cause_names[cause];
}

bool record_runs_now(const struct record *record)
{
        return record->want_up && brake_lets_run(&record->brake);
}

bool record_is_blind(const struct record *record)
{
        return record->blind != BLIND_TO_NOTHING;
}

bool record_is_blind_to_want(const struct record *record)
{
        return record->blind == BLIND_TO_WANT || record->blind == BLIND_TO_ALL;
}

bool record_is_blind_to_environment(const struct record *record)
{
        return record->blind == BLIND_TO_ENVIRONMENT || record->blind == BLIND_TO_ALL;
}

void record_know_want(struct record *record)
{
        record->blind = record_is_blind_to_environment(record) ? BLIND_TO_ENVIRONMENT : BLIND_TO_NOTHING;
}

void record_know_environment(struct record *record)
{
        record->blind = record_is_blind_to_want(record) ? BLIND_TO_WANT : BLIND_TO_NOTHING;
}

static enum removing removing_of(bool removing, bool forgotten)
{
        if (!removing)
                return REMOVING_NOTHING;
        return forgotten ? REMOVING_ALL : REMOVING_SLOT;
}

static enum blind blind_of(bool want, bool environment)
{
        if (want)
                return environment ? BLIND_TO_ALL : BLIND_TO_WANT;
        return environment ? BLIND_TO_ENVIRONMENT : BLIND_TO_NOTHING;
}

static void write_exit(const struct record *record, struct text *text)
{
        text_append_member_int(text, "exit_code", record->exit_code);
        text_append_member_int(text, "exit_signal", record->exit_signal);
        text_append_member_int(text, "exit_at_usec", record->exit_at_usec);
        /* The member says which end it is about: a broker that does not know it passes it on after other
         * ends, too. */
        if (record->exit_order != EXIT_ORDER_UNKNOWN)
                text_append_member_int(text,
                                       record->exit_order == EXIT_ORDERED ? "exit_ordered_usec"
                                                                          : "exit_unordered_usec",
                                       record->exit_at_usec);
        if (record->oom_kills) {
                text_append_member_int(text, "oom_kills", record->oom_kills);
                text_append_member_int(text, "oom_since_usec", record->oom_since_usec);
        }
}

void record_write(const struct record *record, const struct members *members, struct text *text)
{
        text_append_string(text, "{");
        text_append_member(text, "version");
        text_append_string(text, members ? members->version : "1");
        text_append_member_string(text, "want", record->want_up ? "up" : "down");
        text_append_member_string(text, "pending", pending_names[record->pending]);
        text_append_member_string(text, "told", told_names[record->told]);
        text_append_member_int(text, "told_pid", record->told_pid);
        if (record->told_usec)
                text_append_member_int(text, "told_usec", record->told_usec);
        /* The second member says which order the first is about: a broker that does not know them passes both
         * on after other orders, too. */
        if (record->kill_after_msec) {
                text_append_member_int(text, "kill_after_msec", record->kill_after_msec);
                text_append_member_int(text, "kill_after_told_usec", record->told_usec);
        }
        if (record->signalled_pid) {
                text_append_member_int(text, "signalled_pid", record->signalled_pid);
                text_append_member_int(text, "signalled", record->signalled);
                if (record->signalled_usec)
                        text_append_member_int(text, "signalled_usec", record->signalled_usec);
        }
        text_append_member_bool(text, "unpersisted", record->unpersisted);
        if (record_is_blind_to_want(record))
                text_append_member_bool(text, "blind", true);
        if (record_is_blind_to_environment(record))
                text_append_member_bool(text, "blind_environment", true);
        text_append_member_bool(text, "removing", record->removing != REMOVING_NOTHING);
        text_append_member_bool(text, "forgotten", record->removing == REMOVING_ALL);
        text_append_member_string(text, "hold", hold_names[record->brake.hold]);
        if (record->brake.hold == HOLD_HELD && record->cause != CAUSE_NONE)
                text_append_member_string(text, "cause", cause_names[record->cause]);
        text_append_member_int(text, "attempt", record->brake.attempt);
        text_append_member_int(text, "next_start_usec", record->brake.next_start_usec);
        text_append_member_int(text, "restarts", record->brake.restarts);
        text_append_member_int(text, "log_restarts", record->logger_brake.restarts);
        text_append_member_int(text, "log_attempt", record->logger_brake.attempt);
        text_append_member_int(text, "log_next_start_usec", record->logger_brake.next_start_usec);
        if (record->has_exit)
                write_exit(record, text);
        if (record->gone)
                text_append_member_bool(text, "gone", true);
        if (record->own_stop)
                text_append_member_bool(text, "own_stop", true);
        if (record->home)
                text_append_member_int(text, "home", record->home);
        text_append_member_string(text, "reason", record->reason);
        text_append_member_string(text, "boot", record->boot);
        if (members)
                text_append(text, members->unknown.bytes, members->unknown.length);
        text_append_string(text, "}\n");
}

/* The members of a record, but for the version, which members.h reads. */
struct parsed {
        struct field_int attempt, next_start, restarts, exit_code, exit_signal, exit_at;
        enum field_bool unpersisted, blind, blind_environment, removing, forgotten, gone, own_stop;
        struct field_int home;
        struct field_int log_restarts, log_attempt, log_next_start; /* 0 in records of older brokers */
        struct field_int oom_kills, oom_since;                      /* the same */
        struct field_int exit_ordered, exit_unordered;              /* the same */
        int want, hold, pending, told;
        int cause;                            /* -1 in records of older brokers */
        struct field_int told_pid, told_usec; /* told_usec is 0 where it is not known */
        struct field_int kill_after_told;     /* not present in records of older brokers */
        struct field_int kill_after, signalled_pid, signalled, signalled_at; /* 0 where nobody ordered that */
        const char *reason, *boot;
};

static const char *const want_names[] = {"down", "up", NULL};

static const struct field record_fields[] = {
        {"want", FIELD_CHOICE, true, offsetof(struct parsed, want), want_names},
        {"pending", FIELD_CHOICE, true, offsetof(struct parsed, pending), pending_names},
        {"told", FIELD_CHOICE, true, offsetof(struct parsed, told), told_names},
        {"told_pid", FIELD_INT, true, offsetof(struct parsed, told_pid), NULL},
        {"told_usec", FIELD_INT, false, offsetof(struct parsed, told_usec), NULL},
        {"kill_after_msec", FIELD_INT, false, offsetof(struct parsed, kill_after), NULL},
        {"kill_after_told_usec", FIELD_INT, false, offsetof(struct parsed, kill_after_told), NULL},
        {"signalled_pid", FIELD_INT, false, offsetof(struct parsed, signalled_pid), NULL},
        {"signalled", FIELD_INT, false, offsetof(struct parsed, signalled), NULL},
        {"signalled_usec", FIELD_INT, false, offsetof(struct parsed, signalled_at), NULL},
        {"unpersisted", FIELD_BOOL, false, offsetof(struct parsed, unpersisted), NULL},
        {"blind", FIELD_BOOL, false, offsetof(struct parsed, blind), NULL},
        {"blind_environment", FIELD_BOOL, false, offsetof(struct parsed, blind_environment), NULL},
        {"removing", FIELD_BOOL, true, offsetof(struct parsed, removing), NULL},
        {"forgotten", FIELD_BOOL, false, offsetof(struct parsed, forgotten), NULL},
        {"hold", FIELD_CHOICE, true, offsetof(struct parsed, hold), hold_names},
        {"cause", FIELD_CHOICE, false, offsetof(struct parsed, cause), cause_names},
        {"attempt", FIELD_INT, true, offsetof(struct parsed, attempt), NULL},
        {"next_start_usec", FIELD_INT, true, offsetof(struct parsed, next_start), NULL},
        {"restarts", FIELD_INT, true, offsetof(struct parsed, restarts), NULL},
        {"log_restarts", FIELD_INT, false, offsetof(struct parsed, log_restarts), NULL},
        {"log_attempt", FIELD_INT, false, offsetof(struct parsed, log_attempt), NULL},
        {"log_next_start_usec", FIELD_INT, false, offsetof(struct parsed, log_next_start), NULL},
        {"exit_code", FIELD_INT, false, offsetof(struct parsed, exit_code), NULL},
        {"exit_signal", FIELD_INT, false, offsetof(struct parsed, exit_signal), NULL},
        {"exit_at_usec", FIELD_INT, false, offsetof(struct parsed, exit_at), NULL},
        {"exit_ordered_usec", FIELD_INT, false, offsetof(struct parsed, exit_ordered), NULL},
        {"exit_unordered_usec", FIELD_INT, false, offsetof(struct parsed, exit_unordered), NULL},
        {"gone", FIELD_BOOL, false, offsetof(struct parsed, gone), NULL},
        {"own_stop", FIELD_BOOL, false, offsetof(struct parsed, own_stop), NULL},
        {"home", FIELD_INT, false, offsetof(struct parsed, home), NULL},
        {"oom_kills", FIELD_INT, false, offsetof(struct parsed, oom_kills), NULL},
        {"oom_since_usec", FIELD_INT, false, offsetof(struct parsed, oom_since), NULL},
        {"reason", FIELD_STRING, true, offsetof(struct parsed, reason), NULL},
        {"boot", FIELD_STRING, true, offsetof(struct parsed, boot), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static bool parsed_is_sound(const struct parsed *parsed)
{
        return parsed->attempt.value >= 0 && parsed->oom_kills.value >= 0 &&
               parsed->oom_kills.value <= UINT32_MAX && parsed->told_pid.value >= 0 &&
               parsed->told_pid.value <= INT_MAX && parsed->kill_after.value >= 0 &&
               parsed->kill_after.value <= LIMIT_KILL_AFTER_MSEC && parsed->signalled_pid.value >= 0 &&
               parsed->signalled_pid.value <= INT_MAX && parsed->signalled.value >= 0 &&
               parsed->signalled.value <= USHRT_MAX && parsed->signalled_at.value >= 0 &&
               parsed->attempt.value <= UINT32_MAX && parsed->restarts.value >= 0 &&
               parsed->log_restarts.value >= 0 && parsed->log_attempt.value >= 0 &&
               parsed->log_attempt.value <= UINT32_MAX && strlen(parsed->reason) < RECORD_REASON_BYTES &&
               strlen(parsed->boot) < RECORD_BOOT_BYTES &&
               parsed->exit_code.present == parsed->exit_at.present &&
               parsed->exit_signal.present == parsed->exit_at.present && parsed->exit_code.value >= -1 &&
               parsed->exit_code.value <= 255 && parsed->exit_signal.value >= 0 &&
               parsed->exit_signal.value < 128;
}

/* Replaces words that only a higher minor version knows by the word that does least. */
static void understand(struct json_object *object)
{
        static const struct {
                const char *member;
                const char *const *words, *const *instead;
        } least[] = {
                {"pending", pending_names, &pending_names[PENDING_NOTHING]},
                {"told", told_names, &told_names[TOLD_NOTHING]},
                {"hold", hold_names, &hold_names[HOLD_HELD]},
                {"cause", cause_names, &cause_names[CAUSE_NONE]},
        };

        for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); i++) {
                struct json_object *value;
                bool known = false;

                if (!json_object_object_get_ex(object, least[i].member, &value) ||
                    !json_object_is_type(value, json_type_string))
                        continue;
                for (const char *const *word = least[i].words; *word; word++)
                        known = known || strcmp(*word, json_object_get_string(value)) == 0;
                if (!known)
                        json_object_object_add(object, least[i].member,
                                               json_object_new_string(*least[i].instead));
        }
}

int record_read_members(const char *text, struct members **members)
{
        struct members *read = malloc(sizeof(*read));
        int result = read ? members_read(text, record_fields, STATE_UNKNOWN_BYTES, read) : -ENOMEM;

        if (!result && !read->unknown.length) {
                members_deinit(read);
                free(read);
                read = NULL;
        }
        if (result)
                free(read);
        else
                *members = read;
        return result;
}

static enum exit_order exit_order_of(const struct parsed *parsed)
{
        if (!parsed->exit_at.present)
                return EXIT_ORDER_UNKNOWN;
        if (parsed->exit_ordered.present && parsed->exit_ordered.value == parsed->exit_at.value)
                return EXIT_ORDERED;
        return parsed->exit_unordered.present && parsed->exit_unordered.value == parsed->exit_at.value
                       ? EXIT_UNORDERED
                       : EXIT_ORDER_UNKNOWN;
}

static unsigned kill_after_of(const struct parsed *parsed)
{
        return parsed->kill_after_told.present && parsed->kill_after_told.value != parsed->told_usec.value
                       ? 0
                       : (unsigned)parsed->kill_after.value;
}

int record_read(const char *text, struct record *record)
{
        struct json_object *object = NULL;
        struct members members;
        struct parsed parsed;
        int result = members_read(text, record_fields, STATE_UNKNOWN_BYTES, &members);

        if (result)
                return result;
        members_deinit(&members);
        if (json_strict_parse(text, strlen(text), (struct json_bounds){MEMBERS_DEPTH, LIMIT_STRING_BYTES, 0},
                              &object, NULL))
                return -EBADMSG;
        if (members.minor)
                understand(object);
        result = -EBADMSG;
        if (!fields_take(object, record_fields, &parsed) && parsed_is_sound(&parsed)) {
                *record = (struct record){
                        .want_up = parsed.want == 1,
                        .pending = (enum pending)parsed.pending,
                        .told = (enum told)parsed.told,
                        .told_pid = (pid_t)parsed.told_pid.value,
                        .told_usec = parsed.told_usec.value,
                        .kill_after_msec = kill_after_of(&parsed),
                        .signalled_pid = (pid_t)parsed.signalled_pid.value,
                        .signalled = (unsigned short)parsed.signalled.value,
                        .signalled_usec = parsed.signalled_at.value,
                        .unpersisted = parsed.unpersisted == FIELD_TRUE,
                        .blind = blind_of(parsed.blind == FIELD_TRUE, parsed.blind_environment == FIELD_TRUE),
                        .removing =
                                removing_of(parsed.removing == FIELD_TRUE, parsed.forgotten == FIELD_TRUE),
                        .brake = {.hold = (enum hold)parsed.hold,
                                  .attempt = (unsigned)parsed.attempt.value,
                                  .next_start_usec = parsed.next_start.value,
                                  .restarts = parsed.restarts.value},
                        .logger_brake = {.hold = parsed.log_next_start.value ? HOLD_BACKOFF : HOLD_NONE,
                                         .attempt = (unsigned)parsed.log_attempt.value,
                                         .next_start_usec = parsed.log_next_start.value,
                                         .restarts = parsed.log_restarts.value},
                        .cause = parsed.cause > 0 ? (enum cause)parsed.cause : CAUSE_NONE,
                        .has_exit = parsed.exit_at.present,
                        .exit_code = parsed.exit_at.present ? (short)parsed.exit_code.value : 0,
                        .exit_signal = (short)parsed.exit_signal.value,
                        .exit_at_usec = parsed.exit_at.value,
                        .exit_order = exit_order_of(&parsed),
                        .gone = parsed.gone == FIELD_TRUE,
                        .own_stop = parsed.own_stop == FIELD_TRUE,
                        .home = parsed.home.value,
                        .oom_kills = (unsigned)parsed.oom_kills.value,
                        .oom_since_usec = parsed.oom_since.value,
                };
                snprintf(record->reason, sizeof(record->reason), "%s", parsed.reason);
                snprintf(record->boot, sizeof(record->boot), "%s", parsed.boot);
                result = 0;
        }
        json_object_put(object);
        return result;
}
