/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_REGISTRY_H
#define SERVICE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/edge/ballast.h"
#include "daemon/loop/deputy.h"
#include "daemon/edge/entries.h"
#include "daemon/edge/room.h"
#include "daemon/edge/scandir.h"
#include "daemon/loop/ready.h"
#include "daemon/edge/slot.h"
#include "daemon/loop/watch.h"
#include "daemon/service/history.h"
#include "daemon/service/home.h"
#include "daemon/service/multiplex.h"
#include "daemon/service/locks.h"
#include "daemon/judge/backoff.h"
#include "daemon/service/halts.h"
#include "daemon/service/owed.h"
#include "daemon/service/poll.h"
#include "daemon/service/service.h"
#include "daemon/service/stagger.h"
#include "daemon/keep/store.h"

/* Of those above, which the world holds: order/world.h. */
struct boot;
struct order;
struct profiles;
struct publication;
struct reconciles;

/* Which call an answer belongs to: never a pointer, so that a peer may go away. */
struct ticket {
        uint64_t peer;
        uint64_t call;
};

/* What became of an order to one service. */
struct outcome {
        const char *name;
        struct service *service;     /* NULL: there is none */
        const struct fault *fault;   /* NULL: as ordered */
        bool persisted;              /* the volume has what is wanted, or nothing of it changed */
        const char *persist_problem; /* why not; NULL where nothing was to be written */
        bool last;                   /* of this order */
};

/* What became of a register. */
struct registered {
        bool created;
        bool changed;
        int persist_error; /* errno: why the volume does not have it; 0: it has */
};

/* What goes up. Set by the session. */
struct registry_events {
        void (*changed)(void *owner, struct service *service);
        /* It is about to be freed; its last state can still be told. */
        void (*gone)(void *owner, struct service *service);
        void (*outcome)(void *owner, struct ticket ticket, const struct outcome *outcome);
        /* Another outcome of that call is taken now; false: order_go_on() comes when it is. */
        bool (*takes)(void *owner, struct ticket ticket);
        void (*registered)(void *owner, struct ticket ticket, const char *profile, struct service *service,
                           const struct fault *fault, const struct registered *registered);
        /* persist_error: as in struct registered. */
        void (*unregistered)(void *owner, struct ticket ticket, const char *profile, struct service *service,
                             const struct fault *fault, int persist_error);
        /* Who makes that call; left as it is where that is not known. */
        void (*caller)(void *owner, struct ticket ticket, struct event_by *by);
        /* An event more is in the history. Called from within steps of the model: it wakes, and no more. */
        void (*happened)(void *owner);
        void *owner;
};

/* What goes up within the model, to be looked at on a later turn of the loop. Set by the world. */
struct registry_above {
        void *owner;
        /* An entry of the scan directory came, went, or is another one now; the same of the services directory, where
         * there is no such service. name NULL: any may have. */
        void (*entry)(void *owner, const char *name);
        void (*slot)(void *owner, const char *name);
        /* A gateway that is there has no supervisor: s6-svscan may not have seen it come back. */
        void (*alone)(void *owner);
        /* All that is polled has been looked at once more. */
        void (*round)(void *owner);
        /* A gateway whose profile's directory is gone has ended. */
        void (*left)(void *owner);
        /* A profile is unregistered, whether it has a slot or not: none is to come any more. */
        void (*forgotten)(void *owner, const char *profile);
};

/* What a container is started with. */
struct boot_policy {
        bool no_gateways; /* a dashboard's container: there is no reconcile at boot */
        bool bootstrap;   /* `default` starts where nothing is known of it */
};

/* Lanes of the deputy for processes. */
enum {
        PROCESS_LANE_SIGNALS, /* edge/control.h */
        PROCESS_LANE_SWEEPS,  /* what a killed s6-supervise left: may take a second each */
};

/* What the volume told of its profiles at the boot, or when that looked again. */
enum volume_told {
        VOLUME_TOLD_ALL,
        VOLUME_TOLD_SOME, /* the boot is not through, or some profiles' directories did not answer */
        VOLUME_TOLD_NONE, /* it did not answer */
};

