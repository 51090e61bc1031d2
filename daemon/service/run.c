/* SPDX-License-Identifier: ISC */
#include "daemon/service/run.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "daemon/edge/control.h"
#include "daemon/edge/process.h"
#include "daemon/loop/timer.h"
#include "daemon/service/registry.h"

void run_delivered(struct control *control)
{
        struct run *run = (struct run *)((char *)control - offsetof(struct run, control));

        run->owner->delivered(run);
}

void run_init(struct run *run, struct service *service, const struct run_owner *owner, struct control control,
              struct brake *brake)
{
        run->service = service;
        run->owner = owner;
        run->brake = brake;
        run->wd = -1;
        run->control = control;
}

void run_deinit(struct run *run)
{
        control_close(&run->control);
}

bool run_is_alive(const struct run *run)
{
        return run->supervised && s6_status_is_alive(&run->status);
}

pid_t run_pid(const struct run *run)
{
        return run_is_alive(run) ? run->status.pid : 0;
}

bool run_is_settled(const struct run *run, int64_t settle_msec)
{
        if (!run_is_alive(run))
                return false;
        return run->has_readiness ? run->status.ready : clock_msec() - run->began_msec >= settle_msec;
}

bool run_is_to_end(const struct run *run)
{
        const struct goal *goal = &run->goal;

        return run->told != TOLD_NOTHING || goal->kind == GOAL_DOWN ||
               (goal->kind == GOAL_UP && goal->replace && goal->replace == run->status.pid);
}

struct seen run_seen(const struct run *run, int64_t settle_msec)
{
        return (struct seen){
                .supervised = run->supervised,
                .finishing = run->status.finishing,
                .paused = run->status.paused || run->halt.kind == HALT_STOPPED,
                .stands = signals_stands(&run->signals, run_pid(run)),
                .want_up = run->status.want_up,
                .settled = run_is_settled(run, settle_msec),
                .barred = run->owner->is_barred && run->owner->is_barred(run),
                .pid = run->status.pid,
                .since_usec = run->status.since_usec,
                .told = run->told,
                .told_up = run->told_up,
                .told_down = run->told_down,
        };
}

bool run_is_signalled(const struct run *run, const struct s6_status *now)
{
        struct ending ending = ending_of_status(now->wait_status);
        int64_t ending_msec = run->service->registry->patience.msec[STEP_END];

        return signals_ended(&run->signals, run_pid(run), &ending, ending_msec, now->since_usec);
}

/* Where the next process runs already, the code 0 is also what an s6-supervise says that has not seen an end: the one
 * before it may have been replaced, and nothing has shown it. It begins with an empty tally, too. */
static bool is_of_another(const struct run *run, const struct s6_status *now)
{
        return s6_status_is_alive(now) && now->wait_status == 0 &&
               !s6_tally_has_since(run->control.place->at, control_name(&run->control).text,
                                   run->status.since_usec);
}

struct ending run_ending(const struct run *run, const struct s6_status *now)
{
        if (!run->supervised || is_of_another(run, now))
                return (struct ending){.known = false};
        return ending_of_status(now->wait_status);
}

static void run_ended(struct run *run, const struct s6_status *now)
{
        bool ordered;

        run->signalled = run_is_signalled(run, now);
        run->signals = (struct signals){0};
        run->kill_msec = 0;
        ordered = run->told != TOLD_NOTHING || run->signalled;
        run->lasted_msec = clock_msec() - run->began_msec;
        run->end = ordered ? RUN_END_ORDERED : RUN_END_UNASKED;
        if (ordered)
                run->goal.base_usec = now->since_usec;
        run->owner->ended(run, now);
        run->told = TOLD_NOTHING;
}

static void run_began(struct run *run, const struct s6_status *now, bool late)
{
        int64_t age_msec = (clock_utc_usec() - now->since_usec) / 1000;

        run->began_msec = clock_msec() - (age_msec > 0 ? age_msec : 0);
        run->owner->began(run, now, late);
        run->end = RUN_END_NONE;
}

/* Is `now` the first status of another s6-supervise? Its stamp is when that s6-supervise began, and says nothing
 * about the goal. */
static bool is_beginning(const struct run *run, const struct s6_status *now)
{
        return s6_status_has_run_nothing(now) &&
               (!run->supervised || now->since_usec != run->status.since_usec);
}

/* What its s6-supervise was told, the next one does not know. */
static void lose(struct run *run)
{
        run->supervised = run->told_up = run->told_down = false;
}

/* A run that s6 was about to start may have begun before the `d` was read that was to keep it down: then it is told
 * to end by that. */
static void see_told_down(struct run *run, const struct s6_status *now)
{
        const struct s6_status *old = &run->status;
        bool ran = s6_status_is_alive(old) || s6_status_is_alive(now) || s6_status_ran_between(old, now);

        if (!run->told_down)
                return;
        if (ran && run->told == TOLD_NOTHING && (!now->want_up || control_is_unread(&run->control, 0)))
                run->told = TOLD_DOWN;
        run->told_down = now->want_up;
}

