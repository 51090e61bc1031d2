/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/judge/record.h"

/* Every member with a value that is none of the ordinary ones. */
static struct record sample(void)
{
        return (struct record){
                .want_up = true,
                .pending = PENDING_RESTART,
                .told = TOLD_DOWN,
                .told_pid = 4711,
                .told_usec = 1699999999654321,
                .kill_after_msec = 30000,
                .signalled_pid = 4711,
                .signalled = 24,
                .signalled_usec = 1699999999754321,
                .unpersisted = true,
                .removing = REMOVING_ALL,
                .brake.hold = HOLD_BACKOFF,
                .brake.attempt = 7,
                .brake.next_start_usec = 1700000000123456,
                .brake.restarts = 12345678901,
                .logger_brake.restarts = 98765432101,
                .logger_brake.attempt = 3,
                .logger_brake.next_start_usec = 1700000000654321,
                .has_exit = true,
                .exit_code = -1,
                .exit_signal = 9,
                .exit_at_usec = 1699999999999999,
                .reason = "it keeps ending: by SIGKILL; attempt 7 waits 128 s",
                .boot = "4026531836:1",
        };
}

/* What it is written as; free() it. */
static char *written(const struct record *record)
{
        struct text text;
        char *bytes;

        text_init(&text);
        record_write(record, NULL, &text);
        ck_assert(!text.failed);
        bytes = strndup(text.bytes, text.length);
        ck_assert_uint_eq(strlen(bytes), text.length);
        text_deinit(&text);
        return bytes;
}

static void assert_same(const struct record *a, const struct record *b)
{
        ck_assert_int_eq(a->want_up, b->want_up);
        ck_assert_int_eq(a->pending, b->pending);
        ck_assert_int_eq(a->told, b->told);
        ck_assert_int_eq(a->told_pid, b->told_pid);
        ck_assert_int_eq(a->told_usec, b->told_usec);
        ck_assert_uint_eq(a->kill_after_msec, b->kill_after_msec);
        ck_assert_int_eq(a->signalled_pid, b->signalled_pid);
        ck_assert_uint_eq(a->signalled, b->signalled);
        ck_assert_int_eq(a->signalled_usec, b->signalled_usec);
        ck_assert_int_eq(a->unpersisted, b->unpersisted);
        ck_assert_int_eq(a->blind, b->blind);
        ck_assert_int_eq(a->removing, b->removing);
        ck_assert_int_eq(a->brake.hold, b->brake.hold);
        ck_assert_int_eq(a->cause, b->cause);
        ck_assert_uint_eq(a->brake.attempt, b->brake.attempt);
        ck_assert_int_eq(a->brake.next_start_usec, b->brake.next_start_usec);
        ck_assert_int_eq(a->brake.restarts, b->brake.restarts);
        ck_assert_int_eq(a->logger_brake.restarts, b->logger_brake.restarts);
        ck_assert_uint_eq(a->logger_brake.attempt, b->logger_brake.attempt);
        ck_assert_int_eq(a->logger_brake.next_start_usec, b->logger_brake.next_start_usec);
        ck_assert_int_eq(a->has_exit, b->has_exit);
        ck_assert_int_eq(a->exit_code, b->exit_code);
        ck_assert_int_eq(a->exit_signal, b->exit_signal);
        ck_assert_int_eq(a->exit_at_usec, b->exit_at_usec);
        ck_assert_int_eq(a->exit_order, b->exit_order);
        ck_assert_str_eq(a->reason, b->reason);
        ck_assert_str_eq(a->boot, b->boot);
}

static void goes_round(const struct record *record)
{
        struct record read;
        char *text = written(record);

        memset(&read, 0xa5, sizeof(read));
        ck_assert_msg(record_read(text, &read) == 0, "refused: %s", text);
        assert_same(&read, record);
        free(text);
}

static void refused(const char *text)
{
        struct record read;
        struct record before;

        memset(&read, 0xa5, sizeof(read));
        memset(&before, 0xa5, sizeof(before));
        ck_assert_msg(record_read(text, &read) == -EBADMSG, "accepted: %s", text);
        ck_assert_msg(!memcmp(&read, &before, sizeof(read)), "touched by: %s", text);
}

