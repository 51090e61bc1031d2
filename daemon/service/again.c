#include "daemon/service/again.h"

#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/service.h"

static const char *again_text(enum again what)
{
        switch (what) {
        case AGAIN_LOOK:
                return "status";
        case AGAIN_SAVE:
                return "record";
        case AGAIN_DOWN:
                return "down";
        case AGAIN_TALLY:
        case AGAIN_LOG_TALLY:
                return "death_tally";
        }
        return "";
}

void again_note(struct service *service, enum again what, int result)
{
        struct retries *again = &service->again;

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
                log_event("service: it is tried again: why=%s what=%s service=%s", strerrorname_np(-result),
                          again_text(what), service->name);
        again->what |= what;
        again->error = -result;
}

void again_try(struct service *service)
{
        struct retries *again = &service->again;
        unsigned what = again->what;

        if (!what || clock_msec() < again->at_msec)
                return;
        again->pause_msec = again->pause_msec * 2 < AGAIN_MOST_MSEC ? again->pause_msec * 2 : AGAIN_MOST_MSEC;
        again->at_msec = clock_msec() + again->pause_msec;
        if (what & AGAIN_LOOK)
                service_see(service);
        if (what & AGAIN_DOWN)
                service_set_down(service, !record_runs_now(&service->record) || service->queued);
        if (what & (AGAIN_TALLY | AGAIN_LOG_TALLY))
                service_clear_tallies(service, what & AGAIN_TALLY, what & AGAIN_LOG_TALLY);
        if (what & AGAIN_SAVE)
                service_save(service);
}

int64_t again_wait_msec(const struct service *service)
{
        return service->again.what ? service->again.at_msec - clock_msec() : INT64_MAX;
}
