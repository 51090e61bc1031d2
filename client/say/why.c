/* SPDX-License-Identifier: ISC */
#include "client/say/why.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/printable.h"
#include "client/text/stream.h"
#include "client/text/template.h"

/* What decides whether a row fits, beside the state. */
enum clue {
        CLUE_NONE = 0,
        CLUE_WANT_UP,
        CLUE_WANT_DOWN,
        CLUE_RETRY, /* next_start_usec is known */
        CLUE_ALIVE, /* the service has a pid */
        CLUE_RESTARTED,
        CLUE_ENDED_WELL, /* a gateway ended with success; next_start_usec is known */
        CLUE_SERVED,
        CLUE_ELSEWHERE, /* why it is held, as are all below */
        CLUE_FORGIVEN,
        CLUE_UNREADABLE,
        CLUE_NEWER,
};

/*
 * Fields in the texts: {name}, {age}, {since}, {until} (its next start), {limit} (until when a change may
 * take), {pid}, {reason}, {log}, {lock}, {directory}. The first row that fits counts. How the last run ended
 * is added to `happened`.
 */
struct row {
        enum state_kind state;
        enum clue clue;
        const char *happened;
        const char *next;
        const char *advice;
        const char *problem; /* the problem that the broker tells, in any state; NULL: the state decides */
};

