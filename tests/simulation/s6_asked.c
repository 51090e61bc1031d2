/* SPDX-License-Identifier: ISC */
/* What others ask of the world of s6, and do to it. */
#include "s6_inner.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool s6_is_alive(pid_t pid)
{
        return task_is_alive(task_find(pid));
}

unsigned s6_count(void)
{
        return s6->service_count;
}

const char *s6_name(unsigned service)
{
        return s6->services[service].name;
}

const char *s6_profile(unsigned service)
{
        return s6->services[service].profile;
}

int s6_find(const char *name)
{
        for (unsigned i = 0; i < s6->service_count; i++)
                if (strcmp(s6->services[i].name, name) == 0)
                        return (int)i;
        return -1;
}

/* The one that works in what has its name now comes first. */
static struct supervise *find(unsigned service, bool log)
{
        struct supervise *found = NULL;

        for (unsigned i = 0; i < S6_SUPERVISES; i++) {
                struct supervise *supervise = &s6->supervises[i];

                if (supervise->state == SUPERVISE_FREE || supervise->service != (int)service ||
                    supervise->log != log)
                        continue;
                if (!found || (found->lost && !supervise->lost))
                        found = supervise;
        }
        return found;
}

unsigned s6_unlogged(unsigned service)
{
        return s6->services[service].unlogged;
}

bool s6_has_log(unsigned service)
{
        return find(service, true) != NULL;
}

/* It works in a directory that has not its slot's name any more. */
static bool has_strayed(const struct supervise *supervise)
{
        struct file_id id;

        if (supervise->state == SUPERVISE_BOOT)
                return false;
        return supervise->lost || svscan_stat(supervise->name, &id) != 1 ||
               id.inode != supervise->place_id.inode;
}

static bool is_deleted(const struct supervise *supervise)
{
        struct stat found;

        return supervise->place >= 0 && fstat(supervise->place, &found) == 0 && found.st_nlink == 0;
}

struct s6_seen s6_look(unsigned service, bool log)
{
        const struct supervise *supervise = find(service, log);
        struct s6_seen seen = {.state = S6_ABSENT};

        if (!supervise)
                return seen;
        seen = (struct s6_seen){.supervisor = supervise->pid,
                                .pid = supervise->child,
                                .wanted = supervise->wanted,
                                .paused = supervise->paused,
                                .ready = supervise->ready,
                                .deleted = is_deleted(supervise),
                                .strayed = has_strayed(supervise)};
        switch (supervise->state) {
        case SUPERVISE_FREE:
        case SUPERVISE_BOOT:
        case SUPERVISE_BOOT2:
        case SUPERVISE_BOOT3:
                seen.state = S6_BEGINS;
                return seen;
        case SUPERVISE_DOWN:
                seen.state = S6_DOWN;
                return seen;
        case SUPERVISE_UP:
                seen.state = S6_UP;
                return seen;
        case SUPERVISE_FINISH:
                seen.state = S6_FINISHING;
                return seen;
        case SUPERVISE_LASTUP:
                seen.state = S6_UP;
                seen.leaves = true;
                return seen;
        case SUPERVISE_LASTFINISH:
                seen.state = S6_FINISHING;
                seen.leaves = true;
                return seen;
        }
        return seen;
}

static struct task *gateway_of(unsigned service, unsigned which)
{
        for (unsigned i = 0; i < s6->task_top; i++) {
                struct task *process = &s6->tasks[i];

                if (task_is_alive(process) && process->kind == TASK_GATEWAY &&
                    process->service == (int)service && process->phase >= PHASE_RUNS && !which--)
                        return process;
        }
        return NULL;
}

unsigned s6_gateways(unsigned service)
{
        unsigned count = 0;

        while (gateway_of(service, count))
                count++;
        return count;
}

unsigned s6_left(unsigned service)
{
        const struct task *process;
        unsigned left = 0;

        for (unsigned i = 0; (process = gateway_of(service, i)); i++)
                left += process->parent == 1;
        return left;
}

uint64_t s6_gateway_start(unsigned service)
{
        const struct task *process = gateway_of(service, 0);

        return process ? process->start * 4096 + (uint64_t)process->pid : 0;
}

bool s6_gateway_is_there(unsigned service, uint64_t start)
{
        const struct task *process;

        for (unsigned i = 0; (process = gateway_of(service, i)); i++)
                if (process->start * 4096 + (uint64_t)process->pid == start)
                        return process->parent != 1;
        return false;
}

unsigned s6_crashes(unsigned service)
{
        return s6->services[service].crashes;
}

unsigned s6_unbegun(unsigned service)
{
        return s6->services[service].unbegun;
}

unsigned s6_crashes_since(unsigned service, int64_t usec)
{
        const struct service_known *known = &s6->services[service];
        unsigned count = 0;

        for (unsigned i = 0; i < S6_CRASHES && i < known->crashes; i++)
                count += known->crash_usec[i] >= usec;
        return count;
}

