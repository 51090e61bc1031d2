/* SPDX-License-Identifier: ISC */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/methods/findings.h"
#include "daemon/session/server.h"
#include "daemon/session/ticket.h"
#include "proto/text.h"

/*
 * Diagnose is the method; the doctor answers it, by a look at everything, which takes its time. It makes one
 * round at a time, in slices between which the loop serves others; whoever asks meanwhile gets the next
 * round, since what was looked at already may have changed. A slice is a step of the model's ready queue, and
 * shares its time with the others of that turn.
 *
 * The checks are by subject, one file each (diagnose_*.c). A new check is a function of such a file, and its
 * row in man/svcctl.1.
 */
enum verdict {
        VERDICT_OK,
        VERDICT_WARNING,
        VERDICT_FAILURE,
};

/* How far a round is. */
enum doctor_state {
        DOCTOR_IDLE,    /* there is no round */
        DOCTOR_LOOKING, /* its steps are made one after the other, while the deputy looks at the volume */
        DOCTOR_WAITING, /* all steps are made, but the look at the volume is not complete */
};

struct volume_found;
struct permission_walk;
struct script_walk;
struct process_walk;

struct doctor {
        struct ready ready;
        struct server *server;
        enum doctor_state state;
        struct ticket_set asked; /* calls that are answered with what this round finds */
        struct ticket_set next;  /* calls for the round after this one */
        struct timer pause;      /* until the next slice */
        size_t step;
        bool idle;          /* a step waits for others: the next slice comes after a longer pause */
        struct text checks; /* JSON, with commas between them */
        unsigned count;

        /* What steps keep from one slice to the next. */
        struct volume_found *volume;
        struct permission_walk *permissions;
        struct script_walk *scripts;
        struct process_walk *processes;
        int64_t locks_until_msec; /* by clock_msec(): so long the locks are waited for; 0: not begun */
};

/* The one way to say a finding: a check of that name, what it found, and what to do about it. With VERDICT_OK
 * there is nothing to do, and the advice is left out. */
__attribute__((format(printf, 5, 6))) void doctor_check(struct doctor *doctor, const char *name,
                                                        enum verdict verdict, const char *advice,
                                                        const char *format, ...);

/* The same for a check that finds nothing wrong. */
__attribute__((format(printf, 3, 4))) void doctor_well(struct doctor *doctor, const char *name,
                                                       const char *format, ...);

/* There is no memory for this round: whoever asked is closed at its end. */
void doctor_lacks_memory(struct doctor *doctor);

/* A step of a round does a little, within a millisecond or two. True: it has nothing left to do. */
typedef bool doctor_step(struct doctor *doctor);

/* diagnose_system.c: what the container and the machine give. */
doctor_step diagnose_system;

/* diagnose_services.c: what the broker has in hand. */
doctor_step diagnose_services;

/* diagnose_processes.c: what keeps a process from being started. */
doctor_step diagnose_processes;
void diagnose_processes_drop(struct doctor *doctor);

/* diagnose_container.c: how the broker was started, and what of that its gateways have. */
doctor_step diagnose_container;

/* diagnose_permissions.c: every inode under the directories that are root's. */
doctor_step diagnose_permissions;
void diagnose_permissions_drop(struct doctor *doctor);

/* diagnose_scripts.c: what s6 executes as root, and where its names are looked up. */
doctor_step diagnose_scripts;
doctor_step diagnose_path;
void diagnose_scripts_drop(struct doctor *doctor);

/* diagnose_locks.c: what the scripts of a gateway had to do without. */
doctor_step diagnose_locks;

/* diagnose_volume.c: what volume_found.h tells; the last checks, so that their order is always the same. */
void diagnose_volume(struct doctor *doctor);

#endif