static const struct row rows[] = {
        {STATE_UNKNOWN, CLUE_NONE,
         "{name} has had no process for {age}, since {since}, though it is wanted up.",
         "Its supervisor tries again by itself, in some cases only once a minute.",
         "'svcctl doctor' looks for what keeps it from running.", "not_started"},
        {STATE_UNKNOWN, CLUE_NONE,
         "{name} was started {age} ago, at {since}, with pid {pid}, and is not ready.",
         "It counts as up once it announces that it is ready.", "'svcctl logs {name}' shows what it does.",
         "not_ready"},
        {STATE_UNKNOWN, CLUE_WANT_UP,
         "{name} was told to end for a restart {age} ago, at {since}, and still runs with pid {pid}.",
         "It is started when it has ended, and nothing ends it by force.",
         "'svcctl logs {name}' shows what it does; 'svcctl kill {name}' ends it at once, and what it has not "
         "saved is lost.",
         "not_ended"},
        {STATE_UNKNOWN, CLUE_NONE,
         "{name} was told to stop {age} ago, at {since}, and still runs with pid {pid}.",
         "It is down when it has ended, and nothing ends it by force.",
         "'svcctl logs {name}' shows what it does; 'svcctl kill {name}' ends it at once, and what it has not "
         "saved is lost.",
         "not_ended"},
        {STATE_UNKNOWN, CLUE_NONE, "{name} ended {age} ago, at {since}, and its finish script does not end.",
         "It is neither started nor down until that has ended.", "'svcctl doctor' looks for the cause.",
         "not_finished"},
        {STATE_UNKNOWN, CLUE_NONE, "{name} runs, but {reason}.", "Both get another one when it has ended.",
         "'svcctl restart {name}', when it suits. Until then, see the container's log.", "pipe"},
        {STATE_UNKNOWN, CLUE_NONE, "Orders do not reach {name}: {reason}.",
         "The orders are carried out once they are read; an s6-supervise that is killed is replaced by "
         "s6-svscan.",
         "'svcctl doctor' says more; root can continue or kill what was stopped.", "unread"},
        {STATE_UNKNOWN, CLUE_NONE, "{name} is paused: its process, {pid}, does nothing.",
         "It goes on when somebody continues it.",
         "'svcctl kill -s CONT {name}' continues it, 'svcctl restart {name}' starts it anew.", "paused"},
        {STATE_UNKNOWN, CLUE_NONE, "{name} is stopped by a signal: its process, {pid}, does nothing.",
         "It goes on when somebody continues it.",
         "'kill -CONT {pid}' continues it, 'svcctl restart {name}' starts it anew.", "stopped"},
        {STATE_UNKNOWN, CLUE_NONE,
         "{name} has ended: its process, {pid}, is gone, which its s6-supervise has not seen.",
         "It is started again once that is seen.",
         "'svcctl doctor' says more; root can continue the s6-supervise, or kill it, and s6-svscan starts "
         "another.",
         "stale"},
        {STATE_DOWN, CLUE_WANT_UP, "{name} is down, though it is wanted up.",
         "An order for it may be under way, or it is being registered or removed.",
         "Look again in a moment; if it stays so, 'svcctl start {name}' starts it."},
        {STATE_DOWN, CLUE_SERVED,
         "{name} has been down for {age}, as wanted; but the default gateway serves every profile, this one "
         "included.",
         "Its profile is served, whatever is wanted of its own gateway, as long as the default gateway "
         "serves every profile.",
         "'svcctl status default' shows the gateway that serves it."},
        {STATE_DOWN, CLUE_NONE, "{name} has been down for {age}, as wanted.",
         "It stays down, even when the container restarts, until somebody starts it.",
         "'svcctl start {name}' starts it."},
        {STATE_STARTING, CLUE_ALIVE, "{name} was started {age} ago, with pid {pid}.",
         "It counts as up once it has run for a while, or has announced that it is ready.", ""},
        {STATE_STARTING, CLUE_NONE, "{name} was told to run, but has no process yet.",
         "Its supervisor starts it as soon as it can.",
         "If it stays so, 'svcctl doctor' looks for the cause."},
        {STATE_UP, CLUE_WANT_DOWN, "{name} has been up for {age} with pid {pid}, though it is wanted down.",
         "It runs on until it is told to stop.", "'svcctl stop {name}' stops it."},
        {STATE_UP, CLUE_RESTARTED, "{name} has been up for {age} with pid {pid}.",
         "If it ends, it is started again.", "'svcctl logs {name}' shows what it printed."},
        {STATE_UP, CLUE_NONE, "{name} has been up for {age} with pid {pid}.",
         "If it ends, it is started again.", ""},
        {STATE_STOPPING, CLUE_WANT_UP, "{name} was told to end for a restart, and still runs.",
         "It is started when it has ended.",
         "If it takes too long, 'svcctl logs {name}' shows what it does."},
        {STATE_STOPPING, CLUE_NONE, "{name} was told to stop, and still runs.",
         "It is down when it has ended.", "If it takes too long, 'svcctl logs {name}' shows what it does."},
        {STATE_FINISHING, CLUE_WANT_UP, "{name} has ended, and its finish script runs.",
         "When the script is done it is started again, unless its exit code says that this is useless.", ""},
        {STATE_FINISHING, CLUE_NONE, "{name} has ended, and its finish script runs.",
         "When the script is done it is down.", ""},
        {STATE_BACKOFF, CLUE_ENDED_WELL, "{name} has not run for {age}: {reason}.",
         "It is started again in {until}; each time that it ends so, the wait grows, up to a limit.",
         "'svcctl logs {name}' shows what it printed. 'svcctl start {name}' starts it at once, and 'svcctl "
         "stop {name}' keeps it down."},
        {STATE_BACKOFF, CLUE_RETRY, "{name} has not run for {age}: {reason}.",
         "It is started again in {until}; each failure makes the wait longer, up to a limit.",
         "'svcctl logs {name}' shows what it printed; mend that, and 'svcctl start {name}' tries at once."},
        {STATE_BACKOFF, CLUE_NONE, "{name} has not run for {age}: {reason}.", "It is being started again.",
         "'svcctl logs {name}' shows what it printed."},
        {STATE_FAILED, CLUE_NONE, "{name} failed {age} ago: {reason}.",
         "It is not started again until somebody starts it.",
         "'svcctl logs {name}' shows what is wrong; mend that, then 'svcctl start {name}' starts it."},
        {STATE_SERVED, CLUE_NONE,
         "{name} is served by the default gateway, and needs no process of its own: {reason}. Nothing is "
         "wrong.",
         "It stays so as long as the default gateway serves its profile.",
         "'svcctl status default' shows the gateway that serves it."},
        {STATE_HELD, CLUE_ELSEWHERE, "{name} has been held down for {age}: {reason}.",
         "It is started by itself when the other process, in another container or left over in this one, "
         "has ended.",
         "To run it here, stop it where it runs, and after that start it here: both share the record of "
         "what is wanted."},
        {STATE_HELD, CLUE_FORGIVEN, "{name} has been held down for {age}: {reason}.",
         "It stays down until somebody starts it.", "'svcctl start {name}' starts it."},
        {STATE_HELD, CLUE_UNREADABLE, "{name} has been held down for {age}: {reason}.",
         "It stays down until somebody says what is wanted.",
         "'svcctl start {name}' or 'svcctl stop {name}' does, and writes the record anew."},
        {STATE_HELD, CLUE_NEWER, "{name} has been held down for {age}: {reason}.",
         "It stays down, and the record that the newer one wrote stays as it is.",
         "Run the newer svcbrokerd again; 'svcctl start {name}' starts it under this one, without the "
         "variables that are recorded there, and this start is not recorded."},
        {STATE_HELD, CLUE_NONE, "{name} has been held down for {age}: {reason}.",
         "It stays down as long as that is so.",
         "See to what the reason names; 'svcctl doctor' looks further."},
        {STATE_UNSUPERVISED, CLUE_NONE, "{name} is unsupervised: {reason}.",
         "Nothing starts it, and it takes no orders.", "'svcctl doctor' looks for the cause."},
        {STATE_UNKNOWN, CLUE_NONE, "{name} is in a state that this svcctl does not know.",
         "Only the broker knows what comes next.", "Use the svcctl of the broker's version."},
};

