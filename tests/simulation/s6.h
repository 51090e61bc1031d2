/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_S6_H
#define SIMULATION_S6_H

#include "sim.h"

/*
 * What supervises: s6-svscan as process 1, an s6-supervise for each service and each logger, and their processes, as state machines on the
 * real files of the world's directory.
 */

/* The holder of a lock (fcntl F_GETLK, F_OFD_GETLK): 0, nobody; -1: a process of another container, which has no number here (l_pid is 0
 * for F_GETLK). Asked by the core for the broker. */
pid_t s6_lock_holder(dev_t device, ino_t inode);

/* kill(2) and pidfd_send_signal(2) of the broker's. 0 or a negative errno. number 0: is it there? */
int s6_kill(pid_t pid, int number);

/* pidfd_open(2): -ESRCH: there is no such process (a zombie is one). */
int s6_has_process(pid_t pid);
bool s6_is_alive(pid_t pid); /* and no zombie */

/* To be called before the broker opens anything below /proc: what changed there is written. */
void s6_proc_refresh(void);

/* A container restart: all processes are gone, the scan directory is made afresh. keeps_run: services/ and run/ stay. The broker's life
 * ends with it, which is the caller's. */
void s6_container_restart(bool keeps_run);

/*
 * The services, by index from 0: "gateway-default", "gateway-p1", ..., then static ones. That one is known here says nothing about
 * whether it is registered, or supervised.
 */
unsigned s6_count(void);
const char *s6_name(unsigned service);    /* "gateway-p1" */
const char *s6_profile(unsigned service); /* "p1"; NULL: a static service */
int s6_find(const char *name);            /* -1: none */
bool s6_has_log(unsigned service);        /* its logger is supervised, or was */

enum s6_state { S6_ABSENT, S6_BEGINS, S6_DOWN, S6_UP, S6_FINISHING };

struct s6_seen {
        enum s6_state state; /* of its s6-supervise */
        pid_t supervisor;    /* 0: none */
        pid_t pid;           /* of what it has begun, or its finish; 0: none */
        bool wanted, paused, ready;
        bool leaves;  /* it ends with its process (x) */
        bool deleted; /* its directory is */
        bool strayed; /* its s6-supervise works in a directory that is not the slot of that name any more */
};
struct s6_seen s6_look(unsigned service, bool log);

/* How many processes of that gateway are at work (its hermes; not scripts that wait for an earlier one). Never more than one. */
unsigned s6_gateways(unsigned service);
/* How many ended that nobody had told to, in all; and of the last of these, since then (at most 16). */
unsigned s6_crashes(unsigned service);
unsigned s6_crashes_since(unsigned service, int64_t usec);
/* How often it could not be begun. */
unsigned s6_unbegun(unsigned service);

/* Has its s6-supervise seen such an end since then? That may have ended before, which nobody could know. */
bool s6_end_seen_since(unsigned service, int64_t usec);
/* Did its last run that had ended by then (UTC) end so? Where the clock steps: did any of the last 16? Of what was before those: true, since
 * that is not known. */
bool s6_ended_so(unsigned service, int64_t utc_usec, int code, int signal);
/* The oldest of them: what tells it from others with its number, and whether that one is there, and is its supervisor's. */
uint64_t s6_gateway_start(unsigned service);
bool s6_gateway_is_there(unsigned service, uint64_t start);
/* How often it began while its logger was kept down. */
unsigned s6_unlogged(unsigned service);
/* Of those: how many were left by an s6-supervise that was killed. */
unsigned s6_left(unsigned service);
/* Of those: the first; 0: none. For a client that plays it. */
pid_t s6_gateway_pid(unsigned service);
/* Any process of it, by whatever supervisor: run, hermes, children it left, finish; none of its logger's. */
unsigned s6_processes(unsigned service);
/* How many processes there are in all. */
unsigned s6_process_count(void);

/* Faults, for actor_faults. False: nothing was there to do it to. */
bool s6_kill_supervisor(unsigned service, bool log,
                        int number);                      /* SIGKILL, SIGSTOP, SIGCONT, SIGTERM, SIGHUP */
bool s6_kill_run(unsigned service, bool log, int number); /* of its process */
void s6_stop_svscan(bool stopped);
bool s6_hold_elsewhere(unsigned service,
                       bool held);   /* a gateway in another container has its lock on the volume */
bool s6_drop_lock(unsigned service); /* hermes has let go of it */
/* A fault of one of these, as the seed says: of FAULT_S6, of FAULT_GATEWAYS. */
void s6_fault_supervision(void);
void s6_fault_gateways(void);

/* What the next run of a gateway does, for scenarios; else the seed says. */
struct s6_run {
        int64_t lasts_usec;  /* SIM_NEVER: until it is told */
        int code, signal;    /* how it ends then */
        int64_t drains_usec; /* after SIGTERM; SIM_NEVER: it ignores it */
        int term_code;       /* or what follows */
        int64_t ready_usec;  /* where there is a notification-fd */
        bool leaves_child;   /* in its group; it is there as long as the gateway, and longer */
        bool stubborn_child; /* which ignores SIGTERM */
        bool says_stopped;   /* it notes at its end that it is to be down */
};
#define TERM_AS_PLANNED                                                                                      \
        (-1) /* 0 where the broker has left word that it is meant, else 1, as the application does */
#define TERM_AS_SIGNAL (-3)  /* it dies of it */
#define TERM_AS_ITS_END (-2) /* as it would end by itself */
void s6_plan(unsigned service, const struct s6_run *run, unsigned runs);
/* The process at work ends now: with that code, or by that signal. */
bool s6_end_run(unsigned service, int code, int number);

#endif
