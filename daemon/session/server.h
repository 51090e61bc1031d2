#ifndef SESSION_SERVER_H
#define SESSION_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"
#include "daemon/edge/rights.h"
#include "daemon/edge/stream.h"
#include "daemon/service/registry.h"
#include "daemon/session/access.h"
#include "daemon/doctor/findings.h"
#include "daemon/session/listener.h"
#include "daemon/session/mender.h"
#include "daemon/session/quota.h"
#include "daemon/session/turns.h"

#define SERVER_PEERS (LIMIT_CONNECTIONS + LIMIT_CONNECTIONS_DENIED + GONE_CLIENTS)

/* A removed service that some reader of Watch has not been told of. */
struct tombstone {
        struct tombstone *next;
        uint64_t revision;
        unsigned index;
        size_t length;
        char text[]; /* the service as JSON, and behind its NUL its name */
};

struct doctor;

/* Everything that serves: the listeners, the peers, and what they share. */
struct server {
        uv_loop_t *loop;
        struct registry *registry;
        struct access_policy access;
        struct rights rights;
        const char *hermes_home;   /* for log_directory */
        const char *template_path; /* for Diagnose */
        const char *socket_path;
        char *supervisor_path; /* PATH of s6-svscan's environment, for Diagnose; NULL: not readable */
        const char *const *fallbacks; /* what whoever starts it had to do without; NULL-terminated */
        const char *exec_path; /* PATH of what the container's runtime executes in it; NULL: not known */
        char loose_path[FINDINGS_LINE_BYTES]; /* where they lead and others than root can write; "": nowhere
                                               */
        unsigned failed_starts;               /* of containers, for Diagnose */
        unsigned services_max;                /* as --services-max said, for Diagnose */
        struct doctor *doctor;                /* diagnose.c's; NULL until the first Diagnose */
        struct streams streams;
        struct listener listener;
        struct listener observer_listener;
        struct mender mender; /* of both */
        struct quota quota;
        struct peer *peers[SERVER_PEERS];
        size_t peer_count;
        unsigned counted;          /* connections with access, not root's */
        unsigned denied;           /* connections without access */
        unsigned gone;             /* no connections any more, but calls */
        unsigned connections_most; /* LIMIT_CONNECTIONS, or less where descriptors are few */
        unsigned denied_most;      /* LIMIT_CONNECTIONS_DENIED, likewise */
        bool spare;                /* and enough for clients that are gone, and what waits to be closed */
        unsigned files;            /* descriptors that the process may have, for Diagnose */
        uint64_t next_peer;
        size_t memory_bytes;          /* buffers of all peers but root's */
        size_t memory_root_bytes;     /* and of root's */
        struct tombstone *tombstones; /* by revision */
        size_t tombstone_count;
        uint64_t *index_used; /* bit set: service.index is taken */
        size_t index_words;
        struct turns turns;
        struct timer drain;
        struct timer settle_log;
        bool draining;
        void (*drained)(struct server *server);
};

/* Sets the registry's events. */
void server_init(struct server *server, uv_loop_t *loop, struct registry *registry);

/* So many connections in all, fewer than SERVER_PEERS where the process has descriptors for no more. */
void server_set_places(struct server *server, unsigned places);

/* Closes everything; peers get no answer any more. */
void server_deinit(struct server *server);

/* Takes no new connections or calls, and calls `drained` when every call that runs is answered or msec have
 * passed. */
void server_drain(struct server *server, void (*drained)(struct server *server));

/* A connection came in (from a listener): fd is the server's now. */
void server_accept(struct server *server, int fd);

/* NULL when it is gone. */
struct peer *server_find_peer(struct server *server, uint64_t id);

/*
 * Its client is gone, and calls that it sent are not done yet: from now on it takes the place of no connection.
 * False: there are too many of those.
 */
bool server_let_go(struct server *server, struct peer *peer);

/* Counts a peer out. */
void server_remove_peer(struct server *server, struct peer *peer);

/* Its index for struct watcher.seen. False: out of memory. */
bool server_take_index(struct server *server, unsigned *index);
void server_return_index(struct server *server, unsigned index);

#endif
