/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_KEYS_H
#define CLIENT_TERMINAL_KEYS_H

#include <stdbool.h>

/* What a person types at a view, as terminals send it. Pure. */

enum key {
        KEY_NONE = 0, /* nothing yet, or nothing known */
        KEY_TEXT,     /* a byte of text, in keys->byte */
        KEY_PASTED,   /* one that was pasted, where the terminal says so */
        KEY_ENTER,
        KEY_ESCAPE,
        KEY_BACKSPACE,
        KEY_ERASE, /* the whole line */
        KEY_UP,
        KEY_DOWN,
        KEY_PAGE_UP,
        KEY_PAGE_DOWN,
        KEY_HOME,
        KEY_END,
        KEY_REDRAW,
};

/* A sequence may come in several pieces; but the Escape key alone sends what each of them begins with. */
#define KEYS_ESCAPE_MSEC 100    /* what has not gone on by then was that key */
#define KEYS_SEQUENCE_MSEC 1000 /* and what was not ended by then never will be */

/* Zeroed at first. */
struct keys {
        enum { KEYS_PLAIN = 0, KEYS_ESCAPE, KEYS_SEQUENCE, KEYS_SS3 } state;
        int number;   /* of a sequence like ESC [ 5 ~ */
        bool pasting; /* what comes is no key */
        bool escaped; /* there was the Escape key right before this one, or Alt was held */
        unsigned char byte;
};

/* The key that ends with this byte. */
enum key keys_take(struct keys *keys, unsigned char byte);

/* How long to wait for the rest of what has begun; -1: nothing has. */
int keys_patience(const struct keys *keys);

/* The key that it was, when nothing more came for so long. */
enum key keys_give_up(struct keys *keys);

#endif
