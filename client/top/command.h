/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_COMMAND_H
#define CLIENT_TOP_COMMAND_H

#include <stdbool.h>

#include "client/terminal/keys.h"

struct top;

/* Does what a key of `top` says. pasted: it seems to be part of a text that was pasted, and is no order. */
void command_take(struct top *top, enum key key, bool pasted);

/* Does the letter move, and nothing else? */
bool command_is_move(char letter);

/* What is shown of the chosen service is to be that of the one that is chosen now. */
void command_follow_choice(struct top *top);

#endif
