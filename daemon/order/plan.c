/* SPDX-License-Identifier: ISC */
#include "daemon/order/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/service/home.h"
#include "daemon/order/profiles_gone.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"
#include "proto/sysname.h"
#include "proto/utf8.h"

struct reconcile_action *plan_action(const struct plan *plan, const struct planned *planned)
{
        return &plan->actions[planned - plan->planned];
}

static struct planned *plan_add(struct plan *plan, const char *profile, enum reconcile_what what)
{
        struct planned *planned = &plan->planned[plan->count];
        struct reconcile_action *action = &plan->actions[plan->count];

        plan->count++;
        action->what = what;
        snprintf(action->profile, sizeof(action->profile), "%s", profile);
        return planned;
}

__attribute__((format(printf, 3, 4))) static void plan_hold(struct planned *planned, enum cause cause,
                                                            const char *format, ...)
{
        va_list arguments;

        planned->record.want_up = true;
        planned->record.brake.hold = HOLD_HELD;
        planned->record.cause = cause;
        va_start(arguments, format);
        if (vsnprintf(planned->record.reason, sizeof(planned->record.reason), format, arguments) >=
            (int)sizeof(planned->record.reason))
                utf8_end(planned->record.reason);
        va_end(arguments);
}

/* The slot of the last container, on a /run that outlived it, knows what the volume could not be told. */
static bool plan_from_dead_slot(const struct registry *registry, const char *profile, bool any,
                                struct planned *planned)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct record record;
        char *text = NULL;
        bool found;

        if (!registry->has_dead) /* else a slot would be looked for, for each of very many profiles */
                return false;
        name_service_of(profile, name, sizeof(name));
        found = slot_read_state(&registry->slots, name, &text) == 0 && record_read(text, &record) == 0 &&
                !record.removing && (any || record.unpersisted);
        free(text);
        if (!found || slot_read_environment(&registry->slots, name, &planned->environment))
                return false;
        planned->record.want_up = record.want_up;
        planned->record.unpersisted = record.unpersisted;
        return true;
}

/* docs/contract.md, Boot: the broker's own record, else what the application noted, else nothing is known. */
static void plan_from_volume(const struct registry *registry, const struct profile_facts *facts,
                             struct planned *planned)
{
        bool is_default = strcmp(facts->name, "default") == 0;
        int result = owed_has(registry, facts->name) ? -ENOENT : facts->intent_result;

        if (result == 0) {
                planned->record.want_up = facts->intent.want_up;
                planned->environment = json_object_get(facts->intent.environment);
        } else if (result == -EPROTONOSUPPORT) {
                plan_hold(planned, CAUSE_NEWER,
                          "its record was written by a newer svcbrokerd (.svcbroker/intent/%.40s): run that "
                          "one, or remove the record",
                          facts->name);
                log_event("reconcile: its record was written by a newer svcbrokerd: service=" GATEWAY_PREFIX
                          "%s",
                          facts->name);
        } else if (result != -ENOENT) {
                plan_hold(planned, CAUSE_UNREADABLE,
                          "its record cannot be read (.svcbroker/intent/%.64s: %s); start it to run it",
                          facts->name, sysname_error(-result));
        } else if (facts->prior.known) {
                planned->record.want_up = facts->prior.want_up;
                planned->record.unpersisted = true;
        } else if (is_default && registry->boot_policy.bootstrap) {
                planned->record.want_up = planned->record.unpersisted = true;
        }
}

/* What is wanted of the gateway is known by now; may it run here? */
static void plan_brake(const struct registry *registry, const char *profile, bool locked,
                       struct planned *planned)
{
        struct record *record = &planned->record;

        if (record->want_up && record->brake.hold == HOLD_NONE)
                multiplex_hold(registry, profile, record);
        if (record->want_up && record->brake.hold == HOLD_NONE && locked)
                restart_hold_elsewhere(registry, record);
        if (record->want_up && record->brake.hold == HOLD_NONE)
                record->pending = PENDING_ORDER;
}

