/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/printable.h"
#include "client/text/stream.h"
#include "client/text/tint.h"
#include "client/text/wrap.h"
#include "client/verbs/verb.h"

#define GAP 2                 /* blanks between two columns */
#define DETAIL_COLUMNS_MIN 24 /* with less room than this, or than a word takes, details go below */

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILURE, VERDICTS };

/* Returns a check's verdict. A verdict of a later version, or none, is no reason to say that all is well. */
static enum verdict verdict_of(struct json_object *check)
{
        if (member_is(check, "verdict", "ok"))
                return VERDICT_OK;
        return member_is(check, "verdict", "warning") ? VERDICT_WARNING : VERDICT_FAILURE;
}

static const char *text_of(struct json_object *check, const char *name, const char *otherwise)
{
        const char *text = member_string(check, name);

        return text ? text : otherwise;
}

static size_t most(size_t one, size_t other)
{
        return one > other ? one : other;
}

/* How wide the verdicts and the names of all checks are. */
struct columns {
        size_t verdict, name;
};

static struct columns measure(struct json_object *checks)
{
        struct columns columns = {0};

        for (size_t i = 0; i < json_object_array_length(checks); i++) {
                struct json_object *check = json_object_array_get_idx(checks, i);
                size_t verdict = strlen(text_of(check, "verdict", "unknown"));
                size_t name = strlen(text_of(check, "name", ""));

                columns.verdict = most(columns.verdict, verdict);
                columns.name = most(columns.name, name);
        }
        return columns;
}

static void show_cell(const char *text, size_t width, enum tint tint, const struct look *look)
{
        tint_print(stdout, text, look->printable, tint, look->colour);
        printf("%*s", (int)(width - strlen(text)), "");
}

/* Prints a text, broken between words, with each line at column `indent`, where the cursor is already. */
static void show_wrapped(const char *text, size_t indent, enum tint tint, const struct look *look)
{
        char *wrapped = NULL;
        size_t size;
        FILE *file = open_memstream(&wrapped, &size);
        char *shown = printable_text(text, look->printable);

        if (file && shown)
                wrap_write(file, shown, indent, indent, look->columns);
        wrapped = stream_text(file, &wrapped);
        if (wrapped)
                tint_write(stdout, wrapped, tint, look->colour);
        putchar('\n');
        free(wrapped);
        free(shown);
}

static void show_check(struct json_object *check, const struct columns *columns, const struct look *look)
{
        static const enum tint tints[VERDICTS] = {TINT_GOOD, TINT_BUSY, TINT_BAD};
        size_t indent = columns->verdict + columns->name + 2 * GAP;
        const char *detail = text_of(check, "detail", ""), *advice = text_of(check, "advice", "");
        const char *name = text_of(check, "name", "");
        size_t longest;
        bool below;

        show_cell(text_of(check, "verdict", "unknown"), columns->verdict + GAP, tints[verdict_of(check)],
                  look);
        longest = most(DETAIL_COLUMNS_MIN, most(wrap_longest(detail), wrap_longest(advice) + GAP));
        below = look->columns > 0 && look->columns < indent + longest;
        show_cell(name, below ? strlen(name) : columns->name + GAP, TINT_PLAIN, look);
        if (below) {
                indent = GAP;
                printf("\n%*s", (int)indent, "");
        }
        show_wrapped(detail, indent, TINT_PLAIN, look);
        if (!*advice)
                return;
        printf("%*s", (int)indent + GAP, "");
        show_wrapped(advice, indent + GAP, TINT_DIM, look);
}

static void show_counts(size_t count, const unsigned counts[VERDICTS], const struct look *look)
{
        char line[128];

        snprintf(line, sizeof(line), "%zu check%s: %u ok, %u warning%s, %u failure%s", count,
                 count == 1 ? "" : "s", counts[VERDICT_OK], counts[VERDICT_WARNING],
                 counts[VERDICT_WARNING] == 1 ? "" : "s", counts[VERDICT_FAILURE],
                 counts[VERDICT_FAILURE] == 1 ? "" : "s");
        wrap_line(stdout, line, 0, GAP, look->columns);
}

/* Prints a row for each check, with what to do below it, and in the end how many have each verdict. What is
 * not well comes last, beside these counts, so that it does not scroll out of sight. */
static void show_checks(struct json_object *checks, const unsigned counts[VERDICTS])
{
        size_t count = json_object_array_length(checks);
        struct columns columns = measure(checks);
        struct look look;

        look_init(&look);
        for (enum verdict verdict = VERDICT_OK; verdict < VERDICTS; verdict++) {
                for (size_t i = 0; i < count; i++) {
                        struct json_object *check = json_object_array_get_idx(checks, i);

                        if (verdict_of(check) == verdict)
                                show_check(check, &columns, &look);
                }
        }
        show_counts(count, counts, &look);
}

static enum outcome run(struct session *session)
{
        struct json_object *checks;
        unsigned counts[VERDICTS] = {0};
        struct answer answer;
        enum outcome outcome = session_ask(session, "Diagnose", NULL, "doctor", &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        checks = member_array(answer.parameters, "checks");
        for (size_t i = 0; checks && i < json_object_array_length(checks); i++)
                counts[verdict_of(json_object_array_get_idx(checks, i))]++;
        if (session->options->json)
                document_write(answer.parameters);
        else if (checks)
                show_checks(checks, counts);
        outcome = checks && !counts[VERDICT_FAILURE] ? OUTCOME_DONE : OUTCOME_FAILED;
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_doctor = {
        .name = "doctor",
        .summary = "check everything closely, and say what to do",
        .run = run,
};
