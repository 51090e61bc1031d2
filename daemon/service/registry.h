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
#include "daemon/service/forgotten.h"
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

/* Structs of the room above, which the world holds: order/world.h. */
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
        struct service *service;     /* NULL: there is none of that name */
        const struct fault *fault;   /* NULL: as ordered */
        bool persisted;              /* the volume has what is wanted, or nothing wanted changed */
        const char *persist_problem; /* why it is not persisted; NULL where nothing was to be written */
        bool last;                   /* the last outcome of this order */
};

/* What became of a register. */
struct registered {
        bool created;
        bool changed;
        int persist_error; /* errno: why the volume does not have the intent; 0: it has */
};

/* Callbacks to the session, which sets them. */
struct registry_events {
        void (*changed)(void *owner, struct service *service);
        /* The service, which was shown before, is about to be freed; its last state can still be told. */
        void (*gone)(void *owner, struct service *service);
        void (*outcome)(void *owner, struct ticket ticket, const struct outcome *outcome);
        /* Does the peer take another outcome of that call now? false: order_go_on() comes when it does. */
        bool (*takes)(void *owner, struct ticket ticket);
        void (*registered)(void *owner, struct ticket ticket, const char *profile, struct service *service,
                           const struct fault *fault, const struct registered *registered);
        /* persist_error: as in struct registered. */
        void (*unregistered)(void *owner, struct ticket ticket, const char *profile, struct service *service,
                             const struct fault *fault, int persist_error);
        /* Sets *by to who makes that call; left untouched where that is not known. */
        void (*caller)(void *owner, struct ticket ticket, struct event_by *by);
        /* The history has one more event. Called from within steps of the model: it may only wake things. */
        void (*happened)(void *owner);
        void *owner;
};

/* Callbacks to the rooms of the model above, which look on a later turn of the loop. Set by the world. */
struct registry_above {
        void *owner;
        /* An entry of the scan directory came, went, or was replaced; `slot` says the same of an entry of the
         * services directory for which there is no service. name NULL: any entry may have. */
        void (*entry)(void *owner, const char *name);
        void (*slot)(void *owner, const char *name);
        /* A gateway that has a slot has no supervisor: s6-svscan may not have seen the slot come back. */
        void (*alone)(void *owner);
        /* A round of polling (poll.h) has ended. */
        void (*round)(void *owner);
        /* A run of a gateway whose profile's directory is gone has ended. */
        void (*left)(void *owner);
        /* A profile is unregistered, whether it has a slot or not: none is to be made for it any longer. */
        void (*forgotten)(void *owner, const char *profile);
};

/* What a container is started with. */
struct boot_policy {
        bool no_gateways; /* a dashboard's container: there is no reconcile at boot */
        bool bootstrap;   /* `default` starts where no intent is known for it */
};

/* Lanes of the deputy for processes. */
enum {
        PROCESS_LANE_SIGNALS, /* edge/control.h */
        PROCESS_LANE_SWEEPS,  /* looks for what a killed s6-supervise left: each may take a second */
};

/* What the volume told of its profiles at the boot, or when the boot looked again. */
enum volume_told {
        VOLUME_TOLD_ALL,
        VOLUME_TOLD_SOME, /* the boot has not finished, or some profiles' directories did not answer */
        VOLUME_TOLD_NONE, /* the volume did not answer */
};