static void plan_label(struct plan *plan, struct planned *planned)
{
        struct reconcile_action *action = plan_action(plan, planned);
        const struct record *record = &planned->record;

        if (action->what == RECONCILE_KEPT)
                return;
        action->what = record->brake.hold != HOLD_NONE ? RECONCILE_HELD
                       : record->want_up               ? RECONCILE_STARTED
                                                       : RECONCILE_REGISTERED;
        snprintf(action->message, sizeof(action->message), "%s", record->reason);
        action->why = record->brake.hold == HOLD_HELD && record->cause == CAUSE_NEWER ? "newer_record" : NULL;
        if (action->what == RECONCILE_HELD)
                action->cause = record->cause;
}

/* The profile's directory was another one's before, whose gateway is held: what was wanted of the old gateway
 * is wanted of the new one, unless that has a record of its own. */
static void plan_from_renamed(const struct registry *registry, const struct service *old,
                              const struct profile_facts *facts, struct planned *planned)
{
        if (facts->intent_result != -ENOENT)
                return;
        planned->record.want_up = old->record.want_up;
        planned->record.unpersisted = true;
        if (slot_read_environment(&registry->slots, old->name, &planned->environment))
                planned->environment = NULL;
        log_event("reconcile: the profile was renamed: service=" GATEWAY_PREFIX "%s before=%s", facts->name,
                  old->name);
}

/* True: the gateway under the old name still runs, and is told to end first. */
static bool plan_ends_old(struct plan *plan, struct service *old, const struct profile_facts *facts,
                          bool dry_run)
{
        struct planned *planned;

        if (!service_is_alive(old))
                return false;
        planned = plan_add(plan, facts->name, RECONCILE_SKIPPED);
        snprintf(plan_action(plan, planned)->message, sizeof(plan->actions[0].message),
                 "it was renamed, and its gateway under the old name, %.60s, has not ended yet",
                 old->profile);
        if (!dry_run)
                home_end(old);
        return true;
}

static void plan_skip(struct plan *plan, const char *profile, const char *message, const char *why)
{
        struct planned *planned = plan_add(plan, profile, RECONCILE_SKIPPED);
        struct reconcile_action *action = plan_action(plan, planned);

        snprintf(action->message, sizeof(action->message), "%s", message);
        action->why = why;
}

static void plan_profile(struct plan *plan, struct registry *registry, const struct profiles_gone *gone,
                         const struct survey *survey, const struct profile_facts *facts, bool dry_run)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        const struct service *service;
        struct service *old;
        struct planned *planned;

        name_service_of(facts->name, name, sizeof(name));
        service = registry_find(registry, name);
        if (!service && forgotten_since(&registry->forgotten, facts->name, survey->forgotten)) {
                plan_skip(plan, facts->name, RECONCILE_FORGOTTEN, NULL);
                return;
        }
        old = service ? NULL : profiles_renamed_from(gone, facts);
        if (old && plan_ends_old(plan, old, facts, dry_run))
                return;
        planned = plan_add(plan, facts->name, service ? RECONCILE_KEPT : RECONCILE_REGISTERED);
        plan_action(plan, planned)->prior_exit = facts->prior_exit;
        planned->record.home = facts->home;
        snprintf(plan_action(plan, planned)->prior, PRIOR_STATE_BYTES, "%s", facts->prior.state);
        planned->adjust = service && record_is_blind(&service->record);
        if (service && !planned->adjust)
                return;
        if (service || !plan_from_dead_slot(registry, facts->name, false, planned))
                plan_from_volume(registry, facts, planned);
        if (old)
                plan_from_renamed(registry, old, facts, planned);
        plan_brake(registry, facts->name, facts->locked, planned);
        plan_label(plan, planned);
}

/* found: what a slot of the last container says, or nothing for `default`, which gets a slot in any case. */
static void plan_register_blindly(struct plan *plan, const struct registry *registry, const char *profile,
                                  const struct planned *found)
{
        struct planned *planned = plan_add(plan, profile, RECONCILE_REGISTERED);

        planned->record = found->record;
        planned->environment = found->environment;
        if (!planned->record.unpersisted) /* else the old slot knows better than the volume */
                planned->record.blind = BLIND_TO_ALL;
        plan_brake(registry, profile, false, planned);
        plan_label(plan, planned);
}

