/* SPDX-License-Identifier: ISC */
/* The processes of the world, and the signals that they get. */
#include "s6_inner.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Numbers come round: one that was given up is another's before long. */
#define PID_MOST 1200
#define PID_LEAST 300

struct task *task_find(pid_t pid)
{
        for (unsigned i = 0; pid > 0 && i < s6->task_top; i++)
                if (s6->tasks[i].kind != TASK_FREE && s6->tasks[i].pid == pid)
                        return &s6->tasks[i];
        return NULL;
}

bool task_is_alive(const struct task *process)
{
        return process && process->kind != TASK_FREE && !process->zombie;
}

/* A group's number is kept from others while the group has a member. */
static bool is_taken(pid_t number)
{
        for (unsigned i = 0; i < s6->task_top; i++)
                if (s6->tasks[i].kind != TASK_FREE &&
                    (s6->tasks[i].pid == number || s6->tasks[i].group == number))
                        return true;
        return false;
}

static pid_t new_pid(enum task_kind kind)
{
        if (kind == TASK_SVSCAN)
                return 1;
        do
                s6->last_pid = s6->last_pid < PID_MOST ? s6->last_pid + 1 : PID_LEAST;
        while (is_taken(s6->last_pid));
        return s6->last_pid;
}

struct task *task_new(enum task_kind kind, pid_t parent, int service, bool log, int supervise)
{
        const struct task *its = supervise >= 0 ? task_find(s6->supervises[supervise].pid) : NULL;
        struct task *process = NULL;
        uint64_t ticks = (uint64_t)sim_now_usec() / 10000;

        for (unsigned i = 0; i < S6_TASKS && !process; i++)
                if (s6->tasks[i].kind == TASK_FREE)
                        process = &s6->tasks[i];
        if (!process)
                return NULL;
        if (process - s6->tasks >= (ptrdiff_t)s6->task_top)
                s6->task_top = (unsigned)(process - s6->tasks) + 1;
        *process = (struct task){.pid = new_pid(kind),
                                 .parent = parent,
                                 .kind = kind,
                                 .service = service,
                                 .log = log,
                                 .supervise = supervise,
                                 .pipe = its ? its->pipe : 0,
                                 .root = true,
                                 .dirty = true,
                                 .start = ticks + 1000,
                                 .due_usec = SIM_NEVER,
                                 .end_usec = SIM_NEVER};
        process->group = process->pid;
        return process;
}

const char *task_word(const struct task *process)
{
        static const char *const words[] = {
                [TASK_SVSCAN] = "s6-svscan", [TASK_SUPERVISE] = "s6-supervise", [TASK_GATEWAY] = "hermes",
                [TASK_STATIC] = "server",    [TASK_LOGGER] = "s6-log",          [TASK_FINISH] = "finish",
                [TASK_CHILD] = "child"};

        return process->root && process->kind != TASK_SUPERVISE && process->kind != TASK_SVSCAN &&
                               process->kind != TASK_STATIC
                       ? "run"
                       : words[process->kind];
}

/* Children of one that ends are process 1's from then on, as are its zombies. */
static void give_away_children(pid_t parent)
{
        for (unsigned i = 0; i < s6->task_top; i++) {
                struct task *child = &s6->tasks[i];

                if (child->kind == TASK_FREE || child->parent != parent)
                        continue;
                child->parent = 1;
                child->dirty = true;
                if (child->kind != TASK_SUPERVISE)
                        child->supervise = -1;
                if (child->zombie)
                        svscan_child_ended();
        }
}

static void note_crash(const struct task *process)
{
        struct service_known *known = &s6->services[process->service];

        bool lost = process->kind == TASK_SUPERVISE && !process->log && process->supervise >= 0 &&
                    s6->supervises[process->supervise].child;

        /* What runs on without its supervisor has ended for everybody who asks that. */
        if ((process->kind == TASK_GATEWAY && !process->ordered) || lost)
                known->crash_usec[known->crashes++ % S6_CRASHES] = sim_now_usec();
}

void task_end(struct task *process, int wait_status)
{
        struct task *parent = task_find(process->parent);

        note_crash(process);
        sim_trace("s6: process %d ends: %s status=%x", (int)process->pid, task_word(process),
                  (unsigned)wait_status);
        process->zombie = true;
        process->stopped = false;
        process->dirty = true;
        process->wait_status = wait_status;
        process->lock.inode = 0;
        process->due_usec = SIM_NEVER;
        if (process->kind == TASK_SUPERVISE && process->supervise >= 0)
                supervise_gone(&s6->supervises[process->supervise]);
        give_away_children(process->pid);
        if (parent && parent->kind == TASK_SUPERVISE && parent->supervise >= 0)
                supervise_signal(&s6->supervises[parent->supervise], SIGNAL_CHLD);
        else
                svscan_child_ended();
        if (parent)
                parent->dirty = true;
}

