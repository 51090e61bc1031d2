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
 * there, and is ended first.
 */
struct halves {
        bool gateway; /* has a supervisor */
        bool logger;  /* the same; it has none also where there is no logger */
        bool has_log;
        bool runs; /* a process of the gateway, its finish script included, whoever supervises it */
};

enum revival {
        REVIVAL_NOTHING,     /* there is nothing to do, or somebody would lose something */
        REVIVAL_END_LOGGER,  /* the logger's supervisor, and the logger */
        REVIVAL_END_GATEWAY, /* the gateway's supervisor, which has no process */
        REVIVAL_RENEW,       /* another directory with the same in it */
        REVIVAL_STRAY, /* an s6-supervise that is in another directory: edge/stray.h has found one, this never
                        */
};

bool revival_is_due(const struct halves *halves);

/* A gateway that runs is never ended by it. */
enum revival revival_judge(const struct halves *halves);

#endif
