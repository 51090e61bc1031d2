/* SPDX-License-Identifier: ISC */
#include "daemon/judge/step.h"

#include "daemon/bounds.h"

int64_t wait_sooner(int64_t left_msec, int64_t right_msec)
{
        return left_msec < right_msec ? left_msec : right_msec;
}

void step_begin(struct step_watch *step, enum step kind, pid_t pid, const struct patience *patience,
                int64_t age_msec, int64_t now_msec, int64_t now_usec)
{
        if (step->known && step->kind == kind && step->pid == pid)
                return;
        if (step->known)
                age_msec = 0;
        *step = (struct step_watch){.known = true, .kind = kind, .pid = pid};
        if (kind == STEP_NONE)
                return;
        step->since_usec = now_usec - age_msec * 1000;
        step->until_msec = now_msec + patience->msec[kind] - age_msec;
}

bool step_is_late(const struct step_watch *step, int64_t now_msec)
{
        return step->kind != STEP_NONE && now_msec >= step->until_msec;
}

void halt_see(struct halt_watch *halt, enum halt kind, pid_t pid, int64_t now_msec)
{
        if (halt->pid != pid || halt->kind != kind)
                *halt = (struct halt_watch){.pid = pid, .kind = kind, .since_msec = now_msec};
}

enum halt halt_of(const struct halt_watch *halt, pid_t pid, bool paused, int64_t now_msec)
{
        enum halt kind =
                halt->pid == pid && now_msec - halt->since_msec >= HALT_MSEC ? halt->kind : HALT_NONE;

        /* A run that s6-supervise has paused looks stopped, too. */
        return kind != HALT_ENDED && paused ? HALT_PAUSED : kind;
}

static int64_t halt_wait_msec(const struct halt_watch *halt, int64_t now_msec)
{
        if (halt->kind == HALT_NONE)
                return INT64_MAX;
        return halt->since_msec + HALT_MSEC > now_msec ? halt->since_msec + HALT_MSEC - now_msec : POLL_MSEC;
}

int64_t step_wait_msec(const struct step_watch *step, const struct halt_watch *halt, int64_t now_msec)
{
        bool passes = step->kind != STEP_NONE && step->until_msec > now_msec;

        return wait_sooner(passes ? step->until_msec - now_msec : INT64_MAX, halt_wait_msec(halt, now_msec));
}
