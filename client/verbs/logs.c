/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/log/home.h"
#include "client/log/logdir.h"
#include "client/log/logfollow.h"
#include "client/log/logreader.h"
#include "client/say/member.h"
#include "client/talk/names.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/verbs/verb.h"
#include "proto/sysname.h"

/* So many lines are shown when nobody says how many. */
#define LINES_SHOWN 50
#define LINES_BEFORE_FOLLOWING 10

/* Said of lines that are not current, where they end, or before what is followed. */
#define OLDER "the lines in its directory are older; see the container's log, and 'svcctl why'"

/* The broker's own, where its logger can make it. */
#define BROKER "svcbrokerd"
#define BROKER_LOG "/var/log/svcbrokerd"

/* Which of the lines are shown, and how. */
struct view {
        const char *name;
        bool json;
        bool begun; /* the time of --since is reached */
        int64_t since_usec;
        uint64_t skip;    /* of those from then on */
        uint64_t *counts; /* not shown, but counted there */
        struct logline_clock clock;
        bool raw;
        enum printable printable;
};

static void show_json(const struct view *view, const struct logline *line, bool cut)
{
        struct json_object *document = json_object_new_object();

        json_object_object_add(document, "name", json_object_new_string(view->name));
        if (line->at_usec >= 0)
                json_object_object_add(document, "at_usec", json_object_new_int64(line->at_usec));
        json_object_object_add(document, "line", json_object_new_string_len(line->text, (int)line->length));
        if (cut)
                json_object_object_add(document, "cut", json_object_new_boolean(true));
        document_write(document);
        json_object_put(document);
}

static void show_text(const struct view *view, const struct logline *line, bool cut)
{
        char stamp[LOGLINE_STAMP_BYTES];
        char *text = NULL;

        if (*logline_stamp(line, stamp))
                printf("%s  ", stamp);
        if (view->raw)
                fwrite(line->text, 1, line->length, stdout);
        else
                text = printable_line(line->text, line->length, view->printable);
        printf("%s%s\n", text ? text : "", cut ? " [cut]" : "");
        free(text);
}

static void take_line(void *context, const char *bytes, size_t length, bool cut)
{
        struct view *view = context;
        struct logline line;

        logline_parse(&view->clock, bytes, length, &line);
        /* What has no stamp belongs to what is before it. */
        view->begun = view->begun || view->since_usec == OPTIONS_NO_SINCE || line.at_usec >= view->since_usec;
        if (!view->begun)
                return;
        if (view->counts)
                (*view->counts)++;
        else if (view->skip > 0)
                view->skip--;
        else if (view->json)
                show_json(view, &line, cut);
        else
                show_text(view, &line, cut);
}

/* Every line of every file, the oldest first. The end of the last stays open when it is to be followed. */
static int read_all(const struct logdir *logdir, struct logreader *reader, bool follow)
{
        int result = 0;

        for (size_t i = 0; i < logdir->count && result == 0 && !ferror(stdout); i++) {
                if (lseek(logdir->files[i].fd, 0, SEEK_SET) < 0)
                        return -errno;
                result = logreader_read(reader, logdir->files[i].fd);
                if (i + 1 < logdir->count || !follow)
                        logreader_end(reader);
        }
        return result;
}

/* All of it is read twice, rather than some of it remembered: the last lines are known when all are counted.
 */
static int count_skipped(const struct options *options, const struct logdir *logdir, struct logreader *reader,
                         struct view *view)
{
        uint64_t lines = options->follow ? LINES_BEFORE_FOLLOWING : LINES_SHOWN;
        uint64_t count = 0;
        int result;

        if (options->lines != OPTIONS_NO_LINES)
                lines = (uint64_t)options->lines;
        else if (options->since_usec != OPTIONS_NO_SINCE)
                return 0;
        view->counts = &count;
        result = read_all(logdir, reader, false);
        view->counts = NULL;
        view->begun = false;
        view->skip = count > lines ? count - lines : 0;
        return result;
}

