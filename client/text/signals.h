/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_SIGNALS_H
#define CLIENT_TEXT_SIGNALS_H

/* Signals as people write them: KILL, SIGKILL, kill, 9. */

#define SIGNALS_KNOWN "HUP, INT, QUIT, KILL, TERM, USR1, USR2, CONT, STOP, WINCH"

/* Returns the signal's name in the interface. NULL: it is not a signal that can be ordered. */
const char *signals_find(const char *text);

#endif