/* Plans for a profile whose directory does not answer. */
static void plan_blindly(struct plan *plan, const struct registry *registry, const char *profile)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct planned found = {.adjust = false};
        struct planned *planned;

        name_service_of(profile, name, sizeof(name));
        if (registry_find(registry, name)) {
                plan_add(plan, profile, RECONCILE_KEPT);
        } else if (plan_from_dead_slot(registry, profile, true, &found) || strcmp(profile, "default") == 0) {
                plan_register_blindly(plan, registry, profile, &found);
        } else {
                planned = plan_add(plan, profile, RECONCILE_SKIPPED);
                snprintf(plan_action(plan, planned)->message, sizeof(plan->actions[0].message),
                         "its directory on the volume does not answer");
        }
}

static void plan_default_blindly(struct plan *plan, const struct registry *registry)
{
        if (!registry_find(registry, GATEWAY_PREFIX "default"))
                plan_blindly(plan, registry, "default");
}

static void plan_invalid(struct plan *plan, const char *directory)
{
        struct planned *planned = plan_add(plan, directory, RECONCILE_SKIPPED);
        bool is_default = strcmp(directory, "default") == 0;

        snprintf(plan_action(plan, planned)->message, sizeof(plan->actions[0].message), "%s",
                 is_default ? "profiles/default is no profile: the default profile is the volume itself"
                            : "its name cannot be a profile's: that has lower-case letters, digits, _ and - "
                              "only");
}

/* Somebody ordered something of a profile that is not there now, which may be what nobody wanted. One with a
 * slot is there for all to see. */
static void plan_lost(struct plan *plan, const struct registry *registry, const char *profile)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        if (registry_find(registry, name))
                return;
        log_event("reconcile: recorded and not found: service=%s", name);
        plan_skip(plan, profile, "an order for it is recorded, but there is no such profile (no SOUL.md)",
                  "no_profile");
}

static void plan_absent(struct plan *plan, const struct registry *registry, const struct profile_facts *facts)
{
        if (facts->deleted) {
                log_event("reconcile: deleted by the application: service=" GATEWAY_PREFIX "%s", facts->name);
                plan_skip(plan, facts->name, SURVEY_DELETED, "deleted");
        } else if (facts->link) {
                log_event("reconcile: a link is not followed: why=%s service=" GATEWAY_PREFIX "%s",
                          sysname_error(-facts->link), facts->name);
                plan_skip(plan, facts->name, survey_link_text(facts->link), "link");
        } else if (facts->recorded) {
                plan_lost(plan, registry, facts->name);
        }
}

/* There are more directories than are looked at: which of the rest are profiles is not known. */
static void plan_more(struct plan *plan)
{
        struct planned *planned = plan_add(plan, "profiles/", RECONCILE_SKIPPED);

        snprintf(plan_action(plan, planned)->message, sizeof(plan->actions[0].message),
                 "it has more than %d directories: the rest are ignored", SURVEY_PROFILES);
        log_event("reconcile: too many directories: name=profiles/ most=%d", SURVEY_PROFILES);
}

/* Is the gateway down, and not about to start, or to start again? */
static bool is_at_rest(const struct service *service)
{
        enum service_state state = service_state(service);

        if (service->record.gone && service->own.supervised && !service->own.status.pid &&
            !service->own.status.finishing)
                return true; /* its next step holds it */
        return state == STATE_DOWN || state == STATE_FAILED || state == STATE_HELD;
}

