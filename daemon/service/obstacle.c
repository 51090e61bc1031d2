/* SPDX-License-Identifier: ISC */
#include "daemon/service/obstacle.h"

#include "daemon/bounds.h"
#include "daemon/service/service.h"

static bool is_ordered(const struct run *run)
{
        const struct service *service = run->service;

        return run->goal.kind != GOAL_NONE || run->told != TOLD_NOTHING ||
               service->operation == OPERATION_UNREGISTER;
}

void obstacle_follow(struct service *service)
{
        service->own.unread = run_is_unread(&service->own, is_ordered(&service->own), UNREAD_MSEC);
        service->logger.unread = run_is_unread(&service->logger, is_ordered(&service->logger), UNREAD_MSEC);
}

static const char *text_of(bool own, bool logger)
{
        if (own)
                return view_unread_text;
        return logger ? view_logger_unread_text : NULL;
}

const char *obstacle_of(const struct service *service)
{
        return text_of(service->own.unread,
                       service->operation == OPERATION_UNREGISTER && service->logger.unread);
}

static int64_t wait_msec_of(const struct run *run)
{
        int64_t left_msec = run->control.sent_msec + UNREAD_MSEC - clock_msec();

        if (run->unread)
                return POLL_MSEC;
        return run->there && run->supervised && is_ordered(run) && left_msec > 0 ? left_msec : INT64_MAX;
}

int64_t obstacle_wait_msec(const struct service *service)
{
        return wait_sooner(wait_msec_of(&service->own), wait_msec_of(&service->logger));
}

const char *obstacle_now(const struct service *service)
{
        const char *text = text_of(run_is_unread(&service->own, is_ordered(&service->own), 0),
                                   run_is_unread(&service->logger, is_ordered(&service->logger), 0));

        if (!text && service->own.supervised && service->own.status.finishing)
                return "its finish script does not end";
        return text;
}
