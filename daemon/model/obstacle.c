#include <errno.h>
#include <stddef.h>

#include "daemon/bounds.h"
#include "daemon/edge/s6_control.h"
#include "daemon/model/obstacle.h"
#include "daemon/model/service.h"

/* An s6-supervise that was stopped, or that hangs, leaves in its FIFO what is written there. */
static bool is_unread(const struct service *service, const char *name)
{
        return s6_control_unread(service_at(service), name) > 0;
}

static bool is_ordered(const struct service *service)
{
        return service->goal.kind != GOAL_NONE || service->removal || service->told != TOLD_NOTHING;
}

const char *obstacle_of(const struct service *service, bool now)
{
        int64_t finishing_msec = (clock_utc_usec() - service->status.since_usec) / 1000;

        if (service->supervised &&
            (service->send_error == EAGAIN ||
             (is_ordered(service) && (now || clock_msec() - service->sent_msec > UNREAD_MSEC) &&
              is_unread(service, service->name))))
                return "its s6-supervise does not read its orders: it was stopped, or hangs";
        if (service->supervised && service->status.finishing && (now || finishing_msec > FINISHING_MSEC))
                return "its finish script does not end";
        if (service->removal && service->has_log && is_unread(service, service_log_name(service).text))
                return "its logger's s6-supervise does not read its orders: it was stopped, or hangs";
        return NULL;
}
