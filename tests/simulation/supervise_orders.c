/* SPDX-License-Identifier: ISC */
/* s6-supervise: what each letter and signal does in its states. */
#include "s6_inner.h"

#include <signal.h>
#include <string.h>

bool supervise_is_up(const struct supervise *supervise)
{
        return supervise->state == SUPERVISE_UP || supervise->state == SUPERVISE_LASTUP;
}

/* d of one that is up: the two signals, and its patience. */
static void end_run(struct supervise *supervise)
{
        unsigned number = SIGTERM, msec = 0;

        supervise->wanted = false;
        supervise_read_number(supervise, "down-signal", &number);
        supervise_child_signal(supervise, (int)number);
        supervise_child_pause(supervise, false);
        supervise->dying = supervise_read_number(supervise, "timeout-kill", &msec) && msec;
        supervise->deadline_usec = supervise->dying ? sim_now_usec() + msec * MSEC : SIM_NEVER;
}

static void leave_with_child(struct supervise *supervise)
{
        switch (supervise->state) {
        case SUPERVISE_UP:
                supervise->state = SUPERVISE_LASTUP;
                return;
        case SUPERVISE_FINISH:
                supervise->state = SUPERVISE_LASTFINISH;
                return;
        case SUPERVISE_LASTUP:
        case SUPERVISE_LASTFINISH:
                return;
        case SUPERVISE_DOWN:
        case SUPERVISE_FREE:
        case SUPERVISE_BOOT:
        case SUPERVISE_BOOT2:
        case SUPERVISE_BOOT3:
                supervise_bail(supervise);
        }
}

void supervise_take_signal(struct supervise *supervise, unsigned signal)
{
        struct task *child = task_find(supervise->child);

        switch ((enum supervise_signal)signal) {
        case SIGNAL_CHLD:
                if (child && child->zombie && child->parent == supervise->pid) {
                        int status = child->wait_status;

                        if (child->kind == TASK_GATEWAY && !child->ordered)
                                s6->services[supervise->service].end_seen_usec = sim_now_usec();
                        task_reap(child);
                        supervise_child_ended(supervise, status);
                }
                return;
        case SIGNAL_TERM:
                if (supervise_is_up(supervise)) {
                        supervise->state = SUPERVISE_LASTUP;
                        end_run(supervise);
                } else {
                        leave_with_child(supervise);
                }
                return;
        case SIGNAL_HUP:
                leave_with_child(supervise);
                return;
        case SIGNAL_INT:
                if (supervise->child)
                        group_signal(supervise->child, SIGINT, false);
                supervise_bail(supervise);
                return;
        case SIGNAL_QUIT:
                supervise_bail(supervise);
                return;
        }
}

static void down_letter(struct supervise *supervise, char letter)
{
        switch (letter) {
        case 'U':
                supervise_set_down(supervise, false);
                /* fall through */
        case 'u':
                supervise_want(supervise, true);
                supervise_start(supervise);
                return;
        case 'o':
                supervise_want(supervise, false);
                supervise_start(supervise);
                return;
        default:
                return;
        }
}

/* What letters do that mean a signal; false: it is another. */
static bool signal_letter(struct supervise *supervise, char letter)
{
        static const char letters[] = "abqhkti12y";
        static const int numbers[] = {SIGALRM, SIGABRT, SIGQUIT, SIGHUP,  SIGKILL,
                                      SIGTERM, SIGINT,  SIGUSR1, SIGUSR2, SIGWINCH};
        const char *at = strchr(letters, letter);
        const bool old = sim_settings->flavour == S6_2_11;

        if (at) {
                supervise_child_signal(supervise, numbers[at - letters]);
        } else if (letter == 'r') {
                unsigned number = SIGTERM;

                supervise_read_number(supervise, "down-signal", &number);
                supervise_child_signal(supervise, (int)number);
        } else if (letter == 'p' || letter == 'c' || (!old && (letter == 'P' || letter == 'C'))) {
                if (letter == 'P' || letter == 'C')
                        group_signal(supervise->child, letter == 'P' ? SIGSTOP : SIGCONT, false);
                supervise_child_pause(supervise, letter == 'p' || letter == 'P');
        } else if (!old && letter == 'K') {
                group_signal(supervise->child, SIGKILL, false);
        } else {
                return false;
        }
        return true;
}

void supervise_take_letter(struct supervise *supervise, char letter)
{
        const bool up = supervise_is_up(supervise), down = supervise->state == SUPERVISE_DOWN;

        sim_trace("s6: %s: takes %c", supervise->name, letter > ' ' && letter < 127 ? letter : '?');
        if (up && letter && strchr("dDtkKrhqabi12", letter) && task_find(supervise->child))
                task_find(supervise->child)->ordered = true;
        if (up && signal_letter(supervise, letter))
                return;
        if (down && (letter == 'u' || letter == 'o' || letter == 'U')) {
                down_letter(supervise, letter);
                return;
        }
        if (letter == 'Q' && sim_settings->flavour == S6_2_15) /* 2.15.1.0 drops it */
                return;
        if (letter == 'D' || letter == 'Q')
                supervise_set_down(supervise, true);
        else if (letter == 'U')
                supervise_set_down(supervise, false);
        if (up && (letter == 'd' || letter == 'D'))
                end_run(supervise);
        else if (letter == 'u' || letter == 'U')
                supervise_want(supervise, true);
        else if (letter && strchr("dDoOQ", letter))
                supervise_want(supervise, false);
        else if (letter == 'x')
                leave_with_child(supervise);
}
