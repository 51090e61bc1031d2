/* SPDX-License-Identifier: ISC */
#include "daemon/service/logger.h"

#include "daemon/edge/slot.h"
#include "daemon/judge/shortage.h"
#include "daemon/service/registry.h"
#include "daemon/service/service.h"

int logger_find(struct service *service)
{
        const struct slots *slots = &service->registry->slots;
        int has_log = slot_has_log(slots, service->name);
        int is_down = has_log > 0 ? slot_log_is_down(slots, service->name) : has_log;

        if (shortage_is_why(is_down))
                return is_down;
        service->logger.there = has_log > 0;
        service->logger.idle = is_down > 0;
        return 0;
}

/* What a logger was told is not recorded: one that is wanted and has begun nothing yet is told again. */
void logger_resume(struct service *service)
{
        struct run *logger = &service->logger;
        const struct s6_status *status = &logger->status;

        if (!service->profile || !logger->there || !logger->supervised || logger->idle || status->pid ||
            status->want_up || status->wait_status || logger->brake->hold != HOLD_NONE)
                return;
        run_set_goal(logger, GOAL_UP, 0);
}
