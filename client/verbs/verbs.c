/* SPDX-License-Identifier: ISC */
#include "client/verbs/verbs.h"

#include <string.h>

extern const struct verb verb_start, verb_stop, verb_restart, verb_status, verb_list, verb_top, verb_why,
        verb_watch, verb_logs, verb_reset, verb_register, verb_unregister, verb_reconcile, verb_health,
        verb_doctor, verb_metrics, verb_call, verb_introspect, verb_history, verb_kill, verb_wait,
        verb_export, verb_import;

const struct verb *const verbs[] = {
        &verb_start,  &verb_stop,     &verb_restart,    &verb_kill,      &verb_wait,       &verb_status,
        &verb_list,   &verb_top,      &verb_why,        &verb_history,   &verb_watch,      &verb_logs,
        &verb_reset,  &verb_register, &verb_unregister, &verb_reconcile, &verb_export,     &verb_import,
        &verb_health, &verb_doctor,   &verb_metrics,    &verb_call,      &verb_introspect, NULL,
};

const struct verb *verbs_find(const char *name)
{
        for (size_t i = 0; verbs[i]; i++) {
                if (strcmp(verbs[i]->name, name) == 0)
                        return verbs[i];
        }
        return NULL;
}
