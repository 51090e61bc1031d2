/* SPDX-License-Identifier: ISC */
#include "client/say/why.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "client/say/page.h"
#include "unit.h"

#define NOW_USEC INT64_C(1000000000)

/* A gateway that is called g, since 12 s; the other members follow. */
#define GATEWAY "{\"name\":\"g\",\"kind\":\"gateway\",\"since_usec\":988000000,"
#define LOGS "'svcctl logs g' shows what it printed"

static const struct {
        const char *service;
        const char *happened, *next, *advice;
} cases[] = {
        {GATEWAY "\"state\":\"down\",\"want\":\"down\"}", "g has been down for 12s, as wanted.",
         "It stays down, even when the container restarts, until somebody starts it.",
         "'svcctl start g' starts it."},
        {GATEWAY
         "\"state\":\"down\",\"want\":\"down\",\"last_exit\":{\"signal\":\"SIGTERM\",\"at_usec\":980000000}}",
         "g has been down for 12s, as wanted. Its last run was killed by SIGTERM, 20s ago.",
         "It stays down, even when the container restarts, until somebody starts it.",
         "'svcctl start g' starts it."},
        {GATEWAY "\"state\":\"down\",\"want\":\"up\"}", "g is down, though it is wanted up.",
         "An order for it may be under way, or it is being registered or removed.",
         "Look again in a moment; if it stays so, 'svcctl start g' starts it."},
        {GATEWAY "\"state\":\"starting\",\"want\":\"up\",\"pid\":7}", "g was started 12s ago, with pid 7.",
         "It counts as up once it has run for a while, or has announced that it is ready.", ""},
        {GATEWAY "\"state\":\"starting\",\"want\":\"up\"}", "g was told to run, but has no process yet.",
         "Its supervisor starts it as soon as it can.",
         "If it stays so, 'svcctl doctor' looks for the cause."},
        {GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7}", "g has been up for 12s with pid 7.",
         "If it ends, it is started again.", ""},
        {GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7,\"restarts\":1,"
                 "\"last_exit\":{\"code\":75,\"at_usec\":980000000}}",
         "g has been up for 12s with pid 7. It was restarted once; its last run ended with exit 75 (it asked "
         "to be started again), 20s ago.",
         "If it ends, it is started again.", LOGS "."},
        /* What a person ended is no crash. */
        {GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7,"
                 "\"last_exit\":{\"code\":1,\"at_usec\":980000000,\"ordered\":true}}",
         "g has been up for 12s with pid 7. Its last run ended with exit 1, as ordered, 20s ago.",
         "If it ends, it is started again.", ""},
        {GATEWAY "\"state\":\"up\",\"want\":\"down\",\"pid\":7}",
         "g has been up for 12s with pid 7, though it is wanted down.",
         "It runs on until it is told to stop.", "'svcctl stop g' stops it."},
        {GATEWAY "\"state\":\"stopping\",\"want\":\"down\",\"pid\":7}", "g was told to stop, and still runs.",
         "It is down when it has ended.", "If it takes too long, 'svcctl logs g' shows what it does."},
        {GATEWAY "\"state\":\"stopping\",\"want\":\"up\",\"pid\":7}",
         "g was told to end for a restart, and still runs.", "It is started when it has ended.",
         "If it takes too long, 'svcctl logs g' shows what it does."},
        {GATEWAY "\"state\":\"finishing\",\"want\":\"up\"}", "g has ended, and its finish script runs.",
         "When the script is done it is started again, unless its exit code says that this is useless.", ""},
        {GATEWAY "\"state\":\"finishing\",\"want\":\"down\"}", "g has ended, and its finish script runs.",
         "When the script is done it is down.", ""},
        {GATEWAY "\"state\":\"backoff\",\"want\":\"up\",\"reason\":\"it keeps ending\",\"restarts\":4,"
                 "\"next_start_usec\":1040000000,\"last_exit\":{\"code\":1,\"at_usec\":988000000}}",
         "g has not run for 12s: it keeps ending. It was restarted 4 times; its last run ended with exit 1, "
         "12s ago.",
         "It is started again in 40s; each failure makes the wait longer, up to a limit.",
         LOGS "; mend that, and 'svcctl start g' tries at once."},
        {GATEWAY "\"state\":\"backoff\",\"want\":\"up\",\"reason\":\"it keeps ending\"}",
         "g has not run for 12s: it keeps ending.", "It is being started again.", LOGS "."},
        {GATEWAY "\"state\":\"failed\",\"want\":\"up\",\"reason\":\"configuration error\","
                 "\"last_exit\":{\"code\":78,\"at_usec\":988000000}}",
         "g failed 12s ago: configuration error. Its last run ended with exit 78 (configuration error), 12s "
         "ago.",
         "It is not started again until somebody starts it.",
         "'svcctl logs g' shows what is wrong; mend that, then 'svcctl start g' starts it."},
        {GATEWAY "\"state\":\"held\",\"want\":\"up\",\"reason\":\"its failures were forgotten\"}",
         "g has been held down for 12s: its failures were forgotten.", "It stays down as long as that is so.",
         "See to what the reason names; 'svcctl doctor' looks further."},
        {GATEWAY "\"state\":\"held\",\"want\":\"up\",\"cause\":\"forgiven\",\"reason\":\"its failures were "
                 "forgotten\"}",
         "g has been held down for 12s: its failures were forgotten.",
         "It stays down until somebody starts it.", "'svcctl start g' starts it."},
        {GATEWAY
         "\"state\":\"held\",\"want\":\"up\",\"cause\":\"elsewhere\",\"reason\":\"it runs elsewhere\"}",
         "g has been held down for 12s: it runs elsewhere.",
         "It is started by itself when the other process, in another container or left over in this one, has "
         "ended.",
         "To run it here, stop it where it runs, and after that start it here: both share the record of what "
         "is wanted."},
        {GATEWAY "\"state\":\"held\",\"want\":\"up\",\"cause\":\"unreadable\",\"reason\":\"its record\"}",
         "g has been held down for 12s: its record.", "It stays down until somebody says what is wanted.",
         "'svcctl start g' or 'svcctl stop g' does, and writes the record anew."},
        {GATEWAY "\"state\":\"held\",\"want\":\"up\",\"cause\":\"newer\",\"reason\":\"its record\"}",
         "g has been held down for 12s: its record.",
         "It stays down, and the record that the newer one wrote stays as it is.",
         "Run the newer svcbrokerd again; 'svcctl start g' starts it under this one, without the variables "
         "that are recorded there, and this start is not recorded."},
        {GATEWAY
         "\"state\":\"held\",\"want\":\"up\",\"cause\":\"served\",\"reason\":\"the default gateway serves\"}",
         "g is served by the default gateway, and needs no process of its own: the default gateway serves. "
         "Nothing is "
         "wrong.",
         "It stays so as long as the default gateway serves its profile.",
         "'svcctl status default' shows the gateway that serves it."},
        {GATEWAY "\"state\":\"down\",\"want\":\"down\",\"cause\":\"served\"}",
         "g has been down for 12s, as wanted; but the default gateway serves every profile, this one "
         "included.",
         "Its profile is served, whatever is wanted of its own gateway, as long as the default gateway "
         "serves every profile.",
         "'svcctl status default' shows the gateway that serves it."},
        {GATEWAY "\"state\":\"unsupervised\",\"want\":\"up\",\"reason\":\"no s6-supervise runs for it\"}",
         "g is unsupervised: no s6-supervise runs for it.", "Nothing starts it, and it takes no orders.",
         "'svcctl doctor' looks for the cause."},
        {GATEWAY "\"state\":\"later\"}", "g is in a state that this svcctl does not know.",
         "Only the broker knows what comes next.", "Use the svcctl of the broker's version."},
        /* The logger is held back, the gateway runs. */
        {GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7,\"reason\":\"its logger keeps ending\"}",
         "g has been up for 12s with pid 7. But its logger keeps ending.",
         "If it ends, it is started again. Its logger is started again by itself, too; until it runs, what "
         "is printed waits.",
         "The broker's log may say why, and the volume may be full; mend that, and 'svcctl reset g' tries "
         "the "
         "logger at once."},
        /* On the way, and not for too long. */
        {GATEWAY "\"state\":\"stopping\",\"want\":\"up\",\"pid\":7,\"step_since_usec\":990000000,"
                 "\"step_until_usec\":1170000000}",
         "g was told to end for a restart, and still runs.",
         "It is started when it has ended. It may drain until 00:19:30.",
         "If it takes too long, 'svcctl logs g' shows what it does."},
        {GATEWAY "\"state\":\"starting\",\"want\":\"up\",\"step_since_usec\":995000000,"
                 "\"step_until_usec\":86405000000}",
         "g was told to run, but has no process yet.",
         "Its supervisor starts it as soon as it can. That may take until 1970-01-02 00:00:05.",
         "If it stays so, 'svcctl doctor' looks for the cause."},
