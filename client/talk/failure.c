/* SPDX-License-Identifier: ISC */
#include "client/talk/failure.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/duration.h"
#include "client/text/printable.h"
#include "client/text/stream.h"
#include "client/text/template.h"
#include "client/text/wrap.h"

#define INDENT 8 /* that of "svcctl: " */

/*
 * What each error of the interface means to a person. In the texts, {field} stands for that field of the
 * error's parameters, {service.field} for a field of the service in them; a length of time is written as
 * people do.
 */
struct failure_row {
        const char *error;
        enum outcome outcome;
        const char *subject; /* NULL: the caller's */
        const char *what;
        const char *next;
        const char *cause; /* the row is only for errors with that cause; NULL: for all */
};

static const struct failure_row failure_rows[] = {
        {ERROR_NO_SUCH_SERVICE, OUTCOME_NOT_REGISTERED, "{name}", "no such service",
         "'svcctl list' shows what there is"},
        {ERROR_NOT_REGISTERED, OUTCOME_NOT_REGISTERED, "{profile}", "not registered",
         "make its gateway with 'svcctl register {profile}'"},
        {ERROR_INVALID_NAME, OUTCOME_FAILED, "{name}", "{reason}",
         "give a profile like coder, or a service like gateway-coder"},
        {"io.svcbroker.InvalidEnvironment", OUTCOME_FAILED, "{variable}", "{reason}",
         "change or leave out that variable"},
        {"io.svcbroker.InvalidMessage", OUTCOME_FAILED, NULL, "refused at byte {offset}: {reason}",
         "see io.svcbroker(7) for what a request looks like"},
        {ERROR_PROTECTED, OUTCOME_DENIED, "{name}", "{reason}",
         "put a directory in its place, or a link to one on the volume", "link"},
        {ERROR_PROTECTED, OUTCOME_DENIED, "{name}", "{reason}", "make the profile anew with the application",
         "deleted"},
        {ERROR_PROTECTED, OUTCOME_DENIED, "{name}", "{reason}",
         "svcbrokerd(8) says what an operator can allow (--allow-static)"},
        {"io.svcbroker.TooManyServices", OUTCOME_FAILED, NULL,
         "s6-svscan may have no more open files, of which it needs two a logger: it takes {limit} "
         "supervisors",
         "unregister gateways, or give the container a higher limit of open files (nofile)", "descriptors"},
        {"io.svcbroker.TooManyServices", OUTCOME_FAILED, NULL,
         "s6-svscan takes {limit} supervisors, loggers included",
         "unregister gateways, or raise the limit that s6-svscan is started with"},
        {"io.svcbroker.WaitTimeout", OUTCOME_DEADLINE, "{service.name}",
         "still {service.state} after {waited_msec}",
         "the order stands: 'svcctl status {service.name}' shows how it goes, --timeout waits longer"},
        {"io.svcbroker.Failed", OUTCOME_HELD, "{service.name}", "{service.state}: {service.reason}",
         "'svcctl logs {service.name}' shows what it printed"},
        {"io.svcbroker.Superseded", OUTCOME_FAILED, "{service.name}",
         "a later order took the place of this one",
         "'svcctl status {service.name}' shows what became of it"},
        {"io.svcbroker.Unsupervised", OUTCOME_FAILED, "{name}", "no supervisor takes orders for it: {reason}",
         "'svcctl doctor' looks for the cause"},
        {"io.svcbroker.Held", OUTCOME_HELD, "{name}", "gateway-default serves its profile: {reason}",
         "nothing need be done; 'svcctl restart default' restarts what serves it, and every other profile",
         "served"},
        {"io.svcbroker.Held", OUTCOME_HELD, "{name}", "held: {reason}", "'svcctl why {name}' tells more"},
        {"io.svcbroker.Busy", OUTCOME_FAILED, "{name}", "busy: {operation}", "try again when that is done"},
        {"io.svcbroker.NotRunning", OUTCOME_NOT_RUNNING, "{name}",
         "nothing is there to be sent a signal: {reason}", "'svcctl status {name}' shows how it is"},
        {"io.svcbroker.LimitExceeded", OUTCOME_FAILED, NULL, "the limit {limit} of {value} is exceeded",
         "ask for less at once"},
        {"io.svcbroker.SystemError", OUTCOME_FAILED, NULL, "{operation}: {message} ({errno_name})",
         "'svcctl doctor' looks for the cause"},
        {"org.varlink.service.PermissionDenied", OUTCOME_DENIED, NULL, "permission denied",
         "run it as root or as the user that svcbrokerd serves"},
        {"org.varlink.service.InterfaceNotFound", OUTCOME_FAILED, "{interface}", "no such interface",
         "'svcctl call org.varlink.service.GetInfo' lists them"},
        {"org.varlink.service.MethodNotFound", OUTCOME_FAILED, "{method}", "no such method",
         "see io.svcbroker(7), and that svcctl and svcbrokerd are of one version"},
        {"org.varlink.service.MethodNotImplemented", OUTCOME_FAILED, "{method}", "not implemented",
         "see that svcctl and svcbrokerd are of one version"},
        {"org.varlink.service.InvalidParameter", OUTCOME_FAILED, "{parameter}",
         "wrong, unknown or missing parameter", "see io.svcbroker(7) for what the method takes"},
        {"org.varlink.service.ExpectedMore", OUTCOME_FAILED, NULL, "its replies are a stream", "add --more"},
};

#define FAILURE_ROWS (sizeof(failure_rows) / sizeof(failure_rows[0]))

