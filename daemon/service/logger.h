#ifndef SERVICE_LOGGER_H
#define SERVICE_LOGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/edge/s6_status.h"
#include "daemon/service/step.h"

struct service;

/*
 * A gateway's logger: a service of its own to s6, wanted up as long as the slot is there, whatever is wanted
 * of the gateway. Its finish has s6's hard brake; where that held, the logger is tried again as restart.h
 * tries a gateway: a single run, after a delay that grows. Static services' loggers are only looked at.
 */
struct logger {
        bool supervised;
        struct s6_status status;
        int64_t run_began_msec; /* by clock_msec() */
        int64_t last_run_msec;
        bool died;               /* and has not been started since */
        bool asked;              /* it is ended by us, and started again */
        bool start;              /* a person wants it tried at once */
        int64_t retry_base_usec; /* of a single run: since_usec when it was ordered */
        int64_t retry_until_msec;
        struct step_watch step; /* STEP_PROCESS, or none */
        struct halt_watch halt;
};

/* Reads its status, and whether somebody supervises it. 0, or a negative errno where it could not be seen. */
int logger_see(struct service *service);

/* A living s6-supervise wrote a status. */
void logger_on_status(struct service *service);

bool logger_is_running(const struct service *service);

/* Of a gateway without an operation: what went down is tried again, what lasts is s6's again. */
void logger_follow(struct service *service);

/* In how many milliseconds to follow again; INT64_MAX: only when something is seen. */
int64_t logger_wait_msec(const struct service *service);

/* For a person's order: nothing is held against it any more. It is started if it was held, and continued if it stands. */
void logger_forgive(struct service *service);

/* Why it does not run, for people; empty where it is not held. */
void logger_reason(const struct service *service, char *text, size_t size);

#endif