/* What is down, and has no directory any more, goes. A volume that the broker never wrote to may be none. */
static void plan_removals(struct plan *plan, const struct registry *registry, const struct survey *survey)
{
        for (size_t i = 0; survey->is_marked && i < registry->count; i++) {
                const struct service *service = registry->services[i];
                struct planned *planned;

                if (!service->profile || strcmp(service->profile, "default") == 0 ||
                    service->operation != OPERATION_NONE || !is_at_rest(service) ||
                    !survey_is_gone(survey, service->profile))
                        continue;
                planned = plan_add(plan, service->profile, RECONCILE_REMOVED);
                snprintf(plan_action(plan, planned)->message, sizeof(plan->actions[0].message),
                         "its directory is gone");
        }
}

int plan_make(struct plan *plan, struct registry *registry, const struct survey *survey,
              const struct reconcile_request *request)
{
        bool quiet = request->watch;
        struct profiles_gone gone = {0};

        size_t most = 2 + registry->count +
                      (survey ? survey->count + survey->invalid_count + survey->lost_count : 0);

        plan->planned = calloc(most, sizeof(*plan->planned));
        plan->actions = calloc(most, sizeof(*plan->actions));
        if (!plan->planned || !plan->actions || profiles_list_gone(registry, &gone)) {
                plan_deinit(plan);
                return -ENOMEM;
        }
        if (!survey)
                plan_default_blindly(plan, registry);
        for (size_t i = 0; survey && i < survey->count; i++)
                if ((quiet || request->boot) && home_stays_away(registry, &survey->facts[i]))
                        continue; /* a boot that tries again does not bring back what was taken away */
                else if (survey->facts[i].hung)
                        plan_blindly(plan, registry, survey->facts[i].name);
                else if (survey->facts[i].exists)
                        plan_profile(plan, registry, &gone, survey, &survey->facts[i], request->dry_run);
                else if (!quiet)
                        plan_absent(plan, registry, &survey->facts[i]);
        profiles_free_gone(&gone);
        if (quiet) /* the boot has told what has no gateway, and why */
                return 0;
        for (size_t i = 0; survey && i < survey->lost_count; i++)
                plan_lost(plan, registry, survey->lost[i]);
        for (size_t i = 0; survey && i < survey->invalid_count; i++)
                plan_invalid(plan, survey->invalid[i]);
        if (survey && survey->invalid_count) /* the answer has all their names */
                log_event("reconcile: skipped: names=%u name=%s", (unsigned)survey->invalid_count,
                          survey->invalid[0]);
        if (survey && survey->more)
                plan_more(plan);
        if (survey && !request->boot)
                plan_removals(plan, registry, survey);
        return 0;
}

void plan_deinit(struct plan *plan)
{
        for (size_t i = 0; plan->planned && i < plan->count; i++)
                json_object_put(plan->planned[i].environment);
        free(plan->planned);
        free(plan->actions);
        *plan = (struct plan){.count = 0};
}

static void adjust_want(struct record *record, const struct record *planned)
{
        record->want_up = planned->want_up;
        record->pending = planned->pending;
        record->brake.hold = planned->brake.hold;
        record->cause = planned->cause;
        record->brake.next_start_usec = planned->brake.next_start_usec;
        snprintf(record->reason, sizeof(record->reason), "%s", planned->reason);
}

void plan_adjust(struct registry *registry, const char *profile, const struct planned *planned)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;
        struct record *record;
        bool all, want, changed;

        name_service_of(profile, name, sizeof(name));
        service = registry_find(registry, name);
        if (!service || !record_is_blind(&service->record) || service->operation != OPERATION_NONE)
                return;
        record = &service->record;
        want = record_is_blind_to_want(record);
        all = record->blind == BLIND_TO_ALL;
        if (want)
                adjust_want(record, &planned->record);
        if (record_is_blind_to_environment(record) && planned->environment &&
            slot_set_environment(&registry->slots, name, planned->environment, &changed) == 0)
                service->environment_bytes = environment_weight(planned->environment);
        /* What a client said of want or variables is written with what the volume said of the other. */
        record->unpersisted = !all || planned->record.unpersisted;
        record->blind = BLIND_TO_NOTHING;
        service_save(service);
        if (want && record->pending)
                stagger_start(service);
        service_wake(service);
}
