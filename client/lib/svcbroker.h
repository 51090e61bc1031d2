/* SPDX-License-Identifier: ISC */
#ifndef SVCBROKER_H
#define SVCBROKER_H

/*
 * libsvcbroker: blocking calls to svcbrokerd(8), or to any other Varlink service on an AF_UNIX socket.
 * svcbroker(3) is its manual.
 *
 * Every function that can fail returns 0 or a negative errno value:
 *
 * -EINVAL: an argument is wrong (the path is empty; the method is empty or has characters other than letters,
 * digits, '.', '-' and '_'; the parameters are no JSON object; a flag is unknown).
 *
 * -ENAMETOOLONG: the path does not fit into a socket address.
 *
 * -ENOENT, -ECONNREFUSED, -EACCES, ...: what connect(2) said.
 *
 * -ETIMEDOUT: timeout_msec passed. The connection is as it was, and the same function may be called again.
 *
 * -ECONNRESET: the server closed the connection, and there is no further reply.
 *
 * -EPROTO: the server sent something that is no Varlink reply. Close the connection.
 *
 * -EMSGSIZE: a reply is larger than 4 MiB. Close the connection.
 *
 * -ENODATA: a reply was asked for while none is due.
 *
 * -ENOMEM: out of memory. The connection is as it was, and the same function may be called again: no reply is
 * lost.
 *
 * An error that the server answers with is no failure of the function: the reply holds it.
 *
 * timeout_msec: negative waits for ever, 0 not at all. A connection serves one thread at a time; different
 * connections have nothing in common. No function raises SIGPIPE.
 */

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct svcbroker;

/* Flags of a call. */
#define SVCBROKER_MORE 1u   /* replies may follow each other; the last has continues false */
#define SVCBROKER_ONEWAY 2u /* there will be no reply */

/* A reply, valid until the next svcbroker_receive(), svcbroker_call() or svcbroker_close() on the same
 * connection. */
struct svcbroker_reply {
        const char *error;      /* fully qualified name, like io.svcbroker.NotRegistered; NULL for success */
        const char *parameters; /* JSON text of an object, "{}" if there were none; never NULL */
        bool continues;         /* more replies to the same call follow */
};

/*
 * Connects; the caller closes *connection. path: NULL stands for $SVCBROKER_SOCKET (not in a program with
 * more rights than its caller), and if that is unset or empty for the socket that svcbrokerd was built with.
 */
int svcbroker_connect(const char *path, int timeout_msec, struct svcbroker **connection);

/* Closes and frees a connection; NULL is fine. Calls that were queued and not sent are lost. An order whose
 * reply was waited for is carried out all the same. */
void svcbroker_close(struct svcbroker *connection);

/*
 * Puts a call behind those already queued; nothing is sent yet. Several calls can go out together, and their
 * replies are received in the same order. method: fully qualified. parameters: JSON text of an object, or
 * NULL.
 */
int svcbroker_queue(struct svcbroker *connection, const char *method, const char *parameters, unsigned flags);

/*
 * Sends the queued calls. It is no error here if the server closed before it read everything: its last
 * replies can still be received, and -ECONNRESET comes behind them. A flush is only needed after
 * oneway calls: svcbroker_receive() flushes as well.
 */
int svcbroker_flush(struct svcbroker *connection, int timeout_msec);

/* Sends the queued calls, and waits for the next reply, in the order of the calls. */
int svcbroker_receive(struct svcbroker *connection, int timeout_msec, struct svcbroker_reply *reply);

/*
 * Makes one call, and waits for its reply. -EINVAL while replies to earlier calls are still due. After
 * -ETIMEDOUT or -ENOMEM go on with svcbroker_receive(), so that the call is not sent twice; -ENODATA from it
 * says that memory was too short even to queue the call.
 */
int svcbroker_call(struct svcbroker *connection, const char *method, const char *parameters, int timeout_msec,
                   struct svcbroker_reply *reply);

/*
 * The descriptor and the events to wait for with poll(2), beside other descriptors. Call svcbroker_receive()
 * with timeout 0 until it returns -ETIMEDOUT before polling. No events: no reply is due, and nothing is to be
 * sent.
 */
int svcbroker_fd(const struct svcbroker *connection);
short svcbroker_events(const struct svcbroker *connection);

/* What a result means, for people, in English. result: what a function returned. Valid until the next call in
 * the same thread. */
const char *svcbroker_strerror(int result);

/* The version of the library that runs, like "0.1.0". */
const char *svcbroker_version(void);

#ifdef __cplusplus
}
#endif

#endif
