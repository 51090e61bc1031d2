/* SPDX-License-Identifier: ISC */
#ifndef PROTO_NAME_H
#define PROTO_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATEWAY_PREFIX "gateway-"

/* Why a name was refused. Positive: the caller's fault. */
enum name_result {
        NAME_OK = 0,
        NAME_EMPTY,
        NAME_TOO_LONG,
        NAME_BAD_START,     /* first byte */
        NAME_BAD_CHARACTER, /* any other byte, a newline at the end included */
};

/*
 * [a-z0-9][a-z0-9_-]*, at most LIMIT_PROFILE_NAME_BYTES (the Hermes application's rule). The same is checked in
 * client/completion/svcctl.bash and client/python/svcbroker/hermes.py, and said in man/io.svcbroker.7, docs/clients.md and
 * docs/contract.md; tests/integration/test_names.py holds all of them together.
 */
enum name_result name_check_profile(const char *name);

/* [A-Za-z0-9][A-Za-z0-9_.-]*, at most LIMIT_SERVICE_NAME_BYTES: what a service may be called in a call or a
 * log line. */
enum name_result name_check_service(const char *name);

/* The profile in a service name like gateway-coder (points into `service`). NULL if there is none: in
 * gateway-X, say. */
const char *name_profile_of(const char *service);

/* "gateway-" and the profile; size: of buffer, at least LIMIT_SERVICE_NAME_BYTES + 1. profile must have been
 * checked. */
void name_service_of(const char *profile, char *buffer, size_t size);

/* A number that stands for a name, and for what it is a name of (0: just the name): the same today and after any restart,
 * and another for another name, but for a chance of one in 2^64. */
uint64_t name_hash(const char *name, uint64_t of);

/* For people, to put behind the name: "is empty", ... */
const char *name_result_text(enum name_result result);

/* [A-Za-z_][A-Za-z0-9_]*, at most LIMIT_ENVIRONMENT_NAME_BYTES: what a variable may be called. */
bool environment_is_name(const char *name);

/* A variable of a profile's environment. */
enum environment_result {
        ENVIRONMENT_OK = 0,
        ENVIRONMENT_BAD_NAME,  /* environment_is_name() */
        ENVIRONMENT_RESERVED,  /* HOME, HERMES_HOME, HERMES_S6_*: the template's own */
        ENVIRONMENT_BAD_VALUE, /* longer than LIMIT_STRING_BYTES */
};

enum environment_result environment_check(const char *name, const char *value);
const char *environment_result_text(enum environment_result result);

#endif
