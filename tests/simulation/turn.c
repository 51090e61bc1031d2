/* SPDX-License-Identifier: ISC */
/* What happens next: of all that could, one thing. When nothing could, time goes on to where something can. */
#include "clients.h"
#include "core.h"

#define STEP_USEC 50                       /* a step takes up to as long */
#define QUIET_LEAST_USEC INT64_C(30000000) /* so long all is left alone before the end is looked at */
#define QUIET_MOST_USEC                                                                                      \
        INT64_C(10800000000) /* by then all must be at rest: what ignores a SIGTERM does so for an hour */
#define LOOK_USEC 5000000
#define QUIET_STEPS 400000

enum who { WHO_BROKER, WHO_WORKERS, WHO_ACTOR };

static int64_t actor_due_usec(const struct actor *actor)
{
        return actor->due_usec && actor->step ? actor->due_usec() : SIM_NEVER;
}

static void check_actors(void)
{
        for (unsigned i = 0; company->actors[i]; i++)
                if (company->actors[i]->check)
                        company->actors[i]->check();
}

static void check_idle(void)
{
        for (unsigned i = 0; company->actors[i]; i++)
                if (company->actors[i]->check_when_idle)
                        company->actors[i]->check_when_idle();
}

static const struct actor *who_is_not_at_rest(void)
{
        for (unsigned i = 0; company->actors[i]; i++)
                if (company->actors[i]->at_rest && !company->actors[i]->at_rest())
                        return company->actors[i];
        return NULL;
}

static void be_quiet(void)
{
        if (core->quiet || core->step < core->settings.steps)
                return;
        core->quiet = true;
        core->quiet_step = core->step;
        core->quiet_usec = core->now_usec;
        sim_trace("faults cease");
        faults_cease();
}

/* All are at rest: what must hold then, and the last end. */
static void look_for_end(void)
{
        const struct actor *busy;

        if (!core->quiet || core->is_over || core->now_usec - core->quiet_usec < QUIET_LEAST_USEC)
                return;
        busy = who_is_not_at_rest();
        if (busy || workers_are_busy() || loop_is_ready() || !sim_broker_is_ready()) {
                SIM_HOLDS(core->now_usec - core->quiet_usec < QUIET_MOST_USEC &&
                                  core->step - core->quiet_step < QUIET_STEPS,
                          "liveness", "%s is not at rest %lld s and %llu steps after faults have ceased",
                          busy                 ? busy->name
                          : workers_are_busy() ? "a worker"
                                               : "the broker's start",
                          (long long)(core->now_usec - core->quiet_usec) / 1000000,
                          (unsigned long long)(core->step - core->quiet_step));
                return;
        }
        sim_trace("all are at rest");
        for (unsigned i = 0; company->actors[i]; i++)
                if (company->actors[i]->check_at_rest)
                        company->actors[i]->check_at_rest();
        core->is_over = true;
        sim_broker_terminate();
}

static int64_t next_due_usec(bool broker)
{
        int64_t next = SIM_NEVER;

        if (broker)
                next = loop_due_usec();
        if (broker && workers_due_usec() < next)
                next = workers_due_usec();
        if (broker && core->inotify_late_until_usec > core->now_usec && core->inotify_late_until_usec < next)
                next = core->inotify_late_until_usec;
        if (!broker && core->broker_not_before_usec < next)
                next = core->broker_not_before_usec;
        for (unsigned i = 0; company->actors[i]; i++)
                if (actor_due_usec(company->actors[i]) < next)
                        next = actor_due_usec(company->actors[i]);
        return next;
}

static void go_on_to(int64_t usec)
{
        /* When all are at rest is looked at again and again. */
        if (core->quiet && usec > core->now_usec + LOOK_USEC)
                usec = core->now_usec + sim_between(1, LOOK_USEC);
        SIM_HOLDS(usec != SIM_NEVER, "liveness", "nothing will ever happen any more");
        if (usec > core->now_usec)
                core->now_usec = usec;
}

static void broker_turn(uv_loop_t *loop)
{
        sim_trace("turn");
        inside_begin();
        loop_turn(loop);
        inside_end();
        core->now_usec += 1 + sim_below(STEP_USEC);
}

static void act(uv_loop_t *loop, enum who who, const struct actor *actor)
{
        core->step++;
        core->now_usec += 1 + sim_below(STEP_USEC);
        switch (who) {
        case WHO_BROKER:
                broker_turn(loop);
                break;
        case WHO_WORKERS:
                workers_step();
                break;
        case WHO_ACTOR:
                actor->step();
                break;
        }
        check_actors();
        be_quiet();
        look_for_end();
}

/* False: nothing can happen now. */
static bool act_now(uv_loop_t *loop)
{
        struct {
                enum who who;
                const struct actor *actor;
        } could[16];
        unsigned n = 0, chosen;

        if (loop && loop_is_ready())
                could[n++].who = WHO_BROKER;
        if (loop && workers_due_usec() <= core->now_usec)
                could[n++].who = WHO_WORKERS;
        for (unsigned i = 0; company->actors[i] && n < 16; i++)
                if (actor_due_usec(company->actors[i]) <= core->now_usec) {
                        could[n].who = WHO_ACTOR;
                        could[n++].actor = company->actors[i];
                }
        if (n == 0)
                return false;
        chosen = sim_below(n);
        act(loop, could[chosen].who, could[chosen].actor);
        return true;
}

void turn_once(uv_loop_t *loop)
{
        bool inside = sim_inside;

        inside_end();
        while (!act_now(loop)) {
                check_idle();
                go_on_to(next_due_usec(true));
                look_for_end();
        }
        if (inside)
                inside_begin();
}

/* The others go on without one. */
void turn_wait_for_broker(void)
{
        while (core->now_usec < core->broker_not_before_usec)
                if (!act_now(NULL))
                        go_on_to(next_due_usec(false));
}