/* And for too long: since when, and what ends it. */
#define TOLD                                                                                                 \
        "\"pid\":7,\"problem\":\"not_ended\",\"reason\":\"it was told to "                                   \
        "end\",\"step_since_usec\":800000000,"                                                               \
        "\"step_until_usec\":980000000}"
#define KILLS                                                                                                \
        "'svcctl logs g' shows what it does; 'svcctl kill g' ends it at once, and what it has not saved is " \
        "lost."
        {GATEWAY "\"state\":\"stopping\",\"want\":\"up\"," TOLD,
         "g was told to end for a restart 3m 20s ago, at 00:13:20, and still runs with pid 7.",
         "It is started when it has ended, and nothing ends it by force.", KILLS},
        {GATEWAY "\"state\":\"stopping\",\"want\":\"down\"," TOLD,
         "g was told to stop 3m 20s ago, at 00:13:20, and still runs with pid 7.",
         "It is down when it has ended, and nothing ends it by force.", KILLS},
        {GATEWAY
         "\"state\":\"starting\",\"want\":\"up\",\"problem\":\"not_started\",\"reason\":\"no process\","
         "\"step_since_usec\":940000000,\"step_until_usec\":950000000}",
         "g has had no process for 1m, since 00:15:40, though it is wanted up.",
         "Its supervisor tries again by itself, in some cases only once a minute.",
         "'svcctl doctor' looks for what keeps it from running."},
        {GATEWAY
         "\"state\":\"up\",\"want\":\"up\",\"pid\":7,\"problem\":\"stopped\",\"reason\":\"it is stopped\"}",
         "g is stopped by a signal: its process, 7, does nothing.", "It goes on when somebody continues it.",
         "'kill -CONT 7' continues it, 'svcctl restart g' starts it anew."},
        {GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7,\"problem\":\"stale\",\"reason\":\"it ended\"}",
         "g has ended: its process, 7, is gone, which its s6-supervise has not seen.",
         "It is started again once that is seen.",
         "'svcctl doctor' says more; root can continue the s6-supervise, or kill it, and s6-svscan starts "
         "another."},
        {GATEWAY
         "\"state\":\"up\",\"want\":\"up\",\"pid\":7,\"problem\":\"logger\",\"reason\":\"its logger does not "
         "run\"}",
         "g has been up for 12s with pid 7. But its logger does not run.",
         "If it ends, it is started again. Its logger is started again by itself, too; until it runs, what "
         "is printed waits.",
         "The broker's log may say why, and the volume may be full; mend that, and 'svcctl reset g' tries "
         "the "
         "logger "
         "at once."},
        /* A word of a later broker: the state says what it says. */
        {GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7,\"problem\":\"new\"}",
         "g has been up for 12s with pid 7.", "If it ends, it is started again.", ""},
        /* What is no gateway is nothing that a client starts. */
        {"{\"name\":\"dashboard\",\"kind\":\"static\",\"state\":\"backoff\",\"want\":\"up\",\"reason\":\"it "
         "ended\",\"last_exit\":{\"code\":75}}",
         "dashboard has not run for some time: it ended. Its last run ended with exit 75.",
         "It is being started again.",
         "It is not a gateway: root controls it with s6-svc, unless svcbrokerd was told to let its clients "
         "do so (--allow-static)."},
        {"{}", "? is in a state that this svcctl does not know.", "Only the broker knows what comes next.",
         "Use the svcctl of the broker's version."},
        {GATEWAY "\"state\":\"unsupervised\",\"reason\":\"\\u001b[2J\"}", "g is unsupervised: \\x1b[2J.",
         "Nothing starts it, and it takes no orders.", "'svcctl doctor' looks for the cause."},
};

