/* SPDX-License-Identifier: ISC */
#include "daemon/service/again.h"

#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/loop/timer.h"
#include "proto/sysname.h"

static const char *again_text(enum again what)
{
        switch (what) {
        case AGAIN_LOOK:
                return "status";
        case AGAIN_SAVE:
                return "record";
        case AGAIN_DOWN:
        case AGAIN_LOG_DOWN:
                return "down";
        case AGAIN_TALLY:
        case AGAIN_LOG_TALLY:
                return "death_tally";
        }
        return "";
}

void again_note(struct retries *again, enum again what, int result, const char *name)
{
        if (result == 0) {
                again->what &= ~(unsigned)what;
                if (!again->what)
                        *again = (struct retries){0};
                return;
        }
        if (!again->what) {
                again->pause_msec = AGAIN_FIRST_MSEC;
                again->at_msec = clock_msec() + AGAIN_FIRST_MSEC;
        }
        if (!(again->what & what))
                log_event("service: it is tried again: why=%s what=%s service=%s", sysname_error(-result),
                          again_text(what), name);
        again->what |= what;
        again->error = -result;
}

unsigned again_take(struct retries *again)
{
        if (!again->what || clock_msec() < again->at_msec)
                return 0;
        again->pause_msec = again->pause_msec * 2 < AGAIN_MOST_MSEC ? again->pause_msec * 2 : AGAIN_MOST_MSEC;
        again->at_msec = clock_msec() + again->pause_msec;
        return again->what;
}

int64_t again_wait_msec(const struct retries *again)
{
        return again->what ? again->at_msec - clock_msec() : INT64_MAX;
}