struct registry {
        uv_loop_t *loop;
        struct scandir scandir;
        struct slots slots;
        int lock_fd;            /* that nobody else manages the slots */
        struct ballast ballast; /* on the file system of the slots */
        struct watch watch;
        struct deputy deputy; /* for processes, with the lanes above; the volume has one of its own */
        struct store store;
        struct history history;
        struct backoff backoff;
        bool stands_in; /* s6-supervise cannot signal gateways: the deputy does */
        struct control_place slots_place, scandir_place; /* where gateways are, and static services */
        int64_t settle_msec;                             /* a gateway alive for this long is up */
        struct patience patience;                        /* for what is on the way */
        unsigned services_max;             /* s6-svscan's or --services-max, the lesser; loggers included */
        unsigned names_max;                /* s6-svscan's, loggers not included; 0: no such bound */
        unsigned loggers_max;              /* by s6-svscan's descriptors; 0: no such bound */
        const char *const *allowed_static; /* names that clients may control; NULL-terminated */
        char boot[RECORD_BOOT_BYTES];
        struct registry_events events;
        struct registry_above above;

        struct service **services; /* by name */
        size_t count;
        size_t capacity;
        uint64_t revision;
        int64_t moved_msec; /* by clock_msec(): when s6-svscan was last given, or seen to do, something */
        struct ready_queue ready;
        struct order *orders;
        size_t names_under_way; /* of those that are not root's */
        uint64_t order_number;  /* of the last one */
        struct publication *publication;
        struct stagger stagger;
        uint64_t serial; /* of the last change that persist.h was told of */
        struct timer persist_again;
        struct owed owed;
        struct boot_policy boot_policy;
        struct reconciles *reconciles;
        struct boot *boot_state;
        struct poll poll;
        struct halt_round halts;
        struct locks_look locks;
        int64_t oom_kills;      /* edge/oom.h, when it was last looked at; -1: not known */
        int64_t oom_since_usec; /* that was then; 0: never */
        int scandir_wd;         /* -1: the scan directory is not watched */
        int slots_wd;           /* the same of the services directory */
        bool scan_whole;        /* something of the scan directory is not known yet */
        bool has_dead;          /* slots of the last container, not adopted */
        struct entries dead;    /* and what may be some, while they are removed */
        size_t dead_removed;    /* of these */
        bool fresh_boot;        /* no broker has reconciled in this life of the container */
        bool boot_logged;       /* container-boot.log has the lines of this boot */
        enum volume_told volume_told;
        bool profiles_more; /* it has more directories of profiles than are looked at */
        bool multiplex;     /* the default gateway serves every profile: multiplex.h */
        enum multiplex_from multiplex_from;
        struct profiles *profiles;
        struct homes homes;
        bool stopping; /* nothing is ordered or written any more */
};

/* scandir and slots must be open. 0 or a negative errno. The rest of it: order/world.h. */
int registry_init(struct registry *registry, uv_loop_t *loop);

/* Forgets all services, touching nothing outside the process. */
void registry_deinit(struct registry *registry);

struct service *registry_find(const struct registry *registry, const char *name);

/* The place of the first service whose name comes after that one, which need not be there; count: there is none. */
size_t registry_behind(const struct registry *registry, const char *name);

/* A place for it: what service_new() begins with. NULL: out of memory. */
struct service *registry_add(struct registry *registry, const char *name);

/* Calls events.gone, ends its waits, frees it. Never within a step of that service itself, but for that of its
 * operation, which has let go of it. */
void registry_forget(struct registry *registry, struct service *service);

/* What has happened is seen, before the time of anything is judged: after a long turn of the loop timers come
 * first. It is noted, and whom it concerns is woken. */
void registry_catch_up(struct registry *registry);

/* The symlink in the scan directory to the slot of that name; another one is -EEXIST. 0 or a negative errno.
 */
int registry_link(const struct registry *registry, const char *name);
int registry_unlink(const struct registry *registry, const char *name);
/* Somebody else has that name in the scan directory. */
bool registry_is_taken(const struct registry *registry, const char *name);
/* 1: yes, 0: no, or a negative errno: that could not be seen. */
int registry_is_linked(const struct registry *registry, const char *name);

/* Supervisors that s6-svscan has or will have, loggers included. */
unsigned registry_supervisors(const struct registry *registry);

/* How many gateways more it takes. */
unsigned registry_room(const struct registry *registry);
/* Is it for want of descriptors that it takes no more than that? */
bool registry_lacks_descriptors(const struct registry *registry);

/* The names and values of all gateways' variables, as they count for LIMIT_ENVIRONMENT_TOTAL_BYTES. */
size_t registry_environment_bytes(const struct registry *registry);

/* What s6-svscan was told is what it takes, whatever we were. Where it cannot be asked, our option counts. 0; or a negative
 * errno where something was only short for a moment, which is no word about it: the next start asks again. */
int registry_read_limits(struct registry *registry, unsigned services_max);

/* What is left where the slots are; where it cannot be read, plenty. As it is short or not, the ballast is
 * let go or taken. */
void registry_read_room(struct registry *registry, struct room *room);

bool registry_allows_static(const struct registry *registry, const char *name);

#endif
