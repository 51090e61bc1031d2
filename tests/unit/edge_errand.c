/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/edge/control.h"
#include "daemon/edge/process.h"
#include "daemon/loop/deputy.h"

/* Orders to an s6-supervise that this test plays: it reads the FIFO, and signals nobody. */
#define SINCE_SECONDS 1700000000
#define SINCE_USEC (SINCE_SECONDS * INT64_C(1000000))
#define NOBODYS_UID 54321 /* whose process the run is not: as root's shell is not the client's */
#define DEADLINE_MSEC 20000

static char top[] = "/tmp/edge-errand-XXXXXX";
static int at, fifo;
static pid_t child;
static uv_loop_t loop;
static struct deputy deputy;
static struct control_place place;
static struct control control;
static int delivered;

static void put(unsigned char *bytes, uint64_t value, int length)
{
        while (length--) {
                bytes[length] = (unsigned char)value;
                value >>= 8;
        }
}

static void write_status(pid_t pid)
{
        unsigned char bytes[35] = {0}; /* as of 2.11 and 2.15 */
        int fd = openat(at, "svc/supervise/status", O_WRONLY | O_CREAT | O_TRUNC, 0644);

        put(bytes, (UINT64_C(1) << 62) + 37 + SINCE_SECONDS, 8);
        put(bytes + 12, (UINT64_C(1) << 62), 8);
        put(bytes + 24, (uint64_t)pid, 8);
        bytes[34] = 4;
        ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
        close(fd);
}

static void count_delivered(struct control *owner)
{
        ck_assert_ptr_eq(owner, &control);
        ck_assert(control_is_delivered(&control));
        delivered++;
}

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(top));
        at = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(mkdirat(at, "svc", 0700), 0);
        ck_assert_int_eq(mkdirat(at, "svc/supervise", 0700), 0);
        ck_assert_int_eq(mkfifoat(at, "svc/supervise/control", 0600), 0);
        signal(SIGTERM, SIG_DFL); /* in the child Check's handler would end the test */
        child = fork();
        if (child == 0)
                for (;;)
                        pause();
        fifo = openat(at, "svc/supervise/control", O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* which the child does not have */
        write_status(child);
        uv_loop_init(&loop);
        place = (struct control_place){.at = at, .loop = &loop, .delivered = count_delivered};
        control = (struct control){.place = &place, .name = "svc", .suffix = ""};
}

static void stand_in(uid_t uid)
{
        ck_assert_int_eq(deputy_open(&deputy, &loop, uid, getgid(), false, true, 1), 0);
        place.deputy = &deputy;
}

static void close_all(void)
{
        control_close(&control);
        if (place.deputy)
                deputy_close(&deputy);
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert_int_eq(uv_loop_close(&loop), 0); /* nothing of it is left there */
}

static void teardown(void)
{
        kill(child, SIGKILL);
        unlinkat(at, "svc/supervise/control", 0);
        unlinkat(at, "svc/supervise/status", 0);
        unlinkat(at, "svc/supervise", AT_REMOVEDIR);
        unlinkat(at, "svc", AT_REMOVEDIR);
        rmdir(top);
}

static struct s6_status run(void)
{
        return (struct s6_status){.pid = child, .since_usec = SINCE_USEC, .want_up = true};
}

static void assert_read(const char *letters)
{
        char bytes[64] = "";

        ck_assert_int_ge(read(fifo, bytes, sizeof(bytes) - 1), 0);
        ck_assert_str_eq(bytes, letters);
}

/* Until it is so, with a deadline. */
static void turn_until(bool (*is_so)(void))
{
        for (int msec = 0; msec < DEADLINE_MSEC && !is_so(); msec += 5) {
                uv_run(&loop, UV_RUN_NOWAIT);
                usleep(5000);
        }
        ck_assert(is_so());
}

static bool is_delivered(void)
{
        return delivered > 0;
}

