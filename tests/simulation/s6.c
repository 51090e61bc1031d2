/* SPDX-License-Identifier: ISC */
/* The world of s6 as one actor: whose turn it is, and what others ask of it. */
#include "s6_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATIC_SERVICE "dashboard"

struct s6_world *s6;

/* Mostly at once; now and then the machine has other things to do. */
int64_t s6_reaction_usec(void)
{
        unsigned luck = sim_below(100);

        if (sim_habit(HABIT_SLOW_S6) && !sim_faults_ceased() && sim_chance(250000))
                return sim_between(0, 4 * SEC);
        if (sim_fault(FAULT_S6, 4000))
                return sim_between(0, 8 * SEC);
        return luck < 70 ? 0 : luck < 95 ? sim_between(0, 2 * MSEC) : sim_between(0, 100 * MSEC);
}

int service_known(const char *name, size_t length)
{
        struct service_known *known;

        for (unsigned i = 0; i < s6->service_count; i++)
                if (strlen(s6->services[i].name) == length && memcmp(s6->services[i].name, name, length) == 0)
                        return (int)i;
        if (s6->service_count == S6_SERVICES || length >= S6_NAME_BYTES)
                abort();
        known = &s6->services[s6->service_count];
        memcpy(known->name, name, length);
        if (strncmp(known->name, "gateway-", 8) == 0)
                known->profile = known->name + 8;
        return (int)s6->service_count++;
}

static void make(const char *path, const char *text, mode_t mode)
{
        int fd = openat(sim_directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode) < 0)
                abort();
        close(fd);
}

static void make_static(void)
{
        if (mkdirat(sim_directory, "static/" STATIC_SERVICE, 0755) < 0 && errno != EEXIST)
                abort();
        make("static/" STATIC_SERVICE "/run", "#!/bin/sh\nexec server\n", 0755);
}

static void link_static(void)
{
        char target[PATH_MAX + 32];

        snprintf(target, sizeof(target), "%s/static/" STATIC_SERVICE, sim_path);
        if (symlinkat(target, sim_directory, "scan/" STATIC_SERVICE) < 0 && errno != EEXIST)
                abort();
}

static unsigned setting(const char *text, const char *name, unsigned otherwise)
{
        const char *at = strstr(text, name);

        return at ? (unsigned)strtoul(at + strlen(name), NULL, 10) : otherwise;
}

/* What the template as installed says of its brake. */
static void read_settings(void)
{
        char text[8192] = "";
        int fd = openat(sim_directory, "template/settings", O_RDONLY | O_CLOEXEC);

        if (fd >= 0) {
                ssize_t length = read(fd, text, sizeof(text) - 1);

                text[length > 0 ? length : 0] = '\0';
                close(fd);
        }
        s6->brake_seconds = setting(text, "\nbrake_seconds=", 60);
        s6->brake_deaths = setting(text, "\nbrake_deaths=", 5);
        s6->brake_restarts = setting(text, "\nbrake_restarts=", 10);
}

static void init(void)
{
        char name[S6_NAME_BYTES];

        s6 = sim_alloc(sizeof(*s6));
        s6->last_pid = 299;
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                s6->supervises[i] = (struct supervise){.place = -1,
                                                       .fifo = -1,
                                                       .fifo_write = -1,
                                                       .lock = -1,
                                                       .letters = sim_alloc(S6_FIFO_BYTES)};
        for (unsigned i = 0; i < sim_settings->profiles; i++) {
                snprintf(name, sizeof(name), i ? "gateway-p%u" : "gateway-default", i);
                service_known(name, strlen(name));
        }
        service_known(STATIC_SERVICE, strlen(STATIC_SERVICE));
        read_settings();
        make_static();
        link_static();
        svscan_init();
        proc_init();
        svscan_restart();
}

static void begin(void)
{
        proc_begin();
        svscan_begin();
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                if (s6->supervises[i].state != SUPERVISE_FREE)
                        supervise_begin(&s6->supervises[i]);
}

static void save(void)
{
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                if (s6->supervises[i].state != SUPERVISE_FREE)
                        supervise_save(&s6->supervises[i]);
        svscan_save();
        proc_save();
}

static void poll_fifos(void)
{
        struct pollfd fifos[S6_SUPERVISES + 1];
        struct supervise *supervises[S6_SUPERVISES + 1];
        nfds_t count = 1;

        fifos[0] = (struct pollfd){.fd = svscan_fifo(), .events = POLLIN};
        for (unsigned i = 0; i < S6_SUPERVISES; i++) {
                struct supervise *supervise = &s6->supervises[i];

                if (supervise->state == SUPERVISE_FREE || supervise->fifo < 0)
                        continue;
                supervises[count] = supervise;
                fifos[count++] = (struct pollfd){.fd = supervise->fifo, .events = POLLIN};
        }
        if (poll(fifos, count, 0) <= 0)
                return;
        svscan->has_letters = svscan->has_letters || fifos[0].revents & POLLIN;
        for (nfds_t i = 1; i < count; i++)
                if (fifos[i].revents & POLLIN && supervises[i]->state >= SUPERVISE_DOWN)
                        supervises[i]->has_letters = true;
}

