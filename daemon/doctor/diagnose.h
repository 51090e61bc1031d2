#ifndef DOCTOR_DIAGNOSE_H
#define DOCTOR_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/doctor/findings.h"
#include "daemon/session/server.h"
#include "proto/text.h"

/*
 * Diagnose: a look at everything that takes its time. One at a time runs, in slices between which the loop
 * serves others; who asks meanwhile gets the next one, since what was looked at already may have changed.
 * Those who ask are known by peer and call only, a place each a connection.
 */
enum verdict {
        VERDICT_OK,
        VERDICT_WARNING,
        VERDICT_FAILURE,
};

/* Somebody waits for an answer. */
struct doctor_call {
        struct ticket ticket;
        bool waits;
        bool next; /* for the run after this one */
};

struct volume_found;
struct permission_walk;
struct script_walk;
struct process_walk;

struct doctor {
        struct server *server;
        struct timer slice;
        bool running;
        bool looked;      /* all steps are done */
        bool volume_done; /* the deputy has answered, or will not */
        size_t step;
        struct text checks; /* JSON, with commas between them */
        unsigned count;
        struct volume_found *volume; /* complete with volume_done; NULL then: it was late */
        struct permission_walk *walk;
        struct script_walk *scripts;
        struct process_walk *processes;
        bool idle;                              /* a step waits for others */
        int64_t locks_until_msec;               /* 0: not begun */
        struct doctor_call calls[SERVER_PEERS]; /* by peer.slot */
};

/* Adds a check. advice is left out with VERDICT_OK. */
__attribute__((format(printf, 5, 6))) void doctor_check(struct doctor *doctor, const char *name,
                                                        enum verdict verdict, const char *advice,
                                                        const char *format, ...);

/* A step of a run does a little, within a millisecond or two. True: it has nothing left to do. */
typedef bool doctor_step(struct doctor *doctor);

/* diagnose_system.c: what memory, /proc and a few files say. */
doctor_step diagnose_system;

/* diagnose_processes.c: what keeps a process from being started. */
doctor_step diagnose_processes;
void diagnose_processes_drop(struct doctor *doctor);
/* diagnose_container.c: what the container gave the broker, and its gateways. */
doctor_step diagnose_container;

/* diagnose_locks.c: what the scripts of a gateway had to do without. */
doctor_step diagnose_locks;

/* diagnose_permissions.c: every inode under the directories that are root's. */
doctor_step diagnose_permissions;
void diagnose_permissions_drop(struct doctor *doctor);

/* diagnose_scripts.c: what s6 executes as root, and where its names are looked up. */
doctor_step diagnose_scripts;
doctor_step diagnose_path;
void diagnose_scripts_drop(struct doctor *doctor);

/* diagnose_volume.c: begun with a run, and worked by the deputy, until doctor_volume_done(). Ended when the
 * rest of the run is: then it adds its checks, so that their order is always the same. root: whoever waits is. */
void diagnose_volume_begin(struct doctor *doctor, bool root);
void diagnose_volume_end(struct doctor *doctor);
void diagnose_volume_drop(struct doctor *doctor);
void doctor_volume_done(struct doctor *doctor);

/* Nobody gets an answer any more. */
void doctor_close(struct server *server);

#endif
