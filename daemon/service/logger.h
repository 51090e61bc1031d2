/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_LOGGER_H
#define SERVICE_LOGGER_H

struct service;

/*
 * A gateway's logger runs only when there is something to log: it is down (run.h: idle) until its gateway
 * begins for the first time, and wanted from then on, for as long as its slot exists. Its order comes before
 * the gateway's, and its down file goes before the gateway's does (service_set_down()): whoever starts the
 * gateway, its logger reads what it prints. These functions are for a slot that another broker left.
 */

/* Finds out whether there is a logger, and whether it is wanted. 0, or a negative errno where something was
 * short. */
int logger_find(struct service *service);

/* Once both runs were looked at, gives the logger the order that the last broker may not have given. */
void logger_resume(struct service *service);

#endif