static int show_directory(const struct options *options, int directory_fd, const char *name)
{
        struct view view = {.name = name,
                            .json = options->json,
                            .since_usec = options->since_usec,
                            .raw = options->raw,
                            .printable = look_printable()};
        struct logreader *reader = calloc(1, sizeof(*reader));
        struct logdir *logdir = calloc(1, sizeof(*logdir));
        struct logfollow *follow = NULL;
        int result = reader && logdir ? 0 : -ENOMEM;

        logline_clock_init(&view.clock);
        if (result == 0 && options->follow)
                result = logfollow_new(directory_fd, &follow); /* before the first look, to miss nothing */
        if (result == 0) {
                reader->line = take_line;
                reader->context = &view;
                result = logdir_open(directory_fd, logdir);
        }
        if (result == 0) {
                result = count_skipped(options, logdir, reader, &view);
                if (result == 0)
                        result = read_all(logdir, reader, options->follow);
                if (result == 0 && follow)
                        result = logfollow_run(follow, logdir, reader);
                logdir_close(logdir);
        }
        logfollow_free(follow);
        free(logdir);
        free(reader);
        return result;
}

static enum outcome fail(const struct options *options, enum outcome outcome, const char *subject,
                         const char *what, const char *next)
{
        if (options->json)
                document_write_error(outcome == OUTCOME_DENIED ? "denied" : "failed", NULL);
        failure_print(subject, what, next);
        return outcome;
}

static enum outcome show_logs(const struct options *options, const char *name, const char *path)
{
        int fd = home_open_log(path);
        int result = fd < 0 ? fd : show_directory(options, fd, name);

        if (fd >= 0)
                close(fd);
        if (result == 0)
                return OUTCOME_DONE;
        if (result == -ENOENT && strcmp(path, BROKER_LOG) == 0)
                return fail(options, OUTCOME_FAILED, name, "it has no log directory, " BROKER_LOG,
                            "see the container's log, which has every line of it");
        if (result == -ENOENT && fd < 0)
                return fail(options, OUTCOME_FAILED, name, "has no log yet",
                            "its first start makes one; if it did not, the container's log says why");
        if (result == -ENOENT)
                return fail(options, OUTCOME_FAILED, name, "its log directory is gone",
                            "it comes back with the gateway's next start");
        if (result == -EACCES)
                return fail(options, OUTCOME_DENIED, path, "permission denied",
                            "run it as root or as the user whose gateways these are");
        if (result == -ENOTDIR)
                return fail(options, OUTCOME_FAILED, path,
                            "it is no directory, or behind a link, which is not followed",
                            "see what is in its place, or run it as the user whose gateways these are");
        return fail(options, OUTCOME_FAILED, path, sysname_error_words(-result),
                    "see that it is a directory as s6-log keeps it");
}

/* path: of its log directory. problem: why its lines do not reach that; NULL: they do. */
static enum outcome show_with_problem(const struct options *options, const char *name, const char *path,
                                      const char *problem)
{
        enum outcome outcome;

        if (problem && options->follow)
                failure_print(name, problem, OLDER);
        outcome = show_logs(options, name, path);
        if (!problem)
                return outcome;
        if (!options->follow) {
                fflush(stdout);
                failure_print(name, problem, OLDER);
        }
        return failure_worse(outcome, OUTCOME_FAILED);
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        const char *word = options->words[0];
        struct json_object *service;
        const char *path, *name;
        struct answer answer;
        enum outcome outcome = names_ask(session, word, &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        service = member_object(answer.parameters, "service");
        name = member_string(service, "name");
        path = member_string(service, "log_directory");
        if (!path && name && strcmp(name, BROKER) == 0)
                path = BROKER_LOG;
        if (path) {
                /* Nothing more is asked of the broker, which may be restarted while a log is followed. */
                session_close(session);
                outcome = show_with_problem(options, name ? name : word, path,
                                            member_string(service, "log_problem"));
        } else {
                outcome = fail(options, OUTCOME_FAILED, word, "it has no log directory",
                               "only gateways have one; see the container's log");
        }
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_logs = {
        .name = "logs",
        .usage = "NAME",
        .summary = "show what a gateway printed",
        .options = OPTION_PROFILE | OPTION_FOLLOW | OPTION_LINES | OPTION_SINCE | OPTION_RAW,
        .words_min = 1,
        .words_max = 1,
        .missing = "give a NAME",
        .run = run,
};
