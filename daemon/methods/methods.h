#ifndef METHODS_METHODS_H
#define METHODS_METHODS_H

#include "daemon/session/peer.h"
#include "proto/call.h"

/* One function a method. Each answers the peer's running call, at once or through the registry's events. */
typedef void method_function(struct peer *peer, const struct call *call);

/* about.c: org.varlink.service */
method_function method_get_info;
method_function method_get_interface_description;

/* queries.c */
method_function method_list;
method_function method_status;
method_function method_watch;
method_function method_health;

/* diagnose.c */
method_function method_diagnose;

/* How many names there is something to be done for: what the uid is charged. */
typedef size_t weigh_function(const struct peer *peer, const struct call *call);

/* orders.c */
weigh_function weigh_start;
weigh_function weigh_stop;
weigh_function weigh_restart;
weigh_function weigh_reset;
method_function method_start;
method_function method_stop;
method_function method_restart;
method_function method_reset;

/* slots.c */
method_function method_register;
method_function method_unregister;

/* reconcile.c */
method_function method_reconcile;

/* The answers that come later, as registry_events wants them; owner is the server. */
void methods_on_outcome(void *owner, struct ticket ticket, const struct outcome *outcome);
bool methods_take_outcome(void *owner, struct ticket ticket);
void methods_on_registered(void *owner, struct ticket ticket, const char *profile, struct service *service,
                           const struct fault *fault, const struct registered *registered);
void methods_on_unregistered(void *owner, struct ticket ticket, const char *profile, struct service *service,
                             const struct fault *fault, int persist_error);

/* timeout_msec of a call: absent is `absent_msec`. False: out of range, and answered so. */
bool methods_timeout(struct peer *peer, long long value, bool present, int64_t absent_msec,
                     int64_t *timeout_msec);

#endif