void task_reap(struct task *process)
{
        struct task *parent = task_find(process->parent);

        if (parent)
                parent->dirty = true;
        process->kind = TASK_FREE;
        while (s6->task_top && s6->tasks[s6->task_top - 1].kind == TASK_FREE)
                s6->task_top--;
        s6->proc_is_new = true;
}

static void deliver(struct task *process, int number)
{
        struct supervise *supervise = process->supervise >= 0 ? &s6->supervises[process->supervise] : NULL;

        switch (process->kind) {
        case TASK_FREE:
        case TASK_SVSCAN:
                return;
        case TASK_SUPERVISE:
                if (number == SIGTERM || number == SIGHUP || number == SIGQUIT || number == SIGINT)
                        supervise_signal(supervise, number == SIGTERM   ? SIGNAL_TERM
                                                    : number == SIGHUP  ? SIGNAL_HUP
                                                    : number == SIGQUIT ? SIGNAL_QUIT
                                                                        : SIGNAL_INT);
                else if (number != SIGCHLD && number != SIGPIPE)
                        task_end(process, number);
                return;
        case TASK_GATEWAY:
        case TASK_STATIC:
                gateway_signal(process, number);
                return;
        case TASK_LOGGER:
                logger_signal(process, number);
                return;
        case TASK_CHILD:
                if (process->run.stubborn_child && number == SIGTERM)
                        return;
                /* fall through */
        case TASK_FINISH:
                if (number != SIGCHLD && number != SIGWINCH)
                        task_end(process, number);
                return;
        }
}

void task_signal(struct task *process, int number)
{
        if (!task_is_alive(process) || process->pid == 1)
                return;
        if (number == SIGKILL) {
                task_end(process, SIGKILL);
        } else if (number == SIGSTOP) {
                process->stopped = true;
                process->dirty = true;
        } else if (number == SIGCONT) {
                unsigned signals = process->signals;

                process->stopped = false;
                process->dirty = true;
                process->signals = 0;
                for (int i = 1; i < 32 && task_is_alive(process); i++)
                        if (signals & 1u << i)
                                deliver(process, i);
        } else if (process->stopped) {
                process->signals |= 1u << number;
        } else {
                deliver(process, number);
        }
}

bool group_is_alive(pid_t group, bool client_only)
{
        for (unsigned i = 0; i < s6->task_top; i++) {
                const struct task *process = &s6->tasks[i];

                if (process->kind != TASK_FREE && process->group == group && !(client_only && process->root))
                        return true;
        }
        return false;
}

/* As `group_lives` of the template: a leader that is gone leaves the number to its group. kill -0 finds zombies. */
bool note_is_alive(const struct group_note *note)
{
        const struct task *leader = task_find(note->pid);

        return leader ? leader->start == note->start : group_is_alive(note->pid, false);
}

void group_signal(pid_t group, int number, bool client_only)
{
        for (unsigned i = 0; i < s6->task_top; i++) {
                struct task *process = &s6->tasks[i];

                if (task_is_alive(process) && process->group == group && !(client_only && process->root))
                        task_signal(process, number);
        }
}

void tasks_clear(void)
{
        for (unsigned i = 0; i < s6->task_top; i++)
                s6->tasks[i].kind = TASK_FREE;
        s6->task_top = 0;
        s6->proc_is_new = true;
}

int s6_kill(pid_t pid, int number)
{
        struct task *process = task_find(pid);

        if (pid < 0) {
                if (!group_is_alive(-pid, false))
                        return -ESRCH;
                if (number)
                        group_signal(-pid, number, false);
                return 0;
        }
        if (!process)
                return -ESRCH;
        if (number) {
                sim_trace("s6: signal %d to process %d: %s", number, (int)pid, task_word(process));
                task_signal(process, number);
        }
        return 0;
}

int s6_has_process(pid_t pid)
{
        return task_find(pid) ? 0 : -ESRCH;
}

/* A POSIX lock is of its process, and ends with it. */
pid_t s6_lock_holder(dev_t device, ino_t inode)
{
        const struct file_id svscans = svscan_lock();

        if (svscans.inode && svscans.inode == inode && svscans.device == device)
                return 1;
        for (unsigned i = 0; i < S6_SUPERVISES; i++) {
                const struct supervise *supervise = &s6->supervises[i];

                if (supervise->state != SUPERVISE_FREE && supervise->lock_id.inode == inode &&
                    supervise->lock_id.device == device)
                        return supervise->pid;
        }
        for (unsigned i = 0; i < s6->task_top; i++) {
                const struct task *process = &s6->tasks[i];

                if (task_is_alive(process) && process->lock.inode && process->lock.inode == inode &&
                    process->lock.device == device)
                        return process->pid;
        }
        for (unsigned i = 0; i < s6->service_count; i++)
                if (s6->services[i].elsewhere.inode && s6->services[i].elsewhere.inode == inode &&
                    s6->services[i].elsewhere.device == device)
                        return -1;
        return 0;
}