START_TEST(every_case)
{
        struct json_object *service = json_tokener_parse(cases[_i].service);
        struct facts facts;
        struct why why;

        ck_assert_ptr_nonnull(service);
        facts_read(service, &facts);
        ck_assert(why_init(&why, &facts, NOW_USEC, PRINTABLE_ASCII));
        ck_assert_str_eq(why.happened, cases[_i].happened);
        ck_assert_str_eq(why.next, cases[_i].next);
        ck_assert_str_eq(why.advice, cases[_i].advice);
        why_deinit(&why);
        json_object_put(service);
}
END_TEST

START_TEST(as_lines)
{
        const struct look look = {.now_usec = NOW_USEC, .columns = 30};
        struct json_object *service =
                json_tokener_parse(GATEWAY "\"state\":\"up\",\"want\":\"up\",\"pid\":7}");
        char *text = page_why_text(service, &look);

        ck_assert_str_eq(text, "g has been up for 12s with pid\n7.\nIf it ends, it is started\nagain.\n");
        free(text);
        json_object_put(service);
}
END_TEST

int main(void)
{
        setenv("TZ", "UTC", 1);
        Suite *suite = suite_create("why");
        TCase *tcase = tcase_create("why");

        tcase_add_loop_test(tcase, every_case, 0, sizeof(cases) / sizeof(cases[0]));
        tcase_add_test(tcase, as_lines);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
