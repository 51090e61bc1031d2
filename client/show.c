#include "client/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/duration.h"
#include "client/member.h"

#define NUMBER_BYTES 24
#define NOTE_BYTES 512

struct state_row {
        const char *name;
        enum tint tint;
        bool running;
};

static const struct state_row state_rows[] = {
        {"up", TINT_GOOD, true},         {"starting", TINT_BUSY, true}, {"stopping", TINT_BUSY, true},
        {"finishing", TINT_BUSY, false}, {"down", TINT_DIM, false},     {"backoff", TINT_BAD, false},
        {"failed", TINT_BAD, false},     {"held", TINT_BUSY, false},    {"unsupervised", TINT_BAD, false},
};

static const struct state_row *find_state(struct json_object *service)
{
        static const struct state_row unknown = {"unknown", TINT_PLAIN, false};
        const char *state = member_string(service, "state");

        for (size_t i = 0; state && i < sizeof(state_rows) / sizeof(state_rows[0]); i++) {
                if (strcmp(state_rows[i].name, state) == 0)
                        return &state_rows[i];
        }
        return &unknown;
}

bool show_is_running(struct json_object *service)
{
        return find_state(service)->running;
}

bool show_colour(void)
{
        const char *no_colour = getenv("NO_COLOR");
        const char *terminal = getenv("TERM");

        return !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0 &&
               isatty(STDOUT_FILENO);
}

/* "3h 12m" from then until now, or from now until then; "" when unknown. buffer: DURATION_TEXT_BYTES. */
static const char *distance(int64_t then_usec, bool future, char *buffer)
{
        struct timespec now;
        int64_t msec;

        buffer[0] = '\0';
        if (then_usec < 0)
                return buffer;
        clock_gettime(CLOCK_REALTIME, &now);
        msec = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - then_usec / 1000;
        if (future)
                msec = -msec;
        /* Parts of a second are noise here. */
        return duration_format(msec < 1000 ? 1000 : msec, buffer);
}

static const char *number_text(int64_t number, char *buffer)
{
        snprintf(buffer, NUMBER_BYTES, "%" PRId64, number);
        return buffer;
}

/* "code 1" or "SIGKILL"; "" before the first end. buffer: NOTE_BYTES. */
static const char *exit_text(struct json_object *service, char *buffer)
{
        struct json_object *exit_object = member_object(service, "last_exit");
        const char *signal_name = member_string(exit_object, "signal");
        int64_t code = member_int(exit_object, "code", -1);

        if (signal_name)
                snprintf(buffer, NOTE_BYTES, "%s", signal_name);
        else if (code >= 0)
                snprintf(buffer, NOTE_BYTES, "code %" PRId64, code);
        else
                buffer[0] = '\0';
        return buffer;
}

/* "next start in 8s: reason", or one of the two. buffer: NOTE_BYTES. */
static const char *note_text(struct json_object *service, char *buffer)
{
        const char *reason = member_string(service, "reason");
        int64_t next_usec = member_int(service, "next_start_usec", -1);
        char duration[DURATION_TEXT_BYTES];

        if (next_usec >= 0)
                snprintf(buffer, NOTE_BYTES, "next start in %s%s%s", distance(next_usec, true, duration),
                         reason ? ": " : "", reason ? reason : "");
        else
                snprintf(buffer, NOTE_BYTES, "%s", reason ? reason : "");
        return buffer;
}

void show_services(FILE *file, struct json_object *services, bool colour)
{
        static const char *const headings[] = {"NAME", "STATE",    "WANT",      "PID",
                                               "FOR",  "RESTARTS", "LAST EXIT", "NOTE"};
        struct table table;

        table_init(&table, 8, headings);
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                char pid[NUMBER_BYTES], restarts[NUMBER_BYTES], since[DURATION_TEXT_BYTES];
                char exit_buffer[NOTE_BYTES], note[NOTE_BYTES];
                int64_t pid_number = member_int(service, "pid", -1);
                const struct cell cells[] = {
                        {.text = member_string(service, "name")},
                        {.text = member_string(service, "state"), .tint = find_state(service)->tint},
                        {.text = member_string(service, "want")},
                        {.text = pid_number < 0 ? NULL : number_text(pid_number, pid), .right = true},
                        {.text = distance(member_int(service, "since_usec", -1), false, since)},
                        {.text = number_text(member_int(service, "restarts", 0), restarts), .right = true},
                        {.text = exit_text(service, exit_buffer)},
                        {.text = note_text(service, note)},
                };

                table_add(&table, cells);
        }
        table_print(&table, file, colour);
        if (table.rows == 0)
                fputs("no services; 'svcctl register PROFILE' makes a gateway\n", file);
        table_deinit(&table);
}