/* The advice for a service that is no gateway: whose orders it takes is the operator's choice. */
#define STATIC_ADVICE                                                                                        \
        "It is not a gateway: root controls it with s6-svc, unless svcbrokerd was told to let its clients "  \
        "do so (--allow-static)."

/* What is said where the logger is the problem. */
#define LOGGER_HAPPENED " But {reason}."
#define LOGGER_NEXT " Its logger is started again by itself, too; until it runs, what is printed waits."
#define MEMORY_ADVICE                                                                                        \
        "Give the container more memory ('svcctl doctor' shows its limit), or let fewer gateways run; "      \
        "'svcctl "                                                                                           \
        "logs {name}' shows what it did."

/* What is said where the service's scripts fell back to something else, in any state. */
#define LOG_HAPPENED " But {log}."
#define LOG_NEXT                                                                                             \
        " What is in {directory} is older. The logger tries within a minute whether it can use that again."
#define LOG_ADVICE                                                                                           \
        "Mend that directory: remove it, or give it to the gateway's user. 'svcctl reset {name}' then has "  \
        "the logger try at once. Until then, see the container's log."
#define LOCK_HAPPENED " But {lock}."
#define LOCK_ADVICE                                                                                          \
        "'svcctl logs {name}' says why; mend that, and 'svcctl restart {name}'. Until then let no other "    \
        "container use this volume."

#define LOGGER_ADVICE                                                                                        \
        "The broker's log may say why, and the volume may be full; mend that, and 'svcctl reset {name}' "    \
        "tries the logger at once."

static bool is_caused(const struct facts *facts, const char *cause)
{
        return facts->cause && strcmp(facts->cause, cause) == 0;
}

static bool fits(enum clue clue, const struct facts *facts)
{
        switch (clue) {
        case CLUE_NONE:
                return true;
        case CLUE_WANT_UP:
                return facts->want_up;
        case CLUE_WANT_DOWN:
                return !facts->want_up;
        case CLUE_RETRY:
                return facts->next_start_usec >= 0;
        case CLUE_ALIVE:
                return facts->pid >= 0;
        case CLUE_RESTARTED:
                return facts->restarts > 0;
        case CLUE_ENDED_WELL:
                return facts->gateway && facts->exit_code == 0 && facts->next_start_usec >= 0;
        case CLUE_SERVED:
                return is_caused(facts, "served");
        case CLUE_ELSEWHERE:
                return is_caused(facts, "elsewhere");
        case CLUE_FORGIVEN:
                return is_caused(facts, "forgiven");
        case CLUE_UNREADABLE:
                return is_caused(facts, "unreadable");
        case CLUE_NEWER:
                return is_caused(facts, "newer");
        }
        return false;
}

static bool is_for(const struct row *row, const struct facts *facts)
{
        if (!fits(row->clue, facts))
                return false;
        if (row->problem)
                return facts->problem && strcmp(row->problem, facts->problem) == 0;
        return row->state == facts->state->kind;
}

/* The last row is for every state. */
static const struct row *find_row(const struct facts *facts)
{
        const struct row *row = rows;

        while (!is_for(row, facts) && row < &rows[sizeof(rows) / sizeof(rows[0]) - 1])
                row++;
        return row;
}

/* Where the fields of a text are taken from. */
struct source {
        const struct facts *facts;
        int64_t now_usec;
};

static void write_field(FILE *file, const char *field, size_t length, const void *context)
{
        const struct source *source = context;
        const struct facts *facts = source->facts;
        const int64_t now_usec = source->now_usec;
        char buffer[FACTS_TEXT_BYTES];

        if (strncmp(field, "name", length) == 0)
                fputs(facts->name, file);
        else if (strncmp(field, "age", length) == 0)
                fputs(*facts_age(facts->since_usec, now_usec, buffer) ? buffer : "some time", file);
        else if (strncmp(field, "since", length) == 0)
                fputs(facts_clock(facts->since_usec, now_usec, buffer), file);
        else if (strncmp(field, "limit", length) == 0)
                fputs(facts_clock(facts->until_usec, now_usec, buffer), file);
        else if (strncmp(field, "until", length) == 0)
                fputs(facts_until(facts->next_start_usec, now_usec, buffer), file);
        else if (strncmp(field, "log", length) == 0)
                fputs(facts->log_problem ? facts->log_problem : "", file);
        else if (strncmp(field, "lock", length) == 0)
                fputs(facts->lock_problem ? facts->lock_problem : "", file);
        else if (strncmp(field, "directory", length) == 0)
                fputs(facts->log_directory ? facts->log_directory : "its log directory", file);
        else if (strncmp(field, "pid", length) == 0)
                fprintf(file, "%" PRId64, facts->pid);
        else
                fputs(facts->reason ? facts->reason : "no reason was given", file);
}

