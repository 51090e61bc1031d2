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
        ARGUMENTS_WRONG, /* *problem says what is wrong, and what to do */
        ARGUMENTS_MEMORY,
};

/*
 * Reads the command line. Options may stand anywhere; "--" ends them. The strings stay argv's;
 * arguments_deinit() is due only after ARGUMENTS_OK. environment_socket: the value of SVCBROKER_SOCKET, or
 * NULL; --socket wins over it, and it wins over the built-in path.
 */
enum arguments_result arguments_parse(int argc, char *const *argv, const char *environment_socket,
                                      struct options *options, struct problem *problem);
void arguments_deinit(struct options *options);

#endif
