#ifndef CLIENT_VERBS_VERBS_H
#define CLIENT_VERBS_VERBS_H

#include "client/talk/failure.h"

struct session;

/* What svcctl does for each verb. The session is open; its options say the rest. */

enum outcome verb_order(struct session *session); /* start, stop, restart */
enum outcome verb_reset(struct session *session);
enum outcome verb_status(struct session *session);
enum outcome verb_list(struct session *session);
enum outcome verb_why(struct session *session);
enum outcome verb_list_names(struct session *session); /* list --names */
enum outcome verb_register(struct session *session);
enum outcome verb_unregister(struct session *session);
enum outcome verb_watch(struct session *session);
enum outcome verb_top(struct session *session); /* and status --watch */
enum outcome verb_health(struct session *session);
enum outcome verb_reconcile(struct session *session);
enum outcome verb_doctor(struct session *session);
enum outcome verb_call(struct session *session);
enum outcome verb_introspect(struct session *session);
enum outcome verb_logs(struct session *session);

#endif