START_TEST(round_trip)
{
        struct record record = {.brake.hold = HOLD_NONE};

        goes_round(&record);
        record = sample();
        goes_round(&record);
        for (int hold = HOLD_NONE; hold <= HOLD_HELD; hold++)
                for (int flags = 0; flags < 64; flags++) {
                        record = sample();
                        record.brake.hold = (enum hold)hold;
                        record.want_up = flags & 1;
                        record.pending = flags & 2 ? PENDING_ORDER : PENDING_NOTHING;
                        record.removing = flags & 4 ? REMOVING_SLOT : REMOVING_NOTHING;
                        record.blind = (enum blind)(flags >> 4);
                        if (flags & 8) {
                                record.has_exit = false;
                                record.exit_code = record.exit_signal = 0;
                                record.exit_at_usec = 0;
                        }
                        goes_round(&record);
                }
}
END_TEST

START_TEST(round_trip_of_extremes)
{
        struct record record = sample();

        record.brake.attempt = record.logger_brake.attempt = UINT32_MAX;
        record.brake.restarts = record.logger_brake.restarts = INT64_MAX;
        record.brake.next_start_usec = record.logger_brake.next_start_usec = INT64_MAX;
        record.exit_at_usec = INT64_MIN;
        record.exit_code = 255;
        record.exit_signal = 127;
        memset(record.reason, 'r', sizeof(record.reason) - 1);
        memset(record.boot, 'b', sizeof(record.boot) - 1);
        goes_round(&record);
        record.brake.attempt = 0;
        record.logger_brake.restarts = record.logger_brake.next_start_usec = record.logger_brake.attempt = 0;
        record.brake.restarts = record.brake.next_start_usec = record.exit_at_usec = 0;
        record.exit_code = record.exit_signal = 0;
        snprintf(record.reason, sizeof(record.reason),
                 "\"\\/\b\f\n\r\t\x01\x1f\x7f \xc3\xa9 \xf0\x9f\x98\x80");
        snprintf(record.boot, sizeof(record.boot), "\"},{\"");
        goes_round(&record);
}
END_TEST

/* What is on disk must stay readable by the next version. */
START_TEST(the_format)
{
        struct record record = sample();
        char *text = written(&record);

        ck_assert_str_eq(text, "{\"version\":1,\"want\":\"up\",\"pending\":\"restart\",\"told\":\"down\","
                               "\"told_pid\":4711,\"told_usec\":1699999999654321,\"kill_after_msec\":30000,"
                               "\"kill_after_told_usec\":1699999999654321,"
                               "\"signalled_pid\":4711,\"signalled\":24,\"signalled_usec\":1699999999754321,"
                               "\"unpersisted\":true,"
                               "\"removing\":true,\"forgotten\":true,"
                               "\"hold\":\"backoff\","
                               "\"attempt\":7,\"next_start_usec\":1700000000123456,\"restarts\":12345678901,"
                               "\"log_restarts\":98765432101,\"log_attempt\":3,"
                               "\"log_next_start_usec\":1700000000654321,"
                               "\"exit_code\":-1,\"exit_signal\":9,\"exit_at_usec\":1699999999999999,"
                               "\"reason\":\"it keeps ending: by SIGKILL; attempt 7 waits 128 s\","
                               "\"boot\":\"4026531836:1\"}\n");
        free(text);
}
END_TEST

/* A broker that does not know the member passes it on, and notes another end beside it: then nobody knows. */
START_TEST(whether_an_end_was_ordered)
{
        static const char stale[] =
                "{\"version\":1,\"want\":\"up\",\"pending\":\"nothing\",\"told\":\"nothing\","
                "\"told_pid\":0,\"removing\":false,\"hold\":\"none\",\"attempt\":0,"
                "\"next_start_usec\":0,\"restarts\":0,\"exit_code\":1,\"exit_signal\":0,"
                "\"exit_at_usec\":2,\"exit_ordered_usec\":1,\"reason\":\"\",\"boot\":\"\"}";
        struct record record = sample();

        for (int order = EXIT_ORDER_UNKNOWN; order <= EXIT_ORDERED; order++) {
                record.exit_order = (enum exit_order)order;
                goes_round(&record);
        }
        ck_assert_int_eq(record_read(stale, &record), 0);
        ck_assert_int_eq(record.exit_code, 1);
        ck_assert_int_eq(record.exit_order, EXIT_ORDER_UNKNOWN);
}
END_TEST

