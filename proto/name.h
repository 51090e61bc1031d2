/* SPDX-License-Identifier: ISC */
#ifndef PROTO_NAME_H
#define PROTO_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATEWAY_PREFIX "gateway-"

/* Whether a name is accepted, or why not. Positive: the caller's fault. */
enum name_result {
        NAME_OK = 0,
        NAME_EMPTY,
        NAME_TOO_LONG,
        NAME_BAD_START,     /* first byte */
        NAME_BAD_CHARACTER, /* any other byte, a newline at the end included */
};

/*
 * What a profile may be called: [a-z0-9][a-z0-9_-]*, at most LIMIT_PROFILE_NAME_BYTES (the Hermes
 * application's rule). The same is checked in client/completion/svcctl.bash and
 * client/python/svcbroker/hermes.py, and said in man/io.svcbroker.7, docs/clients.md and docs/contract.md;
 * tests/integration/test_names.py holds all of them together.
 */
enum name_result name_check_profile(const char *name);

/* What a service may be called in a call or a log line: [A-Za-z0-9][A-Za-z0-9_.-]*, at most
 * LIMIT_SERVICE_NAME_BYTES. */
enum name_result name_check_service(const char *name);

/* The profile in a gateway's name, like "coder" in gateway-coder; points into `service`. NULL: there is none,
 * as in gateway-X. */
const char *name_profile_of(const char *service);

/* Writes the name of the profile's gateway, "gateway-" and the profile, into a buffer of `size` bytes, at
 * least LIMIT_SERVICE_NAME_BYTES + 1. profile must have been checked. */
void name_service_of(const char *profile, char *buffer, size_t size);

/* A number that stands for a name. `of` tells apart what names are names of; 0: nothing. The number is the
 * same after any restart, and another for another name, but for a chance of one in 2^64. */
uint64_t name_hash(const char *name, uint64_t of);

/* A text for people, to be put behind the name: "is empty", ... */
const char *name_result_text(enum name_result result);

/* What a variable may be called: [A-Za-z_][A-Za-z0-9_]*, at most LIMIT_ENVIRONMENT_NAME_BYTES. */
bool environment_is_name(const char *name);

/* Whether a variable of a profile's environment is accepted, or why not. */
enum environment_result {
        ENVIRONMENT_OK = 0,
        ENVIRONMENT_BAD_NAME,  /* environment_is_name() is false */
        ENVIRONMENT_RESERVED,  /* HOME, HERMES_HOME, HERMES_S6_*: the template's own */
        ENVIRONMENT_BAD_VALUE, /* longer than LIMIT_STRING_BYTES */
};

enum environment_result environment_check(const char *name, const char *value);
/* A text for people, to be put behind the variable's name. */
const char *environment_result_text(enum environment_result result);

#endif
