#ifndef SERVICE_RESTART_H
#define SERVICE_RESTART_H

#include "daemon/service/service.h"

/*
 * A gateway without an open order, held against its record: what went down though it is wanted is braked and
 * tried again; what came back is wanted up in s6 again too. policy.h has the arithmetic.
 */

/* A gateway's exit codes (sysexits.h: EX_TEMPFAIL, EX_CONFIG), as the Hermes application means them. */
#define EXIT_RESTART_ME 75
#define EXIT_CONFIGURATION 78
/* The template's own: another container on the volume runs this gateway (EX_UNAVAILABLE). */
#define EXIT_RUNS_ELSEWHERE 69

/* How its last run ended, for people: "with exit code 3". */
void restart_describe_exit(const struct record *record, char *text, size_t size);
bool restart_is_served(const struct service *service);

/* One that a broker with other options left: held for that, or no longer. */
void restart_take_option(struct service *service);

/* It runs in another container: looked at again in a while. */
void restart_hold_elsewhere(const struct registry *registry, struct record *record);

void restart_follow_record(struct service *service);

/* In how many milliseconds to look again, for a service without goal and operation; INT64_MAX: only when
 * something is seen. */
int64_t restart_wait_msec(const struct service *service);

/* Forgets failures. A service that was in backoff or failed is held then, until somebody starts it. */
void restart_reset(struct service *service);

/* For a start by a person: nothing is held against the gateway any more. */
void restart_forgive(struct service *service);

#endif
