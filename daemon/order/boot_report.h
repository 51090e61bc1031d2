/* SPDX-License-Identifier: ISC */
#ifndef ORDER_BOOT_REPORT_H
#define ORDER_BOOT_REPORT_H

#include "daemon/order/plan.h"
#include "daemon/keep/store.h"

/*
 * $HERMES_HOME/logs/container-boot.log (boot_log.h reads it), a line for each profile with a slot, as the
 * Hermes application reads it: 2026-05-07T12:00:00+0000 profile=coder prior_state=running action=started
 */
#define BOOT_LOG "logs/container-boot.log"

/* `done` is called once, on a later turn of the loop, also where it could not be written. again: those that
 * had a slot before have their line. 0, or a negative errno with nothing begun, which was logged. */
int boot_report_write(struct store *store, const struct plan *plan, bool again, void (*done)(void *owner),
                      void *owner);

#endif