/* The same of when it is killed: a later order, which gave no time, kills nobody. */
START_TEST(of_which_order_the_kill_is)
{
        static const char begin[] =
                "{\"version\":1,\"want\":\"down\",\"pending\":\"nothing\",\"told\":\"down\","
                "\"told_pid\":7,\"told_usec\":2,\"removing\":false,\"hold\":\"none\",\"attempt\":0,"
                "\"next_start_usec\":0,\"restarts\":0,\"reason\":\"\",\"boot\":\"\",\"kill_after_msec\":9";
        static const struct {
                const char *rest;
                unsigned msec;
        } rows[] = {{"}", 9},
                    {",\"kill_after_told_usec\":2}", 9},
                    {",\"kill_after_told_usec\":1}", 0},
                    {",\"kill_after_told_usec\":0}", 0}};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct record record;
                char text[512];

                snprintf(text, sizeof(text), "%s%s", begin, rows[i].rest);
                ck_assert_int_eq(record_read(text, &record), 0);
                ck_assert_uint_eq(record.kill_after_msec, rows[i].msec);
        }
}
END_TEST

START_TEST(truncated_at_every_byte)
{
        struct record record = sample();
        char *text = written(&record);

        /* The newline is for people. */
        for (size_t length = strlen(text) - 1; length-- > 0;) {
                char *part = strndup(text, length);

                refused(part);
                free(part);
        }
        free(text);
}
END_TEST

/* The members of a sound record, to be left out, repeated and spoilt one by one. */
static const struct member {
        const char *name;
        const char *value;
        enum { WORD, FLAG, NUMBER } type;
        bool of_exit; /* the three come together or not at all */
} members[] = {
        {"version", "1", NUMBER, false},
        {"want", "\"up\"", WORD, false},
        {"pending", "\"nothing\"", WORD, false},
        {"told", "\"nothing\"", WORD, false},
        {"told_pid", "0", NUMBER, false},
        {"removing", "false", FLAG, false},
        {"hold", "\"none\"", WORD, false},
        {"attempt", "0", NUMBER, false},
        {"next_start_usec", "0", NUMBER, false},
        {"restarts", "0", NUMBER, false},
        {"log_restarts", "0", NUMBER, false},
        {"log_attempt", "0", NUMBER, false},
        {"log_next_start_usec", "0", NUMBER, false},
        {"exit_code", "0", NUMBER, true},
        {"exit_signal", "0", NUMBER, true},
        {"exit_at_usec", "1700000000000000", NUMBER, true},
        {"reason", "\"\"", WORD, false},
        {"boot", "\"\"", WORD, false},
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))
#define LEFT_OUT(n) (1u << (n))

/* A sound record but that member `which` has `value`, and without those whose bits are in `left_out`; free()
 * it. */
static char *record_with(size_t which, const char *value, unsigned left_out, const char *extra)
{
        char *bytes = NULL;
        size_t size;
        FILE *memory = open_memstream(&bytes, &size);
        const char *comma = "{";

        for (size_t i = 0; i < MEMBERS; i++) {
                if (left_out & LEFT_OUT(i))
                        continue;
                fprintf(memory, "%s\"%s\":%s", comma, members[i].name, i == which ? value : members[i].value);
                comma = ",";
        }
        fprintf(memory, "%s}\n", extra);
        fclose(memory);
        return bytes;
}

static void spoilt(size_t which, const char *value, unsigned left_out, const char *extra)
{
        char *text = record_with(which, value, left_out, extra);

        refused(text);
        free(text);
}

static size_t member_named(const char *name)
{
        for (size_t i = 0; i < MEMBERS; i++)
                if (!strcmp(members[i].name, name))
                        return i;
        ck_abort_msg("no member %s", name);
}

static void sound(size_t which, const char *value, unsigned left_out)
{
        struct record record;
        char *text = record_with(which, value, left_out, "");

        ck_assert_msg(record_read(text, &record) == 0, "refused: %s", text);
        free(text);
}

