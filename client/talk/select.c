/* SPDX-License-Identifier: ISC */
#include "client/talk/select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/state.h"
#include "client/talk/options.h"
#include "client/talk/session.h"
#include "client/text/document.h"
#include "proto/name.h"

bool select_is_pattern(const char *word)
{
        return strpbrk(word, "*?[") != NULL;
}

bool select_is_asked(const struct options *options)
{
        bool patterns = false;

        for (size_t i = 0; i < options->words_count; i++)
                patterns = patterns || select_is_pattern(options->words[i]);
        return options->states || options->wanted || (patterns && options->patterns);
}

/* A selection in progress. What the words mean does not depend on the order of the services. */
struct selection {
        const struct options *options;
        struct json_object *all;
        bool *matched; /* by word: it means a service; NULL: not to be noted */
};

static bool has_service(struct json_object *services, const char *name)
{
        for (size_t i = 0; i < json_object_array_length(services); i++)
                if (member_is(json_object_array_get_idx(services, i), "name", name))
                        return true;
        return false;
}

static bool word_means(const struct selection *selection, const char *word, struct json_object *service)
{
        const char *name = member_string(service, "name"), *profile = member_string(service, "profile");
        bool exact = !selection->options->profile;

        if (select_is_pattern(word) && selection->options->orders && !profile)
                return false;
        if (select_is_pattern(word))
                return (profile && fnmatch(word, profile, 0) == 0) || (exact && fnmatch(word, name, 0) == 0);
        if (exact && strcmp(word, name) == 0)
                return true;
        return profile && strcmp(word, profile) == 0 && !(exact && has_service(selection->all, word));
}

static bool passes(const struct options *options, struct json_object *service)
{
        if (options->states && !(options->states & 1u << state_of(service)->kind))
                return false;
        return !options->wanted || member_is(service, "want", options->wanted);
}

/* Whether a service is meant. Every word that means the service counts as matched, even if a filter leaves it
 * out. */
static bool is_meant(struct selection *selection, struct json_object *service)
{
        const struct options *options = selection->options;
        bool meant = options->words_count == 0 && (!options->orders || member_string(service, "profile"));

        for (size_t i = 0; i < options->words_count; i++)
                if (word_means(selection, options->words[i], service)) {
                        meant = true;
                        if (selection->matched)
                                selection->matched[i] = true;
                }
        return meant && passes(options, service);
}

static struct json_object *collect(struct selection *selection)
{
        struct json_object *found = json_object_new_array();

        for (size_t i = 0; i < json_object_array_length(selection->all); i++) {
                struct json_object *service = json_object_array_get_idx(selection->all, i);

                if (member_string(service, "name") && is_meant(selection, service))
                        json_object_array_add(found, json_object_get(service));
        }
        return found;
}

static enum outcome tell_absent(const struct selection *selection)
{
        enum outcome outcome = OUTCOME_DONE;

        for (size_t i = 0; i < selection->options->words_count; i++) {
                if (selection->matched[i])
                        continue;
                failure_print(selection->options->words[i],
                              select_is_pattern(selection->options->words[i])
                                      ? "no service or profile matches that"
                                      : "no service or profile is called that",
                              "'svcctl list' shows what there is");
                outcome = OUTCOME_NOT_REGISTERED;
        }
        return outcome;
}

static enum outcome refuse_nothing(const struct options *options, enum outcome outcome)
{
        if (options->json)
                document_write_error("unmatched", NULL);
        if (outcome == OUTCOME_DONE)
                failure_print(options->subject, "nothing matches", "'svcctl list' shows what there is");
        return OUTCOME_NOT_REGISTERED;
}

enum outcome select_services(struct session *session, struct json_object **services)
{
        const struct options *options = session->options;
        struct selection selection = {.options = options};
        struct answer answer;
        enum outcome outcome = session_gather(session, "List", NULL, "services", "list", &answer);

        *services = NULL;
        if (outcome != OUTCOME_DONE)
                return outcome;
        selection.all = member_array(answer.parameters, "services");
        selection.matched = calloc(options->words_count + 1, sizeof(*selection.matched));
        if (selection.all && selection.matched) {
                *services = collect(&selection);
                outcome = tell_absent(&selection);
        } else {
                failure_memory();
                outcome = OUTCOME_FAILED;
        }
        free(selection.matched);
        answer_deinit(&answer);
        if (!*services || json_object_array_length(*services) > 0)
                return outcome;
        json_object_put(*services);
        *services = NULL;
        return refuse_nothing(options, outcome);
}

bool select_takes(const struct options *options, struct json_object *all, struct json_object *service)
{
        struct selection selection = {.options = options, .all = all};

        return is_meant(&selection, service);
}

enum outcome select_names(struct session *session, struct json_object **names)
{
        struct json_object *services;
        enum outcome outcome = select_services(session, &services);

        *names = services ? json_object_new_array() : NULL;
        for (size_t i = 0; services && i < json_object_array_length(services); i++)
                json_object_array_add(*names, json_object_get(json_object_object_get(
                                                      json_object_array_get_idx(services, i), "name")));
        json_object_put(services);
        return outcome;
}