static bool ended_by(int number)
{
        int status = 0;

        for (int i = 0; i < 1000 && waitpid(child, &status, WNOHANG) == 0; i++)
                usleep(5000);
        return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

static bool lives(void)
{
        struct process_life process;

        return process_look(child, &process) == 0;
}

START_TEST(s6_supervise_signals)
{
        struct s6_status status = run();

        ck_assert_int_eq(control_is_alive(&control), 1);
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        assert_read("d");
        ck_assert(control_is_delivered(&control));
        ck_assert(lives());
        ck_assert_int_eq(delivered, 0);
        close_all();
}
END_TEST

START_TEST(nobody_is_there)
{
        struct s6_status status = run();

        stand_in(getuid());
        close(fifo);
        ck_assert_int_eq(control_is_alive(&control), 0);
        ck_assert_int_eq(control_send(&control, "d", &status), -ENXIO);
        ck_assert(control_is_delivered(&control));
        ck_assert(!control_is_unread(&control, 0));
        close_all();
        ck_assert(lives());
}
END_TEST

/* The order, whose letters it has read, and whose signal the deputy sends: it is not delivered before that. */
static const struct {
        const char *letters;
        int signal;
} orders[] = {{"d", SIGTERM}, {"ur", SIGTERM}, {"urc", SIGTERM}, {"t", SIGTERM}, {"k", SIGKILL}, {"kx", SIGKILL}};

START_TEST(the_deputy_signals)
{
        struct s6_status status = run();

        stand_in(getuid());
        ck_assert_int_eq(control_send(&control, orders[_i].letters, &status), 0);
        assert_read(orders[_i].letters);
        ck_assert(!control_is_delivered(&control));
        turn_until(is_delivered);
        ck_assert(ended_by(orders[_i].signal));
        close_all();
        ck_assert_int_eq(delivered, 1);
}
END_TEST

static void stop_child(void)
{
        int state;

        kill(child, SIGSTOP);
        ck_assert_int_eq(waitpid(child, &state, WUNTRACED), child); /* else CONT takes back the STOP that is on its way */
}

/* Letters to a run that is stopped, as s6-supervise takes them (2.11, 2.13 and 2.15): which signal it ends by; 0: it stays
 * stopped. */
static const struct {
        const char *letters;
        int signal;
} to_stopped[] = {{"d", SIGTERM}, {"dx", SIGTERM}, {"urc", SIGTERM}, {"Orc", SIGTERM}, {"tc", SIGTERM},
                  {"k", SIGKILL}, {"kdx", SIGKILL}, {"t", 0}, {"ur", 0}};

START_TEST(a_stopped_run_is_told_to_end)
{
        struct s6_status status = run();

        stand_in(getuid());
        stop_child();
        ck_assert_int_eq(control_send(&control, to_stopped[_i].letters, &status), 0);
        turn_until(is_delivered);
        if (to_stopped[_i].signal) {
                ck_assert(ended_by(to_stopped[_i].signal));
        } else {
                ck_assert_int_eq(process_state(child), PROCESS_STATE_STOPPED);
                kill(child, SIGCONT);
                ck_assert(ended_by(SIGTERM)); /* it was sent */
        }
        close_all();
        ck_assert_int_eq(delivered, 1);
}
END_TEST

/* A Stop comes while the TERM before it is not sent yet. */
START_TEST(more_takes_the_place_of_less)
{
        struct s6_status status = run();

        stand_in(NOBODYS_UID);
        stop_child();
        ck_assert_int_eq(control_send(&control, "t", &status), 0);
        deputy.crew.uid = getuid();
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        turn_until(is_delivered);
        ck_assert(ended_by(SIGTERM));
        close_all();
        ck_assert_int_eq(delivered, 1);
}
END_TEST

START_TEST(a_stopped_run_is_continued)
{
        struct s6_status status = run();
        int state = 0;

        stand_in(getuid());
        stop_child();
        ck_assert_int_eq(control_send(&control, "c", &status), 0);
        ck_assert(control_is_delivered(&control)); /* nobody waits for it */
        for (int i = 0; i < 1000 && !WIFCONTINUED(state); i++) {
                uv_run(&loop, UV_RUN_NOWAIT);
                waitpid(child, &state, WNOHANG | WCONTINUED);
                usleep(5000);
        }
        ck_assert(WIFCONTINUED(state));
        close_all();
}
END_TEST

/* Letters that ask for no signal, and a run that is none. */
START_TEST(nothing_to_signal)
{
        struct s6_status status = run();

        stand_in(getuid());
        ck_assert_int_eq(control_send(&control, "u", &status), 0);
        status.pid = 0;
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        status.pid = child + 1; /* the status file says otherwise by now */
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        ck_assert(control_is_delivered(&control));
        close_all();
        ck_assert_int_eq(delivered, 0);
        ck_assert(lives());
}
END_TEST

/* It is tried until it may be sent; when the run is over it has no object any more. */
START_TEST(the_run_ends_by_itself)
{
        struct s6_status status = run();

        stand_in(NOBODYS_UID);
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        for (int i = 0; i < 50; i++) {
                uv_run(&loop, UV_RUN_NOWAIT);
                usleep(2000);
        }
        ck_assert(!control_is_delivered(&control));
        control_follow(&control, &status);
        ck_assert_int_eq(delivered, 0);
        status.since_usec++;
        control_follow(&control, &status);
        ck_assert_int_eq(delivered, 1);
        ck_assert(control_is_delivered(&control));
        close_all();
        ck_assert(lives());
}
END_TEST

START_TEST(it_is_seen_to_be_over)
{
        struct s6_status status = run();

        stand_in(NOBODYS_UID);
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        write_status(child + 1);
        turn_until(is_delivered);
        close_all();
        ck_assert(lives());
}
END_TEST

START_TEST(kill_takes_the_place_of_term)
{
        struct s6_status status = run();

        stand_in(NOBODYS_UID);
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        ck_assert_int_eq(control_send(&control, "d", &status), 0); /* not twice */
        deputy.crew.uid = getuid();
        ck_assert_int_eq(control_send(&control, "k", &status), 0);
        turn_until(is_delivered);
        ck_assert(!control.errand);
        close_all();
        ck_assert_int_eq(delivered, 1);
}
END_TEST

START_TEST(closed_while_it_is_on_its_way)
{
        struct s6_status status = run();

        stand_in(getuid());
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        close_all();
        ck_assert_int_eq(delivered, 0);
}
END_TEST

START_TEST(what_is_not_read)
{
        struct s6_status status = run();
        int64_t sent_msec;

        ck_assert_int_eq(control_send(&control, "u", &status), 0);
        sent_msec = control.sent_msec;
        ck_assert(control_is_unread(&control, 0));
        ck_assert(!control_is_unread(&control, DEADLINE_MSEC));
        usleep(20000);
        ck_assert_int_eq(control_send(&control, "d", &status), 0);
        ck_assert_int_eq(control.sent_msec, sent_msec); /* of the oldest letters */
        ck_assert(control_is_unread(&control, 20));
        assert_read("ud");
        ck_assert(!control_is_unread(&control, 0));
        ck_assert_int_eq(control_send(&control, "u", &status), 0);
        ck_assert_int_gt(control.sent_msec, sent_msec);
        close_all();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {s6_supervise_signals,
                                nobody_is_there,
                                a_stopped_run_is_continued,
                                nothing_to_signal,
                                more_takes_the_place_of_less,
                                the_run_ends_by_itself,
                                it_is_seen_to_be_over,
                                kill_takes_the_place_of_term,
                                closed_while_it_is_on_its_way,
                                what_is_not_read};
        Suite *suite = suite_create("edge_errand");
        TCase *tcase = tcase_create("edge_errand");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        tcase_add_loop_test(tcase, the_deputy_signals, 0, sizeof(orders) / sizeof(orders[0]));
        tcase_add_loop_test(tcase, a_stopped_run_is_told_to_end, 0, sizeof(to_stopped) / sizeof(to_stopped[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