static void text_is_sound(const char *extra)
{
        struct record record;
        char *text = record_with(MEMBERS, NULL, 0, extra);

        ck_assert_msg(record_read(text, &record) == 0, "refused: %s", text);
        free(text);
}

/* Those of the logger came later. */
static bool is_optional(size_t member)
{
        return !strncmp(members[member].name, "log_", 4);
}

START_TEST(missing_member)
{
        sound(MEMBERS, NULL, 0);
        for (size_t i = 0; i < MEMBERS; i++)
                if (is_optional(i))
                        sound(MEMBERS, NULL, LEFT_OUT(i));
                else
                        spoilt(MEMBERS, NULL, LEFT_OUT(i), "");
}
END_TEST

/* Of a broker that did not count the ends of loggers. */
START_TEST(an_older_record)
{
        static const char old[] =
                "{\"version\":1,\"want\":\"up\",\"pending\":\"nothing\",\"told\":\"nothing\","
                "\"told_pid\":0,\"removing\":false,\"hold\":\"none\",\"attempt\":1,"
                "\"next_start_usec\":0,\"restarts\":2,\"reason\":\"\",\"boot\":\"1.2\"}\n";
        struct record record;

        memset(&record, 0xa5, sizeof(record));
        ck_assert_int_eq(record_read(old, &record), 0);
        ck_assert_int_eq(record.brake.restarts, 2);
        ck_assert_int_eq(record.logger_brake.restarts, 0);
        ck_assert_uint_eq(record.logger_brake.attempt, 0);
        ck_assert_int_eq(record.logger_brake.next_start_usec, 0);
}
END_TEST

START_TEST(some_of_the_exit)
{
        size_t first = member_named("exit_code");
        struct record record;
        char *text;

        for (unsigned subset = 0; subset < 7; subset++) {
                if (subset)
                        spoilt(MEMBERS, NULL, subset * LEFT_OUT(first), "");
                ck_assert(members[first + subset % 3].of_exit);
        }
        text = record_with(MEMBERS, NULL, 7 * LEFT_OUT(first), "");
        ck_assert_int_eq(record_read(text, &record), 0);
        ck_assert(!record.has_exit);
        free(text);
}
END_TEST

START_TEST(wrong_type)
{
        static const char *const others[] = {"null", "[]", "{}", "1.0", "1e0", "[0]"};

        for (size_t i = 0; i < MEMBERS; i++) {
                /* null is as good as left out */
                for (size_t j = is_optional(i); j < sizeof(others) / sizeof(others[0]); j++)
                        if (i != member_named("version") || strcmp(others[j], "1.0")) /* which is one */
                                spoilt(i, others[j], 0, "");
                if (members[i].type != WORD)
                        spoilt(i, "\"1\"", 0, "");
                if (members[i].type != FLAG)
                        spoilt(i, "true", 0, "");
                if (members[i].type != NUMBER)
                        spoilt(i, "1", 0, "");
        }
}
END_TEST

START_TEST(wrong_value)
{
        static const struct {
                const char *name, *value;
        } wrong[] = {
                {"version", "0"},
                {"version", "-1"},
                {"version", "4294967297"},
                {"want", "\"\""},
                {"want", "\"Up\""},
                {"want", "\"held\""},
                {"hold", "\"\""},
                {"hold", "\"up\""},
                {"hold", "\"none \""},
                {"attempt", "-1"},
                {"attempt", "4294967296"},
                {"restarts", "-1"},
                {"log_restarts", "-1"},
                {"log_attempt", "-1"},
                {"log_attempt", "4294967296"},
                {"exit_code", "-2"},
                {"exit_code", "256"},
                {"exit_code", "4294967296"},
                {"exit_signal", "-1"},
                {"exit_signal", "128"},
                {"exit_signal", "4294967296"},
                {"restarts", "9223372036854775808"},
                {"next_start_usec", "9223372036854775808"},
                {"exit_at_usec", "-9223372036854775809"},
                {"reason", "\"\\u0000\""},
                {"reason", "\"\n\""},
                {"reason", "\"\xff\""},
                {"boot", "'b'"},
        };

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                spoilt(member_named(wrong[i].name), wrong[i].value, 0, "");
}
END_TEST