struct registry {
        uv_loop_t *loop;
        struct scandir scandir;
        struct slots slots;
        int lock_fd;            /* its lock keeps every other broker from managing the slots */
        struct ballast ballast; /* on the file system of the slots */
        struct watch watch;
        struct deputy deputy; /* for processes, with the lanes above; the volume has one of its own */
        struct store store;
        struct history history;
        struct backoff backoff;
        bool stands_in; /* s6-supervise cannot signal gateways: the deputy does */
        struct control_place slots_place, scandir_place; /* where gateways are, and static services */
        int64_t settle_msec;                             /* a gateway alive for this long is up */
        struct patience patience;                        /* bounds of what is on the way */
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
        uint64_t changes;   /* counts the services that came, that went, and whose view changed */
        int64_t moved_msec; /* by clock_msec(): when s6-svscan was last given, or seen to do, something */
        struct ready_queue ready;
        struct order *orders;
        size_t names_under_way; /* of those that are not root's */
        uint64_t order_number;  /* of the last order */
        struct publication *publication;
        struct stagger stagger;
        uint64_t serial; /* of the last change that persist.h was told of */
        struct timer persist_again;
        struct owed owed;
        struct forgotten forgotten;
        struct boot_policy boot_policy;
        struct reconciles *reconciles;
        struct boot *boot_state;
        struct poll poll;
        struct halt_round halts;
        struct locks_look locks;
        int64_t oom_kills;      /* as edge/oom.h counted them at the last look; -1: not known */
        int64_t oom_since_usec; /* when that look was; 0: never */
        int scandir_wd;         /* -1: the scan directory is not watched */
        int slots_wd;           /* the same of the services directory */
        bool scan_whole;        /* something of the scan directory is not known yet */
        bool has_dead;          /* there are slots of the last container, which are not adopted */
        struct entries dead;    /* names that may be such slots, while these are removed */
        size_t dead_removed;    /* how many of these names are done */
        bool fresh_boot;        /* no broker has reconciled in this life of the container */
        bool boot_logged;       /* container-boot.log has the lines of this boot */
        enum volume_told volume_told;
        bool profiles_more;   /* the volume has more directories of profiles than are looked at */
        bool multiplex;       /* the default gateway serves every profile: multiplex.h */
        bool multiplex_taken; /* config.yaml has said whether it does */
        enum multiplex_from multiplex_from;
        struct profiles *profiles;
        struct homes homes;
        bool stopping; /* the broker ends: nothing is ordered or written any more */
};

/* Begins a registry whose scandir and slots are open. 0 or a negative errno. For the rest: order/world.h. */
int registry_init(struct registry *registry, uv_loop_t *loop);

/* Forgets all services, touching nothing outside the process. */
void registry_deinit(struct registry *registry);

struct service *registry_find(const struct registry *registry, const char *name);

/* The place in `services` of the first whose name sorts after `name`, which need not be there;
 * registry->count: none does. */
size_t registry_behind(const struct registry *registry, const char *name);

/* Adds a service that has nothing but its name; service_new() begins with this. NULL: out of memory. */
struct service *registry_add(struct registry *registry, const char *name);

/* Ends the service's waits (Superseded), calls events.gone if it was ever shown, and frees it. Never called
 * within a step of that service, except by the step of its operation, which has let go of it. */
void registry_forget(struct registry *registry, struct service *service);

/* Reads what inotify has to tell before any time is judged, since timers come first after a long turn of the
 * loop. Each change is noted, and the services that it concerns are woken. */
void registry_catch_up(struct registry *registry);

/* Make and remove the symlink in the scan directory to the slot of that name; something else of that name is
 * -EEXIST. 0 or a negative errno. */
int registry_link(const struct registry *registry, const char *name);
int registry_unlink(const struct registry *registry, const char *name);
/* Does something else than our symlink have that name in the scan directory? */
bool registry_is_taken(const struct registry *registry, const char *name);
/* Is our symlink there? 1: yes, 0: no, or a negative errno: that could not be seen. */
int registry_is_linked(const struct registry *registry, const char *name);

/* How many supervisors s6-svscan has or will have, loggers included. */
unsigned registry_supervisors(const struct registry *registry);

/* How many more gateways s6-svscan takes. */
unsigned registry_room(const struct registry *registry);
/* Are s6-svscan's descriptors what bounds registry_room()? */
bool registry_lacks_descriptors(const struct registry *registry);

/* The bytes of all gateways' variables, names and values, as they count for LIMIT_ENVIRONMENT_TOTAL_BYTES. */
size_t registry_environment_bytes(const struct registry *registry);

/* Reads how many services s6-svscan takes. The lesser of that and our own option (services_max) counts; where
 * s6-svscan cannot be asked, the option. 0; or a negative errno where something was only short for a moment,
 * which says nothing about s6-svscan: the next start asks again. */
int registry_read_limits(struct registry *registry, unsigned services_max);

/* Sets *room to what the slots' file system has left; where that cannot be read, plenty. The ballast is let
 * go when room is short, and taken again when it is no longer low. */
void registry_read_room(struct registry *registry, struct room *room);

bool registry_allows_static(const struct registry *registry, const char *name);

#endif