static void add_detail(struct table *table, const char *label, const char *text, enum tint tint)
{
        const struct cell cells[] = {{.text = label, .tint = TINT_DIM}, {.text = text, .tint = tint}};

        if (text && *text)
                table_add(table, cells);
}

void show_service(struct json_object *service, bool colour)
{
        char since[DURATION_TEXT_BYTES], number[NUMBER_BYTES], text[NOTE_BYTES], line[2 * NOTE_BYTES];
        int64_t pid = member_int(service, "pid", -1);
        int64_t exit_usec = member_int(member_object(service, "last_exit"), "at_usec", -1);
        const char *state = member_string(service, "state");
        struct table table;

        table_init(&table, 2, NULL);
        add_detail(&table, "name", member_string(service, "name"), TINT_PLAIN);
        distance(member_int(service, "since_usec", -1), false, since);
        snprintf(line, sizeof(line), "%s%s%s", state ? state : "unknown", *since ? " for " : "", since);
        add_detail(&table, "state", line, find_state(service)->tint);
        add_detail(&table, "why", note_text(service, text), TINT_PLAIN);
        add_detail(&table, "wanted", member_string(service, "want"), TINT_PLAIN);
        add_detail(&table, "pid", pid < 0 ? NULL : number_text(pid, number), TINT_PLAIN);
        add_detail(&table, "restarts", number_text(member_int(service, "restarts", 0), number), TINT_PLAIN);
        if (member_int(service, "log_restarts", 0) > 0)
                add_detail(&table, "log restarts",
                           number_text(member_int(service, "log_restarts", 0), number), TINT_PLAIN);
        if (*exit_text(service, text)) {
                distance(exit_usec, false, since);
                snprintf(line, sizeof(line), "%s%s%s%s", text, *since ? ", " : "", since,
                         *since ? " ago" : "");
                add_detail(&table, "last exit", line, TINT_PLAIN);
        }
        add_detail(&table, "log", member_string(service, "log_directory"), TINT_PLAIN);
        table_print(&table, stdout, colour);
        table_deinit(&table);
}

/* "pid 4711", "next start in 8s: reason", ... buffer: NOTE_BYTES. */
static const char *summary_text(struct json_object *service, char *buffer)
{
        int64_t pid = member_int(service, "pid", -1);

        if (*note_text(service, buffer) == '\0' && pid >= 0)
                snprintf(buffer, NOTE_BYTES, "pid %" PRId64, pid);
        return buffer;
}

void show_outcomes(struct json_object *outcomes, bool colour)
{
        struct table table;

        table_init(&table, 3, NULL);
        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);
                struct json_object *service = member_object(outcome, "service");
                char note[NOTE_BYTES];
                const struct cell cells[] = {
                        {.text = member_string(outcome, "name")},
                        {.text = member_string(service, "state"), .tint = find_state(service)->tint},
                        {.text = summary_text(service, note)},
                };

                if (!member_string(outcome, "error"))
                        table_add(&table, cells);
        }
        table_print(&table, stdout, colour);
        table_deinit(&table);
}

void show_event(const char *event, struct json_object *service, bool colour)
{
        const struct state_row *state = find_state(service);
        bool removed = strcmp(event, "removed") == 0;
        const char *word = removed ? event : member_string(service, "state");
        const char *name = member_string(service, "name");
        char stamp[32], note[NOTE_BYTES];
        time_t now = time(NULL);
        struct tm local;
        int width;

        if (!localtime_r(&now, &local) || strftime(stamp, sizeof(stamp), "%F %T", &local) == 0)
                stamp[0] = '\0';
        printf("%s  ", stamp);
        tint_print(stdout, name ? name : "?", TINT_PLAIN, false);
        /* Later lines are not known yet, so the names only line up as far as they are of common length. */
        width = 24 - (int)(name ? strnlen(name, 24) : 1);
        printf("%*s", width + 2, "");
        tint_print(stdout, word ? word : "unknown", removed ? TINT_DIM : state->tint, colour);
        if (!removed && *summary_text(service, note)) {
                printf("  ");
                tint_print(stdout, note, TINT_PLAIN, false);
        }
        putchar('\n');
}