/* A JSON string of that many letters; free() it. */
static char *string_of(size_t length)
{
        char *string = malloc(length + 3);

        memset(string, 'x', length + 2);
        string[0] = string[length + 1] = '"';
        string[length + 2] = 0;
        return string;
}

START_TEST(too_long)
{
        static const struct {
                const char *name;
                size_t bytes;
        } strings[] = {{"reason", RECORD_REASON_BYTES}, {"boot", RECORD_BOOT_BYTES}};

        for (size_t i = 0; i < 2; i++) {
                size_t which = member_named(strings[i].name);
                char *fits = string_of(strings[i].bytes - 1);
                char *exceeds = string_of(strings[i].bytes);
                char *enormous = string_of(100000);

                sound(which, fits, 0);
                spoilt(which, exceeds, 0, "");
                spoilt(which, enormous, 0, "");
                free(fits);
                free(exceeds);
                free(enormous);
        }
}
END_TEST

START_TEST(duplicate_member)
{
        for (size_t i = 0; i < MEMBERS; i++) {
                char extra[128];

                snprintf(extra, sizeof(extra), ",\"%s\":%s", members[i].name, members[i].value);
                spoilt(MEMBERS, NULL, 0, extra);
        }
}
END_TEST

/* No names that members.h would take for different ones; and not more than is passed on. */
START_TEST(extra_member)
{
        static const char *const refused_too[] = {
                ",\"\":0",
                ",\"\\u0077ant\":\"up\"",
                ",\"x\\n\":1",
                ",\"more\":1,\"more\":1",
                ",\"more\":[[[[[[[[1]]]]]]]]",
                ",\"more\":NaN",
                ",\"more\":1,",
        };
        char large[STATE_UNKNOWN_BYTES + 16];

        for (size_t i = 0; i < sizeof(refused_too) / sizeof(refused_too[0]); i++)
                spoilt(MEMBERS, NULL, 0, refused_too[i]);
        memset(large, 'x', sizeof(large));
        memcpy(large, ",\"m\":\"", 6);
        snprintf(large + STATE_UNKNOWN_BYTES, 16, "\"");
        spoilt(MEMBERS, NULL, 0, large);
        large[sizeof(large) - 16 - 1] = '"';
        large[sizeof(large) - 16] = '\0';
        text_is_sound(large);
}
END_TEST

/* NULL: as an older one is written. */
static const struct passed {
        const char *version, *extra, *passed_on, *written;
} passed[] = {
        {"1", "", NULL, NULL},
        {"1.0", "", NULL, NULL},
        {"1.7", "", NULL, NULL},
        {"\"1.7\"", "", NULL, NULL},
        {"1", ",\"more\":1", ",\"more\":1", "1"},
        {"1.7", ",\"more\":null", ",\"more\":null", "1.7"},
        {"\"1.10\"", " , \"Version\" : 2", ",\"Version\":2", "\"1.10\""},
        {"\"1.1\"", ",\"a\":{\"want\":[\"}]\\\"\",{}]},\"b\":-1.50e3",
         ",\"a\":{\"want\":[\"}]\\\"\",{}]},\"b\":-1.50e3", "\"1.1\""},
};

START_TEST(what_a_newer_minor_version_wrote)
{
        for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
                char *text = record_with(member_named("version"), passed[i].version, 0, passed[i].extra);
                struct members *kept = NULL;
                char begin[64], end[128];
                struct record record;
                struct text again;

                ck_assert_msg(record_read(text, &record) == 0, "refused: %s", text);
                ck_assert_int_eq(record_read_members(text, &kept), 0);
                ck_assert_int_eq(kept != NULL, passed[i].passed_on != NULL);
                text_init(&again);
                record_write(&record, kept, &again);
                text_append(&again, "", 1);
                snprintf(begin, sizeof(begin), "{\"version\":%s,\"want\"",
                         passed[i].written ? passed[i].written : "1");
                snprintf(end, sizeof(end), ",\"boot\":\"\"%s}\n",
                         passed[i].passed_on ? passed[i].passed_on : "");
                ck_assert_msg(!strncmp(again.bytes, begin, strlen(begin)), "%s in %s", begin, again.bytes);
                ck_assert_msg(!strcmp(again.bytes + again.length - 1 - strlen(end), end), "%s in %s", end,
                              again.bytes);
                ck_assert_int_eq(record_read(again.bytes, &record), 0);
                text_deinit(&again);
                if (kept)
                        members_deinit(kept);
                free(kept);
                free(text);
        }
}
END_TEST

