/* SPDX-License-Identifier: ISC */
#include "daemon/loop/watchdog.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "unit.h"

#define LIMIT_MSEC 500

/* What the loop of a child does. */
struct scene {
        uv_loop_t loop;
        struct watchdog watchdog;
        uv_timer_t timer;
        uv_poll_t poll;
        int in;
        void (*act)(struct scene *scene);
};

static void spin(struct scene *scene)
{
        for (volatile unsigned long i = 0;; i++)
                (void)scene;
}

/* Whatever wakes it, it sleeps on: in nanosleep, which is no epoll. */
static void sleep_on(struct scene *scene)
{
        const struct timespec long_time = {3600, 0};

        (void)scene;
        for (;;)
                nanosleep(&long_time, NULL);
}

static void on_timer(uv_timer_t *timer);

/* Some work, again and again, for three times the limit: each turn is short. */
static void turn_often(struct scene *scene)
{
        static int count;
        const struct timespec work = {0, 20 * 1000000};

        nanosleep(&work, NULL);
        if (++count > 3 * LIMIT_MSEC / 20)
                _exit(0);
        uv_timer_start(&scene->timer, on_timer, 1, 0); /* 0 would be the same turn */
}

static void end(struct scene *scene)
{
        watchdog_stop(&scene->watchdog);
        uv_close((uv_handle_t *)&scene->timer, NULL);
        if (scene->in >= 0)
                uv_close((uv_handle_t *)&scene->poll, NULL);
}

static void on_timer(uv_timer_t *timer)
{
        struct scene *scene = timer->data;

        scene->act(scene);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
        struct scene *scene = poll->data;
        char byte;

        (void)status;
        (void)events;
        ck_assert_int_eq(1, read(scene->in, &byte, 1)); /* now epoll has nothing to say any more */
        scene->act(scene);
}

/* Begins in a child; in: what wakes it, -1: a timer of so many milliseconds. */
static pid_t play(void (*act)(struct scene *scene), int in, uint64_t msec, int64_t limit_msec)
{
        static struct scene scene;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid != 0)
                return pid;
        scene.act = act;
        scene.in = in;
        scene.timer.data = scene.poll.data = &scene;
        if (uv_loop_init(&scene.loop) || uv_timer_init(&scene.loop, &scene.timer) ||
            watchdog_start(&scene.watchdog, &scene.loop, limit_msec))
                _exit(3);
        if (in >= 0 &&
            (uv_poll_init(&scene.loop, &scene.poll, in) || uv_poll_start(&scene.poll, UV_READABLE, on_poll)))
                _exit(3);
        if (in < 0)
                uv_timer_start(&scene.timer, on_timer, msec, 0);
        uv_run(&scene.loop, UV_RUN_DEFAULT);
        _exit(uv_loop_close(&scene.loop) ? 4 : 0);
}

static void assert_killed(pid_t pid)
{
        int status;

        ck_assert_int_eq(pid, waitpid(pid, &status, 0));
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%#x", status);
}

static void assert_exited(pid_t pid)
{
        int status;

        ck_assert_int_eq(pid, waitpid(pid, &status, 0));
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", status);
}

static void pause_msec(long msec)
{
        const struct timespec length = {msec / 1000, msec % 1000 * 1000000};

        nanosleep(&length, NULL);
}

START_TEST(stands_at_once)
{
        assert_killed(play(spin, -1, 0, LIMIT_MSEC));
        assert_killed(play(sleep_on, -1, 0, LIMIT_MSEC));
}
END_TEST

/* Nothing wakes the thread then but that the timer was due. */
START_TEST(stands_in_a_timer_after_a_long_wait)
{
        assert_killed(play(spin, -1, 2 * LIMIT_MSEC, LIMIT_MSEC));
        assert_killed(play(sleep_on, -1, 2 * LIMIT_MSEC, LIMIT_MSEC));
}
END_TEST

/* Nothing tells of it afterwards: what woke the loop has been read. */
static void stands_after_an_event(void (*act)(struct scene *scene))
{
        int ends[2];
        pid_t pid;

        ck_assert_int_eq(0, pipe2(ends, O_NONBLOCK | O_CLOEXEC));
        pid = play(act, ends[0], 0, LIMIT_MSEC);
        pause_msec(2 * LIMIT_MSEC); /* it waits, and has its time */
        ck_assert_int_eq(0, waitpid(pid, NULL, WNOHANG));
        ck_assert_int_eq(1, write(ends[1], "x", 1));
        assert_killed(pid);
        close(ends[0]);
        close(ends[1]);
}

START_TEST(stands_in_an_event_after_a_long_wait)
{
        stands_after_an_event(spin);
        stands_after_an_event(sleep_on);
}
END_TEST

START_TEST(works_and_waits)
{
        assert_exited(play(turn_often, -1, 0, LIMIT_MSEC));
        assert_exited(play(end, -1, 3 * LIMIT_MSEC, LIMIT_MSEC));
        assert_exited(play(end, -1, 0, LIMIT_MSEC));
        assert_exited(play(end, -1, 0, 0));
}
END_TEST

static void stand_for_half(struct scene *scene)
{
        pause_msec(LIMIT_MSEC / 2);
        end(scene);
}

/* As a container that is frozen: in the middle of a turn, for longer than the limit, twice. */
START_TEST(is_stopped)
{
        pid_t pid = play(stand_for_half, -1, 0, LIMIT_MSEC);

        for (int i = 0; i < 2; i++) {
                pause_msec(LIMIT_MSEC / 10);
                ck_assert_int_eq(0, kill(pid, SIGSTOP));
                pause_msec(2 * LIMIT_MSEC);
                ck_assert_int_eq(0, kill(pid, SIGCONT));
        }
        assert_exited(pid);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {stands_at_once, stands_in_a_timer_after_a_long_wait,
                                stands_in_an_event_after_a_long_wait, works_and_waits, is_stopped};

        return unit_run(unit_suite_of("loop_watchdog", tests));
}
