#include "daemon/model/survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/edge/volume.h"
#include "proto/name.h"

#define PATH_BYTES (LIMIT_PROFILE_NAME_BYTES + 64)
#define VARIABLE_BYTES 256 /* of one variable, beside its name and value */

struct survey *survey_new(const char *const *names, size_t count)
{
        struct survey *survey = calloc(1, sizeof(*survey));

        if (!survey)
                return NULL;
        survey->all = !names;
        if (!names)
                return survey;
        survey->facts = calloc(count + 1, sizeof(*survey->facts));
        if (!survey->facts) {
                free(survey);
                return NULL;
        }
        survey->count = count;
        for (size_t i = 0; i < count; i++)
                snprintf(survey->facts[i].name, sizeof(survey->facts[i].name), "%s", names[i]);
        return survey;
}

void survey_free(struct survey *survey)
{
        for (size_t i = 0; i < survey->count; i++)
                intent_deinit(&survey->facts[i].intent);
        free(survey->facts);
        for (size_t i = 0; i < survey->invalid_count; i++)
                free(survey->invalid[i]);
        free(survey->invalid);
        for (size_t i = 0; i < survey->kept_count; i++)
                free(survey->kept[i]);
        free(survey->kept);
        free(survey->kept_gone);
        free(survey);
}

static void survey_path(const struct profile_facts *facts, const char *file, char path[2 * PATH_BYTES])
{
        char directory[PATH_BYTES];

        store_profile_path(facts->name, directory, sizeof(directory));
        snprintf(path, 2 * PATH_BYTES, "%s%s", directory, file);
}

/* Roughly what it takes in memory. */
static size_t intent_bytes(const struct intent *intent)
{
        size_t bytes = 0;

        if (!intent->environment)
                return 0;
        json_object_object_foreach(intent->environment, name, value)
        {
                bytes += strlen(name) + (size_t)json_object_get_string_len(value) + VARIABLE_BYTES;
        }
        return bytes;
}

/* The client makes as many profiles as it likes, each with as many variables as one may have. */
static void survey_intent(int volume, struct survey *survey, struct profile_facts *facts)
{
        char path[2 * PATH_BYTES];
        char *text = NULL;

        facts->intent_result = -ENOBUFS;
        if (survey->bytes >= LIMIT_SURVEY_BYTES)
                return;
        snprintf(path, sizeof(path), INTENT_DIRECTORY "/%s", facts->name);
        facts->intent_result = volume_read(volume, path, &text);
        if (facts->intent_result == 0)
                facts->intent_result = intent_read(text, &facts->intent);
        free(text);
        survey->bytes += intent_bytes(&facts->intent);
}

static void survey_prior(int volume, struct profile_facts *facts)
{
        char path[2 * PATH_BYTES];
        char *text = NULL;
        int result;

        survey_path(facts, "gateway_state.json", path);
        result = volume_read(volume, path, &text);
        prior_read(result == 0 ? text : result == -ENOENT ? NULL : "", &facts->prior);
        free(text);
}

static int compare_strings(const void *left, const void *right)
{
        return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static char **survey_keeps(const struct survey *survey, const char *name)
{
        if (!survey->kept_count)
                return NULL;
        return bsearch(&name, survey->kept, survey->kept_count, sizeof(*survey->kept), compare_strings);
}

bool survey_is_gone(const struct survey *survey, const char *profile)
{
        char **kept = survey_keeps(survey, profile);

        return kept && survey->kept_gone[kept - survey->kept];
}

/* A gateway that finds one of these thinks it is running already. */
static void survey_clean(int volume, const struct survey *survey, const struct profile_facts *facts)
{
        static const char *const stale[] = {"gateway.pid", "processes.json"};
        char path[2 * PATH_BYTES];

        if (!survey->clean || facts->locked || survey_keeps(survey, facts->name))
                return;
        /* Each may take long, and who is late may find that the gateway was started. */
        for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]) && !atomic_load(&survey->cancelled); i++) {
                survey_path(facts, stale[i], path);
                volume_remove(volume, path);
        }
}

static void survey_profile(int volume, struct survey *survey, struct profile_facts *facts)
{
        char path[2 * PATH_BYTES];
        bool is_default = !strcmp(facts->name, "default");

        snprintf(path, sizeof(path), ".svcbroker/lock/%s", facts->name);
        facts->locked = volume_is_locked(volume, path) > 0;
        survey_path(facts, "SOUL.md", path);
        facts->exists = is_default || volume_has(volume, path);
        if (!facts->exists)
                return;
        survey_intent(volume, survey, facts);
        survey_prior(volume, facts);
        survey_clean(volume, survey, facts);
}

static int survey_list(int volume, struct survey *survey)
{
        char **names = NULL;
        size_t count = 0;
        int result = volume_directories(volume, "profiles", SURVEY_PROFILES, &names, &count);

        if (result)
                return result;
        survey->facts = calloc(count + 1, sizeof(*survey->facts));
        survey->invalid = calloc(count + 1, sizeof(*survey->invalid));
        if (!survey->facts || !survey->invalid)
                result = -ENOMEM;
        else
                snprintf(survey->facts[survey->count++].name, sizeof(survey->facts[0].name), "default");
        for (size_t i = 0; result == 0 && i < count; i++) {
                if (name_check_profile(names[i]) != NAME_OK || !strcmp(names[i], "default")) {
                        survey->invalid[survey->invalid_count++] = names[i];
                        names[i] = NULL;
                } else {
                        snprintf(survey->facts[survey->count++].name, sizeof(survey->facts[0].name), "%s",
                                 names[i]);
                }
        }
        for (size_t i = 0; i < count; i++)
                free(names[i]);
        free(names);
        return result;
}

/* By itself: one that is a link is not listed, and of very many not all are. */
static void survey_kept(int volume, struct survey *survey)
{
        char path[2 * PATH_BYTES];

        for (size_t i = 0; i < survey->kept_count; i++) {
                snprintf(path, sizeof(path), "profiles/%s", survey->kept[i]);
                survey->kept_gone[i] = strcmp(survey->kept[i], "default") && volume_look(volume, path) == 0;
        }
}

static void survey_work(struct deputy_job *job)
{
        struct survey *survey = (struct survey *)job;
        int volume = volume_open(survey->store->home);

        survey->result = volume < 0 ? volume : survey->all ? survey_list(volume, survey) : 0;
        if (volume < 0)
                return;
        survey->is_marked = volume_has(volume, ".svcbroker");
        for (size_t i = 0; survey->result == 0 && i < survey->count; i++)
                survey_profile(volume, survey, &survey->facts[i]);
        survey_kept(volume, survey);
        close(volume);
}

static void survey_done(struct deputy_job *job, bool late)
{
        struct survey *survey = (struct survey *)job;

        survey->late = late;
        survey->told = true;
        atomic_store(&survey->cancelled, late);
        survey->done(survey);
        if (!late)
                survey_free(survey);
}

static void survey_drop(struct deputy_job *job)
{
        struct survey *survey = (struct survey *)job;

        if (!survey->told) { /* the broker ends */
                survey->late = true;
                survey->done(survey);
        }
        survey_free(survey);
}

void survey_run(struct store *store, struct survey *survey)
{
        survey->store = store;
        survey->job = (struct deputy_job){
                .work = survey_work, .done = survey_done, .drop = survey_drop, .timeout_msec = SURVEY_MSEC};
        if (!deputy_is_stuck(&store->deputy)) {
                deputy_run(&store->deputy, &survey->job);
                return;
        }
        survey->late = true;
        survey->done(survey);
        survey_free(survey);
}
