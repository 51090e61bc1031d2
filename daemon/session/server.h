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
#include "daemon/session/shared_text.h"
#include "daemon/session/watcher.h"

struct doctor;
struct telling;
struct method;

/*
 * Everything that serves: the listeners, the peers, and what they share.
 *
 * Root's connections are served as soon as something comes in; other connections, and root's that have more
 * to do, are served in turns. Root's queue and the queue of all others each have their own time in a turn of
 * the loop: whatever the others send, and however many they are, root's next call gets into the next turn.
 */
struct server {
        uv_loop_t *loop;
        struct registry *registry;
        struct access_policy access;
        struct rights rights;
        struct seccomp seccomp;
        /* The groups of methods that dispatch.c searches; NULL-terminated. */
        const struct method *const *methods;
        void (*take_call)(struct peer *peer, char *message, size_t length); /* dispatch_message() */

        /* What the broker was started with, for Health and Diagnose. */
        const char *hermes_home; /* also where a Service's log_directory begins */
        const char *template_path;
        const char *socket_path;
        char *supervisor_path; /* PATH of s6-svscan's environment; NULL: not readable */
        const char *exec_path; /* PATH of what the container's runtime executes in it; NULL: not known */
        /* Which directories of these two users other than root can write; "": none. */
        char loose_path[FINDINGS_LINE_BYTES];
        const char *const *fallbacks; /* what the broker's starter had to do without; NULL-terminated */
        unsigned failed_starts; /* Diagnose fails for a gateway that failed in so many container starts */
        unsigned services_max;  /* the value of --services-max */
        struct {
                unsigned percent;    /* Health warns when more is used; 0: never */
                int64_t looked_msec; /* time of the last look, by clock_msec(); 0: never */
                bool known;
                struct cgroup_limit limit;
        } memory;       /* the container's */
        unsigned files; /* descriptors that the process may have */

        struct streams streams;
        struct listener listener;
        struct listener observer_listener;
        struct mender mender; /* of both listeners */
        struct quota quota;
        struct peers peers;
        struct ready_queue turns_root; /* root's connections */
        struct ready_queue turns;      /* all other connections */
        struct watchers watchers;
        struct shared_text *list; /* the last reply of List; NULL: there is none */
        uint64_t list_changes;    /* registry.changes as of that reply: it holds until the next */
        struct counts counts;
        struct pace pace;
        struct telling *tellings; /* followers of History, of methods/history.c */
        bool tellings_woken;      /* each follower has been woken, and none has had its turn since */
        struct doctor *doctor;    /* kept here for daemon/doctor; NULL: no Diagnose has run yet */
        struct timer settle_log;
        struct timer drain;
        bool draining;
        void (*drained)(struct server *server);
};

/* Sets up the queues, timers and bounds, and the registry's events `changed`, `gone` and `caller`; the
 * methods set those that answer calls. methods: as in struct server. */
void server_init(struct server *server, uv_loop_t *loop, struct registry *registry,
                 const struct method *const *methods);

/* Sets how many connections there may be at once. seats: the descriptors that connections may have, those
 * that wait to be closed included; with fewer than PEERS_MOST + CLOSER_PENDING the bounds shrink. */
void server_set_seats(struct server *server, unsigned seats);

/* Closes everything; running calls get no answer. */
void server_deinit(struct server *server);

/* Stops taking connections and calls, and calls `drained` once every running call is answered, but for
 * Watches and followed Histories, or SERVER_DRAIN_MSEC have passed; never before server_drain() has
 * returned. */
void server_drain(struct server *server, void (*drained)(struct server *server));

/* Serves a connection that a listener has accepted. fd belongs to the server from now on. */
void server_accept(struct server *server, int fd);

#endif