/* Which FIFOs have something, by one call for all, and once in a step. */
static void look_at_fifos(void)
{
        static uint64_t looked = UINT64_MAX;

        if (looked == sim_step())
                return;
        looked = sim_step();
        poll_fifos();
}

static int64_t task_due_usec(const struct task *process)
{
        if (!task_is_alive(process) || process->kind == TASK_SVSCAN || process->kind == TASK_SUPERVISE)
                return SIM_NEVER;
        if (process->stopped)
                return sim_faults_ceased() ? sim_now_usec() : SIM_NEVER;
        if (process->kind == TASK_LOGGER && process->phase == PHASE_RUNS && !logger_has_writers(process))
                return sim_now_usec();
        return process->due_usec;
}

static void task_step(struct task *process)
{
        struct supervise *supervise = process->supervise >= 0 ? &s6->supervises[process->supervise] : NULL;

        if (process->stopped && supervise && supervise->paused) { /* by who ordered it */
                supervise_child_pause(supervise, false);
                return;
        }
        if (process->stopped) {
                task_signal(process, SIGCONT);
                return;
        }
        switch (process->kind) {
        case TASK_GATEWAY:
        case TASK_STATIC:
                gateway_step(process);
                return;
        case TASK_LOGGER:
                logger_step(process);
                return;
        case TASK_FINISH:
                finish_step(process);
                return;
        case TASK_FREE:
        case TASK_SVSCAN:
        case TASK_SUPERVISE:
        case TASK_CHILD:
                process->due_usec = SIM_NEVER;
                return;
        }
}

static int64_t due_usec(void)
{
        int64_t least_usec;

        look_at_fifos();
        least_usec = svscan_due_usec();
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                if (s6->supervises[i].state != SUPERVISE_FREE) {
                        int64_t usec = supervise_due_usec(&s6->supervises[i]);

                        least_usec = usec < least_usec ? usec : least_usec;
                }
        for (unsigned i = 0; i < s6->task_top; i++) {
                int64_t usec = task_due_usec(&s6->tasks[i]);

                least_usec = usec < least_usec ? usec : least_usec;
        }
        return least_usec;
}

/* One of those that are due, as the seed says. 0: s6-svscan, then the s6-supervises, then processes. */
static void step(void)
{
        unsigned due[1 + S6_SUPERVISES + S6_TASKS], count = 0, chosen;

        look_at_fifos();
        if (svscan_due_usec() <= sim_now_usec())
                due[count++] = 0;
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                if (s6->supervises[i].state != SUPERVISE_FREE &&
                    supervise_due_usec(&s6->supervises[i]) <= sim_now_usec())
                        due[count++] = 1 + i;
        for (unsigned i = 0; i < s6->task_top; i++)
                if (task_due_usec(&s6->tasks[i]) <= sim_now_usec())
                        due[count++] = 1 + S6_SUPERVISES + i;
        if (!count)
                return;
        chosen = due[sim_below(count)];
        if (chosen == 0)
                svscan_step();
        else if (chosen <= S6_SUPERVISES)
                supervise_step(&s6->supervises[chosen - 1]);
        else
                task_step(&s6->tasks[chosen - 1 - S6_SUPERVISES]);
}

static bool task_is_at_rest(const struct task *process)
{
        if (!task_is_alive(process) || process->kind == TASK_SVSCAN || process->kind == TASK_SUPERVISE ||
            process->kind == TASK_CHILD)
                return true;
        return !process->stopped && process->kind != TASK_FINISH && process->phase == PHASE_RUNS &&
               process->due_usec == SIM_NEVER;
}

static bool at_rest(void)
{
        if (!svscan_is_at_rest())
                return false;
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                if (s6->supervises[i].state != SUPERVISE_FREE && !supervise_is_at_rest(&s6->supervises[i]))
                        return false;
        for (unsigned i = 0; i < s6->task_top; i++)
                if (!task_is_at_rest(&s6->tasks[i]))
                        return false;
        return true;
}

const struct actor actor_s6 = {.name = "s6",
                               .init = init,
                               .begin = begin,
                               .save = save,
                               .due_usec = due_usec,
                               .step = step,
                               .at_rest = at_rest};

/* Within a life, whose end is near: nobody reads what is told from now on. */
void s6_container_restart(bool keeps_run)
{
        sim_trace("s6: the container is restarted, its /run %s", keeps_run ? "kept" : "new");
        for (unsigned i = 0; i < S6_SUPERVISES; i++)
                if (s6->supervises[i].state != SUPERVISE_FREE)
                        supervise_gone(&s6->supervises[i]);
        tasks_clear();
        svscan_save();
        s6_scan_remove();
        if (!keeps_run)
                s6_run_remove();
        link_static();
        proc_boot();
        svscan_restart();
        svscan_begin();
}
