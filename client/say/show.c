/* SPDX-License-Identifier: ISC */
#include "client/say/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/label.h"
#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/table.h"

#define NOTE_BYTES 512
#define ORDERED_BYTES 32
#define BESIDE_NAME_COLUMNS 26 /* for a state and a pid */
#define NAME_COLUMNS_FAIR 14   /* a name keeps these, however narrow the terminal is */
#define EVENT_NAME_COLUMNS 24

/* Writes a note beside the state: "next start in 8s: reason", one of the two, or the pid. buffer:
 * NOTE_BYTES. */
static const char *note_text(const struct facts *facts, char *buffer)
{
        const char *reason = facts->reason ? facts->reason : "";
        char until[FACTS_TEXT_BYTES];
        struct look look;

        buffer[0] = '\0';
        if (facts->next_start_usec >= 0) {
                look_init(&look);
                snprintf(buffer, NOTE_BYTES, "next start in %s%s%s",
                         facts_until(facts->next_start_usec, look.now_usec, until), *reason ? ": " : "",
                         reason);
        } else if (*reason) {
                snprintf(buffer, NOTE_BYTES, "%s", reason);
        } else if (facts->state->kind == STATE_DOWN && facts->cause && strcmp(facts->cause, "served") == 0) {
                snprintf(buffer, NOTE_BYTES, "the default gateway serves its profile all the same");
        } else if (facts->pid >= 0) {
                snprintf(buffer, NOTE_BYTES, "pid %" PRId64, facts->pid);
        }
        return buffer;
}

/* Whether an order that was not waited for has not come true yet, so that the state is not yet what was asked
 * for. */
static bool is_pending(const struct facts *facts, const char *order)
{
        if (!order)
                return false;
        if (strcmp(order, "start") == 0)
                return facts->state->kind != STATE_UP;
        return strcmp(order, "stop") != 0 || facts->state->kind != STATE_DOWN;
}

const char *show_state(struct json_object *service)
{
        const char *word = member_string(service, "state");
        const struct state *state = state_of(service);

        return state->kind == STATE_UNKNOWN ? word : state->name;
}

void show_fit_names(struct table *table, size_t longest, const struct look *look)
{
        size_t most = NAME_COLUMNS_FAIR;

        if (look->columns > BESIDE_NAME_COLUMNS + NAME_COLUMNS_FAIR)
                most = look->columns - BESIDE_NAME_COLUMNS;
        table->ellipsis = look->utf8 ? "…" : "~";
        table->brief[0] = look->columns > 0 && longest > most;
        table->least[0] = table->most[0] = table->brief[0] ? most : longest;
}

/* The three parts of a line about an outcome. */
struct told {
        const char *name;
        const char *state; /* NULL where the broker told none; `ordered` where an order is pending */
        enum tint tint;
        char ordered[ORDERED_BYTES];
        char note[NOTE_BYTES];
};

static void tell(struct json_object *outcome, const char *order, struct told *told)
{
        struct json_object *service = member_object(outcome, "service");
        const char *name = member_string(outcome, "name"), *state = show_state(service);
        struct facts facts;

        facts_read(service, &facts);
        *told = (struct told){.name = name ? name : "unnamed", .state = state, .tint = facts.state->tint};
        note_text(&facts, told->note);
        if (!is_pending(&facts, order))
                return;
        snprintf(told->ordered, sizeof(told->ordered), "%s ordered", order);
        snprintf(told->note, sizeof(told->note), "now %s", state ? state : "unknown");
        told->state = told->ordered;
        told->tint = TINT_BUSY;
}

static void add_outcome(struct table *table, struct json_object *outcome, const char *order)
{
        struct told told;

        tell(outcome, order, &told);
        table_add(table, (const struct cell[]){
                                 {.text = told.name, .prefix = label_prefix(told.name)},
                                 {.text = told.state, .tint = told.tint},
                                 {.text = told.note},
                         });
}

char *show_outcome_words(struct json_object *outcome, const char *order, enum printable printable)
{
        char *line = NULL, *words;
        struct told told;

        tell(outcome, order, &told);
        if (asprintf(&line, "%s: %s%s%s", told.name, told.state ? told.state : "unknown",
                     *told.note ? ", " : "", told.note) < 0)
                return NULL;
        words = printable_text(line, printable);
        free(line);
        return words;
}

void show_outcomes(struct json_object *outcomes, const char *order, size_t longest)
{
        struct look look;
        struct table table;

        look_init(&look);
        table_init(&table, 3, NULL);
        table.printable = look.printable;
        show_fit_names(&table, longest, &look);
        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);

                if (!member_string(outcome, "error"))
                        add_outcome(&table, outcome, order);
        }
        table_print(&table, stdout, look.colour);
        table_deinit(&table);
}

void show_event(const char *event, struct json_object *service)
{
        bool removed = strcmp(event, "removed") == 0;
        const char *word = removed ? event : show_state(service);
        char stamp[32], note[NOTE_BYTES];
        struct facts facts;
        time_t now = time(NULL);
        struct tm local;
        struct look look;

        look_init(&look);
        if (!localtime_r(&now, &local) || strftime(stamp, sizeof(stamp), "%F %T", &local) == 0)
                stamp[0] = '\0';
        facts_read(service, &facts);
        /* Later names are not known yet, so lines line up only as long as names are of common length. */
        printf("%s  ", stamp);
        label_write(stdout, facts.name, EVENT_NAME_COLUMNS, &look);
        tint_print(stdout, word ? word : "unknown", look.printable, removed ? TINT_DIM : facts.state->tint,
                   look.colour);
        if (!removed && *note_text(&facts, note)) {
                printf("  ");
                tint_print(stdout, note, look.printable, TINT_PLAIN, false);
        }
        putchar('\n');
}
