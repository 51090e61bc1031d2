/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_LOGGER_H
#define SERVICE_LOGGER_H

struct service;

/*
 * A gateway's logger runs only when there is something to log: it is down (run.h: idle) until its gateway begins for the
 * first time, and wanted from then on, for as long as there is its slot. Its order comes before the gateway's, and its down
 * file goes before the gateway's does (service_set_down()): whoever starts the gateway, its logger reads what it prints.
 * This is of a slot that another broker left.
 */

/* Whether there is a logger, and whether it has something to log. 0; or where something was short a negative errno. */
int logger_find(struct service *service);

/* Both were looked at: what the last broker was about to tell it, it is told. */
void logger_resume(struct service *service);

#endif
