/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_HELP_H
#define CLIENT_HELP_H

/* Prints what svcctl --help says: the rows of all verbs and options, and what is common to them. */
void help_print(void);

#endif
