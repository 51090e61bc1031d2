/* SPDX-License-Identifier: ISC */
#ifndef ORDER_BOOT_REPORT_H
#define ORDER_BOOT_REPORT_H

#include "daemon/order/plan.h"
#include "daemon/keep/store.h"

/*
 * $HERMES_HOME/logs/container-boot.log (judge/boot_log.h), a line for each profile with a slot, as the
 * Hermes application reads it: 2026-05-07T12:00:00+0000 profile=coder prior_state=running action=started
 */

/* Appends the lines of a plan. `done` is called once, on a later turn of the loop, also if they could not be
 * written. again: profiles that had a slot before have their lines already. Returns 0, or a negative errno,
 * which was logged, with nothing begun. */
int boot_report_write(struct store *store, const struct plan *plan, bool again, void (*done)(void *owner),
                      void *owner);

#endif
