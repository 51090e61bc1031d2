/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_ARGUMENTS_H
#define CLIENT_ARGUMENTS_H

#include "client/grammar.h"
#include "client/talk/options.h"

/* Reads svcctl's command line. */

enum arguments_result {
        ARGUMENTS_OK = 0,
        ARGUMENTS_HELP,
        ARGUMENTS_VERSION,
        ARGUMENTS_WRONG, /* problem says what, and what to do */
        ARGUMENTS_MEMORY,
};

/*
 * Options may stand anywhere; "--" ends them. The strings stay argv's; arguments_deinit() is due only
 * after ARGUMENTS_OK. environment_socket: of SVCBROKER_SOCKET, or NULL; --socket beats it, and it beats
 * the built-in one.
 */
enum arguments_result arguments_parse(int argc, char *const *argv, const char *environment_socket,
                                      struct options *options, struct problem *problem);
void arguments_deinit(struct options *options);

#endif