static void run_take(struct run *run, const struct s6_status *now)
{
        struct s6_status *old = &run->status;
        bool other = now->pid != old->pid || s6_status_is_alive(now) != s6_status_is_alive(old);

        if (is_beginning(run, now)) {
                lose(run); /* the end of the one before may not have shown yet */
                if (run->goal.base_usec)
                        run->goal.base_usec = now->since_usec;
        }
        if (run->owner->takes)
                run->owner->takes(run, now);
        see_told_down(run, now);
        if (run->supervised && s6_status_ran_between(old, now)) {
                run_began(run, now, true);
                run_ended(run, now);
        }
        if (s6_status_is_alive(old) && other)
                run_ended(run, now);
        if (s6_status_is_alive(now) && other)
                run_began(run, now, false);
        if (other || now->since_usec != old->since_usec || now->want_up != old->want_up)
                run->told_up = false;
        *old = *now;
        run->supervised = true;
        control_follow(&run->control, now);
}

static int read_status(const struct run *run, struct s6_status *status)
{
        return s6_status_read(run->control.place->at, control_name(&run->control).text, status);
}

int run_see(struct run *run)
{
        struct s6_status now;
        int alive, result;

        if (!run->there)
                return 0;
        alive = control_is_alive(&run->control);
        result = alive > 0 ? read_status(run, &now) : alive;
        if (alive > 0 && result == 0)
                run_take(run, &now);
        else if (alive == 0 || result == -ENOENT)
                lose(run); /* or one has just begun, and writes a status soon */
        return result == -ENOENT ? 0 : result;
}

int run_see_status(struct run *run)
{
        struct s6_status now;

        if (read_status(run, &now))
                return run_see(run);
        run_take(run, &now);
        /* The status may say the same as before; it cannot say what came of an order that was not read. */
        run->told_up = run->told_up && control_is_unread(&run->control, 0);
        return 0;
}

bool run_send(struct run *run, const char *letters)
{
        int result = control_send(&run->control, letters, &run->status);

        if (result == 0 && !s6_status_is_alive(&run->status)) {
                run->told_up = run->told_up || strpbrk(letters, "uo");
                run->told_down = run->told_down || (run->status.want_up && strchr(letters, 'd'));
        }
        if (s6_control_is_gone(result))
                run->supervised = false;
        else if (result)
                run->send_error = result == -EAGAIN ? SEND_ERROR_FULL : SEND_ERROR_LACK;
        return result == 0;
}

bool run_order(struct run *run, const char *letters)
{
        if (!run_send(run, letters))
                return false;
        if (!s6_status_is_alive(&run->status))
                return true;
        if (strchr(letters, 'd'))
                run->told = TOLD_DOWN;
        else if (strpbrk(letters, "rtk") || run->told == TOLD_DOWN)
                run->told = TOLD_RESTART;
        return true;
}

void run_set_goal(struct run *run, enum goal_kind kind, pid_t replace)
{
        run->goal = (struct goal){.kind = kind, .replace = replace, .base_usec = run->status.since_usec};
        run->kill_msec = 0;
        signals_forget_stop(&run->signals);
}

/* Sets when the goal's KILL is due: another goal begins the time anew; a goal that does not kill ends it. */
static void set_kill(struct run *run)
{
        bool ends = run->goal.kind != GOAL_NONE && run->told != TOLD_NOTHING && run_is_alive(run);

        if (!ends || !run->goal.kill_after_msec)
                run->kill_msec = 0;
        else if (!run->kill_msec)
                run->kill_msec = clock_msec() + run->goal.kill_after_msec;
}

bool run_send_due(struct run *run)
{
        char letters[SIGNALS + 1];
        bool any = false;

        signals_letters(&run->signals, run_pid(run), letters);
        if (*letters && run_send(run, letters)) {
                signals_note(&run->signals, clock_utc_usec());
                any = true;
        }
        set_kill(run);
        if (run->kill_msec && clock_msec() >= run->kill_msec && run_send(run, "k"))
                run->goal.kill_after_msec = run->kill_msec = 0;
        return any;
}

int64_t run_kill_wait_msec(const struct run *run)
{
        int64_t wait_msec = run->kill_msec - clock_msec();

        /* A KILL that is due and could not be sent is tried again when any other letter is. */
        return !run->kill_msec || (run->send_error && wait_msec <= 0) ? INT64_MAX : wait_msec;
}

enum process_kind run_process(const struct run *run)
{
        if (run->status.finishing)
                return PROCESS_FINISH;
        return run->status.pid ? PROCESS_RUN : PROCESS_NONE;
}

void run_see_halt(struct run *run)
{
        pid_t pid = s6_status_is_alive(&run->status) ? run->status.pid : 0;
        enum halt kind = HALT_NONE;

        if (pid)
                switch (process_state(pid)) {
                case PROCESS_STATE_STOPPED:
                        kind = HALT_STOPPED;
                        break;
                case PROCESS_STATE_ENDED:
                        kind = HALT_ENDED;
                        break;
                case PROCESS_STATE_OTHER:
                        break;
                }
        halt_see(&run->halt, kind, pid, clock_msec());
}

enum halt run_halt(const struct run *run)
{
        return halt_of(&run->halt, run->status.pid, run->status.paused, clock_msec());
}

bool run_is_unread(const struct run *run, bool ordered, int64_t msec)
{
        if (!run->there)
                return false;
        return (run->supervised && run->send_error == SEND_ERROR_FULL) ||
               (ordered && control_is_unread(&run->control, msec));
}
