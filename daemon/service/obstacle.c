#include <errno.h>
#include <stddef.h>

#include "daemon/bounds.h"
#include "daemon/edge/s6_control.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/service.h"

/* An s6-supervise that was stopped, or that hangs, leaves in its FIFO what is written there. */
static bool is_unread(const struct service *service, const char *name)
{
        return s6_control_unread(service_at(service), name) > 0;
}

static bool is_ordered(const struct service *service)
{
        return service->goal.kind != GOAL_NONE || service->removal || service->told != TOLD_NOTHING;
}

static const char *obstacle(const struct service *service, int64_t after_msec)
{
        if (service->supervised && (service->send_error == EAGAIN ||
                                    (is_ordered(service) && clock_msec() - service->sent_msec >= after_msec &&
                                     is_unread(service, service->name))))
                return "its s6-supervise does not read its orders: it was stopped, or hangs";
        if (service->removal && service->has_log &&
            clock_msec() - service->operation_began_msec >= after_msec &&
            is_unread(service, service_log_name(service).text))
                return "its logger's s6-supervise does not read its orders: it was stopped, or hangs";
        return NULL;
}

const char *obstacle_of(const struct service *service)
{
        return obstacle(service, UNREAD_MSEC);
}

int64_t obstacle_wait_msec(const struct service *service)
{
        int64_t left_msec = service->sent_msec + UNREAD_MSEC - clock_msec();

        if (service->obstacle)
                return POLL_MSEC;
        return service->supervised && is_ordered(service) && left_msec > 0 ? left_msec : INT64_MAX;
}

const char *obstacle_now(const struct service *service)
{
        if (service->supervised && service->status.finishing)
                return obstacle(service, 0) ?: "its finish script does not end";
        return obstacle(service, 0);
}
