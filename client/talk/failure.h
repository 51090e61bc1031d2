/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_FAILURE_H
#define CLIENT_TALK_FAILURE_H

#include <stdbool.h>

#include "client/text/printable.h"

struct json_object;

/* svcctl's exit codes, as svcctl(1) documents them. */
enum outcome {
        OUTCOME_DONE = 0,
        OUTCOME_FAILED = 1,
        OUTCOME_USAGE = 2,
        OUTCOME_NOT_RUNNING = 3, /* of status NAME and kill only */
        OUTCOME_NOT_REGISTERED = 4,
        OUTCOME_DENIED = 5,
        OUTCOME_DEADLINE = 6, /* the order stands, only the waiting ended */
        OUTCOME_HELD = 7,     /* the service is held, or failed */
        OUTCOME_UNREACHABLE = 69,
        OUTCOME_INTERRUPTED = 130, /* a shell's code for SIGINT; the order stands */
};

/* Returns the outcome that decides the exit code of several. */
enum outcome failure_worse(enum outcome one, enum outcome other);

/* Prints one line on stderr: "svcctl: subject: what: what to do next", made printable. On a terminal the line
 * is broken between words. */
void failure_print(const char *subject, const char *what, const char *next);

/* Prints such a line that says that memory is short. */
void failure_memory(void);

/* Prints what an error reply means as such a line, and returns its exit code. subject: used where the error
 * itself names none. parameters may be NULL. */
enum outcome failure_report(const char *error, struct json_object *parameters, const char *subject);

/* Return the same as text, "subject: what: what to do next", for callers that show it elsewhere: free() it.
 * NULL when out of memory. *outcome: the error's exit code. */
char *failure_text(const char *subject, const char *what, const char *next, enum printable printable);
char *failure_words(const char *error, struct json_object *parameters, const char *subject,
                    enum printable printable, enum outcome *outcome);

#define ERROR_NO_SUCH_SERVICE "io.svcbroker.NoSuchService"
#define ERROR_NOT_REGISTERED "io.svcbroker.NotRegistered"
#define ERROR_INVALID_NAME "io.svcbroker.InvalidName"
#define ERROR_PROTECTED "io.svcbroker.Protected"

#endif