static const struct {
        const char *version;
        int result;
} versions[] = {
        {"2", -EPROTONOSUPPORT},
        {"2.0", -EPROTONOSUPPORT},
        {"\"2.0\"", -EPROTONOSUPPORT},
        {"10.1", -EPROTONOSUPPORT},
        {"1.4294967295", 0},
        {"1.4294967296", -EBADMSG},
        {"4294967295", -EPROTONOSUPPORT},
        {"4294967296", -EBADMSG},
        {"0", -EBADMSG},
        {"0.9", -EBADMSG},
        {"-1", -EBADMSG},
        {"1e1", -EBADMSG},
        {"1.1e1", -EBADMSG},
        {"\"1\"", -EBADMSG},
        {"\"1.\"", -EBADMSG},
        {"\".1\"", -EBADMSG},
        {"\"01.1\"", -EBADMSG},
        {"\"1.01\"", -EBADMSG},
        {"\"1.1.1\"", -EBADMSG},
        {"\" 1.1\"", -EBADMSG},
        {"\"1.1 \"", -EBADMSG},
        {"\"\"", -EBADMSG},
        {"[1]", -EBADMSG},
        {"null", -EBADMSG},
};

START_TEST(every_version)
{
        for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
                char *text = record_with(member_named("version"), versions[i].version, 0, "");
                struct record record;

                ck_assert_msg(record_read(text, &record) == versions[i].result, "%s", text);
                free(text);
        }
        /* Whatever else a higher major one holds. */
        ck_assert_int_eq(record_read("{\"wanted\":[[[[[[[[[[1]]]]]]]]]],\"version\":3}", &(struct record){0}),
                         -EPROTONOSUPPORT);
        ck_assert_int_eq(record_read("{\"version\":3,\"version\":3}", &(struct record){0}), -EBADMSG);
}
END_TEST

/* Words of a higher minor version are read as what does least; of ours there are no others. */
START_TEST(words_of_a_newer_minor_version)
{
        static const char *const words[] = {"pending", "told", "hold"};

        for (size_t i = 0; i < 3; i++) {
                char *text = record_with(member_named(words[i]), "\"paused\"",
                                         LEFT_OUT(member_named("version")), ",\"version\":\"1.1\"");
                struct record record;

                ck_assert_int_eq(record_read(text, &record), 0);
                ck_assert(record.pending == PENDING_NOTHING && record.told == TOLD_NOTHING);
                ck_assert(record.brake.hold == (i == 2 ? HOLD_HELD : HOLD_NONE));
                free(text);
                spoilt(member_named(words[i]), "\"paused\"", 0, "");
        }
}
END_TEST

START_TEST(no_record_at_all)
{
        static const char *const texts[] = {"",
                                            "\n",
                                            "null",
                                            "1",
                                            "true",
                                            "\"\"",
                                            "[]",
                                            "[{}]",
                                            "{}",
                                            "{\"a\":1}",
                                            "{\"version\":1}",
                                            "\xef\xbb\xbf{}"};

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                refused(texts[i]);
        spoilt(MEMBERS, NULL, 0, ",");
        spoilt(MEMBERS, NULL, 0, "}{");
        spoilt(MEMBERS, NULL, 0, "}}");
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                round_trip,
                round_trip_of_extremes,
                the_format,
                truncated_at_every_byte,
                missing_member,
                an_older_record,
                some_of_the_exit,
                wrong_type,
                wrong_value,
                too_long,
                duplicate_member,
                extra_member,
                no_record_at_all,
                what_a_newer_minor_version_wrote,
                every_version,
                words_of_a_newer_minor_version,
                whether_an_end_was_ordered,
                of_which_order_the_kill_is,
        };

        return unit_run(unit_suite_of("judge_record", tests));
}