/* Writes " It was restarted 4 times; its last run ended with exit 1, 12s ago." */
static void write_past(FILE *file, const struct facts *facts, int64_t now_usec)
{
        char buffer[FACTS_TEXT_BYTES];
        bool restarted = facts->restarts > 0;
        bool ended = *facts_exit_words(facts, buffer) != '\0';

        if (restarted && facts->restarts == 1)
                fputs(" It was restarted once", file);
        else if (restarted)
                fprintf(file, " It was restarted %" PRId64 " times", facts->restarts);
        if (ended && facts->exit_signal)
                fprintf(file, "%s last run was %s", restarted ? "; its" : " Its", buffer);
        else if (ended)
                fprintf(file, "%s last run ended with %s", restarted ? "; its" : " Its", buffer);
        if (ended && *facts_age(facts->exit_at_usec, now_usec, buffer))
                fprintf(file, ", %s ago", buffer);
        if (restarted || ended)
                putc('.', file);
        if (ended)
                facts_write_memory(facts, file);
}

static const char *advice_of(const struct row *row, const struct facts *facts, bool logger)
{
        if (facts->oom_kills > 0 && (facts->state->kind == STATE_BACKOFF || facts->state->kind == STATE_UP))
                return MEMORY_ADVICE;
        if (!facts->state->wrong && !logger && facts->log_problem)
                return LOG_ADVICE;
        if (!facts->state->wrong && !logger && facts->lock_problem)
                return LOCK_ADVICE;
        if (logger)
                return LOGGER_ADVICE;
        /* The advice to ask the doctor stays, since the doctor looks at everything. */
        if (!facts->gateway && *row->advice && facts->state->kind != STATE_UNSUPERVISED &&
            facts->state->kind != STATE_UNKNOWN)
                return STATIC_ADVICE;
        return row->advice;
}

/* Texts that are added to those of the row. */
struct more {
        const char *happened, *next;
};

static struct more more_of(const struct facts *facts, bool logger)
{
        if (logger)
                return (struct more){LOGGER_HAPPENED, LOGGER_NEXT};
        if (facts->log_problem && facts->lock_problem)
                return (struct more){LOG_HAPPENED " And {lock}.", LOG_NEXT};
        if (facts->log_problem)
                return (struct more){LOG_HAPPENED, LOG_NEXT};
        if (facts->lock_problem)
                return (struct more){LOCK_HAPPENED, ""};
        return (struct more){"", ""};
}

/* Returns a text of a row with its fields filled in, printable: free() it. NULL when out of memory. */
static char *sentence(const char *text, const char *more, bool past, const struct facts *facts,
                      int64_t now_usec, enum printable printable)
{
        const struct source source = {facts, now_usec};
        char *made = NULL, *shown;
        size_t size;
        FILE *file = open_memstream(&made, &size);

        if (file) {
                template_write(file, text, write_field, &source);
                if (past)
                        write_past(file, facts, now_usec);
                template_write(file, more, write_field, &source);
                if (past && facts->note)
                        fprintf(file, " Note that %s.", facts->note);
        }
        made = stream_text(file, &made);
        shown = made ? printable_text(made, printable) : NULL;
        free(made);
        return shown;
}

/* Returns the sentence that says until when a change may take. */
static const char *limit_of(const struct facts *facts)
{
        if (facts->problem || facts->until_usec < 0)
                return "";
        return facts->state->kind == STATE_STOPPING ? " It may drain until {limit}."
                                                    : " That may take until {limit}.";
}

/* Whether the logger is the problem. An older broker tells no problem, but a reason where none is needed. */
static bool is_loggers(const struct facts *facts)
{
        if (facts->problem)
                return strcmp(facts->problem, "logger") == 0;
        return facts->reason && !facts->state->wrong && facts->state->kind != STATE_SERVED &&
               !facts->log_problem && !facts->lock_problem;
}

bool why_init(struct why *why, const struct facts *facts, int64_t now_usec, enum printable printable)
{
        const struct row *row = find_row(facts);
        bool logger = is_loggers(facts);
        const struct more more = more_of(facts, logger);
        struct why made = {
                .happened = sentence(row->happened, more.happened, true, facts, now_usec, printable),
                .next = sentence(row->next, *more.next ? more.next : limit_of(facts), false, facts, now_usec,
                                 printable),
                .advice = sentence(advice_of(row, facts, logger), "", false, facts, now_usec, printable),
        };

        if (!made.happened || !made.next || !made.advice) {
                why_deinit(&made);
                return false;
        }
        *why = made;
        return true;
}

void why_deinit(struct why *why)
{
        free(why->happened);
        free(why->next);
        free(why->advice);
        *why = (struct why){0};
}
