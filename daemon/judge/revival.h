/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_REVIVAL_H
#define JUDGE_REVIVAL_H

#include <stdbool.h>

/*
 * What brings back the supervisors of a slot that s6-svscan has seen for long enough, and does not start.
 *
 * s6-svscan knows a service and its logger as one entry for the directory that it saw. When one half ends
 * while the directory is out of sight, s6 2.11 starts it again only after the other half has ended too. 2.12
 * to 2.15 forget to start what ended, or was first seen, at the wrong moment, until any s6-supervise ends, or
 * a directory is new to them. So the half that is left is ended, where nothing is lost by it; and where none
 * is left, the slot is made anew. An s6-supervise that s6-svscan began while the name led elsewhere works
 * in that other directory, and is ended first.
 */
struct halves {
        bool gateway; /* the gateway has a supervisor */
        bool logger;  /* the logger has a supervisor; false, too, where there is no logger */
        bool has_log;
        bool runs; /* the gateway has a process, its finish script included, whoever supervises it */
};

enum revival {
        REVIVAL_NOTHING,     /* there is nothing to do, or something would be lost */
        REVIVAL_END_LOGGER,  /* the logger's supervisor is to be ended, and the logger */
        REVIVAL_END_GATEWAY, /* the gateway's supervisor, which has no process, is to be ended */
        REVIVAL_RENEW,       /* the slot is to become another directory with the same in it */
        REVIVAL_STRAY, /* an s6-supervise in another directory is to be ended: edge/stray.h has found one,
                          this file never does */
};

/* Lacks the gateway, or a logger that is there, its supervisor? */
bool revival_is_due(const struct halves *halves);

/* Says what is to be done. A gateway that runs is never ended by that. */
enum revival revival_judge(const struct halves *halves);

#endif
