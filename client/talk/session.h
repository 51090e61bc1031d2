/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_SESSION_H
#define CLIENT_TALK_SESSION_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct json_object;
struct options;
struct svcbroker;

/* One connection to the broker. What goes wrong with it is reported here, so that callers only pass the
 * outcome on. */
struct session {
        const struct options *options;
        struct svcbroker *connection;
};

/* A reply. error is valid until the next reply is received. */
struct answer {
        const char *error;
        struct json_object *parameters;
        bool continues;
};

/* Connects to the broker that the options name, which stay the caller's; a failure is told. */
enum outcome session_open(struct session *session, const struct options *options);
void session_close(struct session *session);

/* Queues a call. method: a name without a dot is one of io.svcbroker's. parameters: taken over, may be NULL.
 * flags: those of svcbroker_queue(). */
enum outcome session_queue(struct session *session, const char *method, struct json_object *parameters,
                           unsigned flags);

/* Queues a call whose parameters are text that somebody wrote, and may be no JSON. Returns 0 or negative
 * errno; nothing is told. */
int session_queue_text(struct session *session, const char *method, const char *parameters, unsigned flags);

/* Returns how many msec to wait for an answer: --timeout, or else a bound that no healthy broker comes
 * near. */
int session_patience(const struct session *session);

/* Takes the next reply, which may be an error. answer_deinit() is due only after OUTCOME_DONE. */
enum outcome session_receive(struct session *session, int timeout_msec, struct answer *answer);
void answer_deinit(struct answer *answer);

/* Makes one call and takes its reply, within session_patience(). An error is told as session_refused()
 * does, with that subject; answer_deinit() is due only after OUTCOME_DONE. */
enum outcome session_ask(struct session *session, const char *method, struct json_object *parameters,
                         const char *subject, struct answer *answer);

/* Does the same where the reply may come in pieces: *answer has all of them, their arrays of that name
 * joined. */
enum outcome session_gather(struct session *session, const char *method, struct json_object *parameters,
                            const char *array, const char *subject, struct answer *answer);

/* Does the same in silence. Returns false if there was no whole reply, or if it was an error; answer_deinit()
 * is due only after true. */
bool session_try(struct session *session, const char *method, struct json_object *parameters,
                 const char *array, int timeout_msec, struct answer *answer);

/* Takes the next reply, silently. Returns 0, or a failure as svcbroker_receive() does; answer_deinit() is due
 * only after 0. */
int session_take(struct session *session, int timeout_msec, struct answer *answer);

/* Waits until the connection has something to read. Returns 0, also when a signal came; -ETIMEDOUT; or -EPIPE
 * when stdout no longer has a reader. */
int session_pause(const struct session *session, int timeout_msec);

/* Whether the pids that the broker tells are those of our own /proc, which is so if we can see its
 * process. */
bool session_sees_processes(const struct session *session);

/* Makes another connection in place of the present one, silently. Returns 0, or negative errno, and then
 * there is no connection. */
int session_reconnect(struct session *session, int timeout_msec);

/* Tells of an error reply: a line on stderr, with --json also the document on stdout. */
enum outcome session_refused(const struct session *session, const struct answer *answer, const char *subject);

/* Tells of a failure of the connection itself in the same two ways. */
enum outcome session_broken(const struct session *session, int result);

/* Returns the words for such a failure, for callers that show them elsewhere: free() them. NULL when out of
 * memory. */
char *session_broken_words(const struct session *session, int result, enum printable printable);

#endif
