/* SPDX-License-Identifier: ISC */
#ifndef SESSION_SERVER_H
#define SESSION_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"
#include "daemon/edge/cgroup.h"
#include "daemon/edge/rights.h"
#include "daemon/edge/seccomp.h"
#include "daemon/edge/stream.h"
#include "daemon/loop/pace.h"
#include "daemon/loop/ready.h"
#include "daemon/service/registry.h"
#include "daemon/session/access.h"
#include "daemon/session/counts.h"
#include "daemon/session/listener.h"
#include "daemon/session/mender.h"
#include "daemon/session/peers.h"
#include "daemon/session/quota.h"
#include "daemon/session/watcher.h"

struct doctor;
struct telling;
struct method;

/*
 * Everything that serves: the listeners, the peers, and what they share.
 *
 * Who is served when: root's connections as soon as something comes; those of others, and root's that have more to do, in
 * turns. Root's and the others' queue have each their time of a turn of the loop: whatever the others send, and however
 * many they are, root's next call comes into the next turn.
 */
struct server {
        uv_loop_t *loop;
        struct registry *registry;
        struct access_policy access;
        struct rights rights;
        struct seccomp seccomp;
        const struct method *const
                *methods; /* the groups that dispatch.h finds a method in; NULL-terminated */
        void (*take_call)(struct peer *peer, char *message, size_t length); /* dispatch.h's */

        /* What it was started with, for Health and Diagnose. */
        const char *hermes_home; /* for log_directory, too */
        const char *template_path;
        const char *socket_path;
        char *supervisor_path; /* PATH of s6-svscan's environment; NULL: not readable */
        const char *exec_path; /* PATH of what the container's runtime executes in it; NULL: not known */
        char loose_path
                [FINDINGS_LINE_BYTES]; /* where they lead and others than root can write; "": nowhere */
        const char *const *fallbacks;  /* what whoever started it had to do without; NULL-terminated */
        unsigned failed_starts;        /* of containers */
        unsigned services_max;         /* as --services-max said */
        struct {
                unsigned percent;    /* above which Health warns; 0: never */
                int64_t looked_msec; /* by clock_msec(); 0: never */
                bool known;
                struct cgroup_limit limit;
        } memory;       /* of the container */
        unsigned files; /* descriptors that the process may have */

        struct streams streams;
        struct listener listener;
        struct listener observer_listener;
        struct mender mender; /* of both */
        struct quota quota;
        struct peers peers;
        struct ready_queue turns_root; /* of root's connections */
        struct ready_queue turns;      /* and of all others */
        struct watchers watchers;
        struct counts counts;
        struct pace pace;
        struct telling *tellings; /* methods/history.c: who follows History; */
        bool tellings_woken;      /* each of them has its turn */
        struct doctor *doctor;    /* the room's above, which keeps it here; NULL: there was no Diagnose yet */
        struct timer settle_log;
        struct timer drain;
        bool draining;
        void (*drained)(struct server *server);
};

/* Sets the registry's events of changes; those of answers are set by who answers. methods: as in struct
 * server. */
void server_init(struct server *server, uv_loop_t *loop, struct registry *registry,
                 const struct method *const *methods);

/* So many connections in all, fewer than PEERS_MOST where the process has descriptors for no more. */
void server_set_seats(struct server *server, unsigned seats);

/* Closes everything; peers get no answer any more. */
void server_deinit(struct server *server);

/* Takes no new connections or calls, and calls `drained` when every call that runs is answered or msec have
 * passed. */
void server_drain(struct server *server, void (*drained)(struct server *server));

/* A connection came in (from a listener): fd is the server's now. */
void server_accept(struct server *server, int fd);

#endif
