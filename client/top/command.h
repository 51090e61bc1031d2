/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_COMMAND_H
#define CLIENT_TOP_COMMAND_H

#include <stdbool.h>

#include "client/terminal/keys.h"

struct top;

/* Does what a key of `top` says. pasted: the key seems to be part of a text that was pasted, and gives no
 * order. */
void command_take(struct top *top, enum key key, bool pasted);

/* Whether a letter moves, and does nothing else. */
bool command_is_move(char letter);

/* Makes the log below the list that of the service that is chosen now. */
void command_follow_choice(struct top *top);

#endif