bool s6_ended_so(unsigned service, int64_t utc_usec, int code, int signal)
{
        const struct service_known *known = &s6->services[service];
        const bool steps = sim_settings->faults & FAULT_CLOCK;

        for (unsigned i = 0; i < S6_ENDS && i < known->ends; i++) {
                const unsigned at = (known->ends - 1 - i) % S6_ENDS;
                const int status = known->end[at].wait_status;
                bool is_so = WIFSIGNALED(status) ? WTERMSIG(status) == signal
                                                 : !signal && WEXITSTATUS(status) == code;

                if (steps ? is_so : known->end[at].utc_usec <= utc_usec)
                        return is_so;
        }
        return known->ends > S6_ENDS;
}

bool s6_end_seen_since(unsigned service, int64_t usec)
{
        return s6->services[service].end_seen_usec >= usec;
}

pid_t s6_gateway_pid(unsigned service)
{
        const struct task *process = gateway_of(service, 0);

        return process ? process->pid : 0;
}

unsigned s6_processes(unsigned service)
{
        unsigned count = 0;

        for (unsigned i = 0; i < s6->task_top; i++)
                count += task_is_alive(&s6->tasks[i]) && s6->tasks[i].service == (int)service &&
                         !s6->tasks[i].log && s6->tasks[i].kind != TASK_SUPERVISE;
        return count;
}

unsigned s6_process_count(void)
{
        unsigned count = 0;

        for (unsigned i = 0; i < s6->task_top; i++)
                count += task_is_alive(&s6->tasks[i]);
        return count;
}

bool s6_kill_supervisor(unsigned service, bool log, int number)
{
        const struct supervise *supervise = find(service, log);

        if (!supervise)
                return false;
        sim_trace("s6: fault: signal %d to the s6-supervise of %s", number, supervise->name);
        task_signal(task_find(supervise->pid), number);
        return true;
}

bool s6_kill_run(unsigned service, bool log, int number)
{
        const struct supervise *supervise = find(service, log);
        struct task *process = supervise ? task_find(supervise->child) : NULL;

        if (!task_is_alive(process))
                return false;
        sim_trace("s6: fault: signal %d to what %s runs", number, supervise->name);
        task_signal(process, number);
        return true;
}

bool s6_hold_elsewhere(unsigned service, bool held)
{
        struct service_known *known = &s6->services[service];
        int directory, fd;
        struct stat found;

        known->elsewhere.inode = 0;
        if (!held || !known->profile)
                return !held;
        directory = volume_directory(".svcbroker/lock", true);
        if (directory < 0)
                return false;
        fd = openat(directory, known->profile, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
        close(directory);
        if (fd < 0)
                return false;
        if (fstat(fd, &found) == 0 && s6_lock_holder(found.st_dev, found.st_ino) == 0)
                known->elsewhere = (struct file_id){found.st_dev, found.st_ino};
        close(fd);
        sim_trace("s6: fault: %s runs elsewhere: %d", known->name, known->elsewhere.inode != 0);
        return known->elsewhere.inode != 0;
}

bool s6_drop_lock(unsigned service)
{
        struct task *process = gateway_of(service, 0);

        if (!process || !process->lock.inode)
                return false;
        sim_trace("s6: fault: %s lets go of its lock", s6_name(service));
        process->lock.inode = 0;
        return true;
}

void s6_plan(unsigned service, const struct s6_run *run, unsigned runs)
{
        s6->services[service].plan = *run;
        s6->services[service].planned = runs;
}

bool s6_end_run(unsigned service, int code, int number)
{
        struct task *process = gateway_of(service, 0);

        if (!process)
                return false;
        gateway_leave_child(process);
        task_end(process, number ? number : code << 8);
        return true;
}

void s6_fault_supervision(void)
{
        static const int numbers[] = {SIGKILL, SIGKILL, SIGKILL, SIGTERM, SIGHUP, SIGSTOP, SIGCONT};
        unsigned service = sim_below(s6->service_count);

        switch (sim_below(12)) {
        case 0:
                s6_stop_svscan(!svscan->stopped);
                return;
        case 1:
                s6_stop_svscan(false);
                return;
        default:
                s6_kill_supervisor(service, sim_below(2),
                                   numbers[sim_below(sizeof(numbers) / sizeof(*numbers))]);
        }
}

void s6_fault_gateways(void)
{
        static const int numbers[] = {SIGKILL, SIGKILL, SIGSEGV, SIGTERM, SIGSTOP, SIGCONT};
        unsigned service = sim_below(s6->service_count);

        switch (sim_below(8)) {
        case 0:
                s6_hold_elsewhere(service, s6->services[service].elsewhere.inode == 0);
                return;
        case 1:
                s6_drop_lock(service);
                return;
        default:
                s6_kill_run(service, sim_below(3) == 0,
                            numbers[sim_below(sizeof(numbers) / sizeof(*numbers))]);
        }
}