/* Outcomes from the best to the worst. A deadline that passed is mild: the order stands. */
static const enum outcome severity[] = {
        OUTCOME_DONE,   OUTCOME_NOT_RUNNING, OUTCOME_DEADLINE, OUTCOME_HELD,        OUTCOME_NOT_REGISTERED,
        OUTCOME_FAILED, OUTCOME_DENIED,      OUTCOME_USAGE,    OUTCOME_UNREACHABLE, OUTCOME_INTERRUPTED,
};

static size_t severity_of(enum outcome outcome)
{
        size_t i = 0;

        while (i < sizeof(severity) / sizeof(severity[0]) && severity[i] != outcome)
                i++;
        return i;
}

enum outcome failure_worse(enum outcome one, enum outcome other)
{
        return severity_of(one) > severity_of(other) ? one : other;
}

/* Returns svcctl's line with these words, broken between words where it is wider than `columns`: free() it.
 * NULL when out of memory. */
static char *wrap_text(const char *words, size_t columns)
{
        char *line = NULL, *text = NULL;
        size_t size;
        FILE *file;

        if (asprintf(&line, "svcctl: %s", words) < 0)
                return NULL;
        file = open_memstream(&text, &size);
        if (file)
                wrap_line(file, line, 0, wrap_longest(line) + INDENT > columns ? 0 : INDENT, columns);
        free(line);
        return stream_text(file, &text);
}

char *failure_text(const char *subject, const char *what, const char *next, enum printable printable)
{
        char *parts[] = {printable_text(subject, printable), printable_text(what, printable),
                         printable_text(next, printable)};
        char *words = NULL;

        if (parts[0] && parts[1] && parts[2] &&
            asprintf(&words, "%s: %s: %s", parts[0], parts[1], parts[2]) < 0)
                words = NULL;
        for (size_t i = 0; i < 3; i++)
                free(parts[i]);
        return words;
}

/* Prints svcctl's line with these words on stderr. words: freed; NULL: memory is short. */
static void print_words(char *words)
{
        char *text = words ? wrap_text(words, look_columns(STDERR_FILENO)) : NULL;

        /* stderr is not buffered: one call is one write, so lines of several programs do not mix. */
        fputs(text ? text : "svcctl: memory: none left: free some\n", stderr);
        free(text);
        free(words);
}

void failure_print(const char *subject, const char *what, const char *next)
{
        print_words(failure_text(subject, what, next, look_printable_of(STDERR_FILENO)));
}

static void write_field(FILE *file, const char *name, size_t length, const void *parameters)
{
        static const char inner[] = "service.";
        struct json_object *object = (struct json_object *)parameters;
        char key[64];
        const char *string;
        int64_t number;

        if (length > sizeof(inner) - 1 && strncmp(name, inner, sizeof(inner) - 1) == 0) {
                object = member_object(object, "service");
                name += sizeof(inner) - 1;
                length -= sizeof(inner) - 1;
        }
        snprintf(key, sizeof(key), "%.*s", (int)length, name);
        string = member_string(object, key);
        number = member_int(object, key, -1);
        if (string) {
                fputs(string, file);
        } else if (number >= 0 && length > 5 && strncmp(name + length - 5, "_msec", 5) == 0) {
                char duration[DURATION_TEXT_BYTES];

                fputs(duration_format(number, duration), file);
        } else if (number >= 0) {
                fprintf(file, "%" PRId64, number);
        } else {
                fputs("no reason given", file);
        }
}

/* Fills in a text of the table: free() it. NULL when out of memory. */
static char *expand(const char *text, struct json_object *parameters)
{
        char *expanded = NULL;
        size_t size;
        FILE *file = open_memstream(&expanded, &size);

        if (file)
                template_write(file, text, write_field, parameters);
        return stream_text(file, &expanded);
}

static char *row_words(const struct failure_row *row, struct json_object *parameters, const char *subject,
                       enum printable printable)
{
        char *parts[] = {
                expand(row->subject ? row->subject : "", parameters),
                expand(row->what, parameters),
                expand(row->next, parameters),
        };
        char *words = NULL;

        if (parts[0] && parts[1] && parts[2])
                words = failure_text(row->subject ? parts[0] : subject, parts[1], parts[2], printable);
        for (size_t i = 0; i < 3; i++)
                free(parts[i]);
        return words ? words : failure_text(subject, row->error, "free some memory", printable);
}

static bool fits(const struct failure_row *row, const char *error, struct json_object *parameters)
{
        return strcmp(row->error, error) == 0 && (!row->cause || member_is(parameters, "cause", row->cause));
}

void failure_memory(void)
{
        failure_print("memory", "none left", "free some");
}

char *failure_words(const char *error, struct json_object *parameters, const char *subject,
                    enum printable printable, enum outcome *outcome)
{
        for (size_t i = 0; i < FAILURE_ROWS; i++) {
                if (fits(&failure_rows[i], error, parameters)) {
                        *outcome = failure_rows[i].outcome;
                        return row_words(&failure_rows[i], parameters, subject, printable);
                }
        }
        *outcome = OUTCOME_FAILED;
        return failure_text(subject, error, "see that svcctl and svcbrokerd are of one version", printable);
}

enum outcome failure_report(const char *error, struct json_object *parameters, const char *subject)
{
        enum outcome outcome;

        print_words(failure_words(error, parameters, subject, look_printable_of(STDERR_FILENO), &outcome));
        return outcome;
}
