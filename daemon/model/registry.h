#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/edge/deputy.h"
#include "daemon/edge/scandir.h"
#include "daemon/edge/slot.h"
#include "daemon/edge/watch.h"
#include "daemon/model/policy.h"
#include "daemon/model/publication.h"
#include "daemon/model/service.h"

/* Which call an answer belongs to: never a pointer, so that a peer may go away. */
struct ticket {
        uint64_t peer;
        uint64_t call;
};

/* What goes up. Set by the session. */
struct registry_events {
        void (*changed)(void *owner, struct service *service);
        /* It is about to be freed; its last state can still be told. */
        void (*gone)(void *owner, struct service *service);
        /* One outcome of an order; fault NULL: as ordered. service NULL where there is none. */
        void (*outcome)(void *owner, struct ticket ticket, const char *name, struct service *service,
                        const struct fault *fault, bool last);
        void (*registered)(void *owner, struct ticket ticket, const char *profile, struct service *service,
                           const struct fault *fault, bool created, bool changed);
        void (*unregistered)(void *owner, struct ticket ticket, const char *profile, struct service *service,
                             const struct fault *fault);
        void *owner;
};

struct registry {
        uv_loop_t *loop;
        struct scandir scandir;
        struct slots slots;
        struct watch watch;
        struct deputy deputy;
        struct policy policy;
        int64_t settle_msec;               /* a gateway alive for this long is up */
        unsigned services_max;             /* s6-svscan's, loggers included */
        const char *const *allowed_static; /* names that clients may control; NULL-terminated */
        char boot[RECORD_BOOT_BYTES];
        struct registry_events events;

        struct service **services; /* by name */
        size_t count;
        size_t capacity;
        uint64_t revision;
        struct order *orders; /* that wait */
        struct publication publication;
        bool stopping; /* nothing is ordered or written any more */
};

/* scandir and slots must be open. 0 or a negative errno. */
int registry_init(struct registry *registry, uv_loop_t *loop);

/* Forgets everything, touching nothing outside the process. */
void registry_deinit(struct registry *registry);

struct service *registry_find(const struct registry *registry, const char *name);

/* A new entry, nothing seen of it yet. NULL: out of memory. profile: whether it is a gateway. */
struct service *registry_add(struct registry *registry, const char *name, bool gateway);

/* Calls events.gone, ends its waits, frees it. */
void registry_forget(struct registry *registry, struct service *service);

/* Arms the watches of its supervise directories. 0 or a negative errno. */
int registry_watch(struct registry *registry, struct service *service);

/* The symlink in the scan directory to the slot of that name; another one is -EEXIST. 0 or a negative errno.
 */
int registry_link(const struct registry *registry, const char *name);
int registry_unlink(const struct registry *registry, const char *name);
bool registry_is_linked(const struct registry *registry, const char *name);

/* Supervisors that s6-svscan has or will have, loggers included. */
unsigned registry_supervisors(const struct registry *registry);

/* Reads the scan directory and the slots: what is there is adopted, what is half there is finished or
 * removed. */
int registry_adopt(struct registry *registry);

/* The static services of the scan directory came or went. */
void registry_scan_static(struct registry *registry);

bool registry_allows_static(const struct registry *registry, const char *name);

#endif
